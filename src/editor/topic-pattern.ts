/**
 * Which topics the dialogs accept. The runtime judges again with `src/mqtt/topic.ts`; here it is only soon enough to help.
 */

// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
/** `+` is a whole level, `#` the whole last one (MQTT 3.1.1 §4.7.1). */
const FILTER = /^(#|(\+|[^+#/]*)(\/(\+|[^+#/]*))*(\/#)?)$/;
/** A shared subscription has a name without wildcards and a filter (MQTT 5 §4.8.2). */
const SHARED = /^\$share\/[^+#/]+\/(.+)$/;

/** True for a topic name that can be published to. */
export function isTopicName(text: string): boolean {
  return text !== '' && !/[+#]/.test(text) && !CONTROL.test(text);
}

/** True for a topic filter that can be subscribed to, shared subscriptions included. */
export function isTopicFilter(text: string): boolean {
  if (text === '' || CONTROL.test(text)) return false;
  if (!text.startsWith('$share/')) return FILTER.test(text);
  const filter = SHARED.exec(text)?.[1];
  return filter !== undefined && FILTER.test(filter);
}
