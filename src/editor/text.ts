/** Where the texts stand that several dialogs share: the catalogue of tls-ca. */
const SHARED = '@flowcerts/node-red-secure-mqtt/tls-ca:';

/** A text that several dialogs share, in the language of the editor. */
export function sharedText(key: string, values?: Record<string, unknown>): string {
  return RED._(`${SHARED}secure-mqtt.editor.${key}`, values);
}

/** The words for an error code; undefined for a code that the catalogue does not know. */
export function errorText(code: string): string | undefined {
  const key = `${SHARED}secure-mqtt.errors.${code}`;
  const text = RED._(key);
  return text === key || key.endsWith(text) ? undefined : text;
}

/** The name of a field in a validator's message. */
export function labelText(type: string, field: string): string {
  return RED._(`@flowcerts/node-red-secure-mqtt/${type}:${type}.label.${field}`);
}
