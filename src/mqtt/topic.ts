import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/** An MQTT string carries its length in two bytes (MQTT 3.1.1 §1.5.3). */
const LONGEST_TOPIC_BYTES = 65_535;

/** NUL is forbidden (MQTT-1.5.3-2); other control characters are refused by brokers at will, and by the core nodes. */
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/**
 * Signs that no text of MQTT should hold (MQTT 3.1.1 §1.5.3; NUL: must not). Programs on libmosquitto (2.0.11) end the
 * connection when they receive one, so one retained message would keep them out for good.
 */
const UNSOUND_SIGN = /[\p{Cc}\p{Noncharacter_Code_Point}]/u;

const SHARED_PREFIX = '$share/';

/** A topic filter taken apart. */
export interface TopicFilter {
  /** As written, what is sent to the broker. */
  text: string;
  /** Name of the share of a shared subscription (MQTT 5 §4.8.2), else undefined. */
  share?: string;
  /** The levels that topic names are compared with. */
  levels: string[];
}

/**
 * A topic name to publish to (MQTT 3.1.1 §4.7).
 *
 * @throws INPUT_TOPIC when it is no text, empty, too long or holds a wildcard or control character
 */
export function checkTopicName(topic: unknown): string {
  if (typeof topic !== 'string' || topic === '') {
    throw codedError(
      'INPUT_TOPIC',
      `the topic to publish to must be a text, got ${shownValue(topic)}`,
      { topic: shownValue(topic) },
      'Set the topic in the node or in msg.topic',
    );
  }
  checkText(topic);
  if (/[+#]/.test(topic)) {
    throw codedError(
      'INPUT_TOPIC',
      `the topic to publish to holds a wildcard: ${shownValue(topic)}`,
      { topic: shownValue(topic) },
      'The wildcards + and # are for subscribing; name one topic',
    );
  }
  return topic;
}

/**
 * A topic filter to subscribe to, shared ones included.
 *
 * @throws INPUT_TOPIC when it is no text, empty, too long, or a wildcard stands where none may stand
 */
export function parseTopicFilter(filter: unknown): TopicFilter {
  if (typeof filter !== 'string' || filter === '') {
    throw codedError(
      'INPUT_TOPIC',
      `the topic to subscribe to must be a text, got ${shownValue(filter)}`,
      { topic: shownValue(filter) },
      'Set the topic in the node, or in msg.topic of a message with msg.action "subscribe"',
    );
  }
  checkText(filter);
  const { share, rest } = splitShare(filter);
  const levels = rest.split('/');
  levels.forEach((level, index) => {
    const misplacedHash = level.includes('#') && (level !== '#' || index !== levels.length - 1);
    const misplacedPlus = level.includes('+') && level !== '+';
    if (misplacedHash || misplacedPlus) {
      throw codedError(
        'INPUT_TOPIC',
        `a wildcard stands at a wrong place in the topic ${shownValue(filter)}`,
        { topic: shownValue(filter), level: shownValue(level) },
        '+ stands for one whole level (a/+/b), # for all further levels and only at the end (a/#)',
      );
    }
  });
  return { text: filter, levels, ...(share === undefined ? {} : { share }) };
}

/** `$share/<name>/<filter>`; the name is not empty and holds no wildcard (MQTT-4.8.2-1, -2). */
function splitShare(filter: string): { share?: string; rest: string } {
  if (!filter.startsWith(SHARED_PREFIX)) return { rest: filter };
  const slash = filter.indexOf('/', SHARED_PREFIX.length);
  const share = filter.slice(SHARED_PREFIX.length, slash < 0 ? undefined : slash);
  const rest = slash < 0 ? '' : filter.slice(slash + 1);
  if (share === '' || rest === '' || /[+#]/.test(share)) {
    throw codedError(
      'INPUT_TOPIC',
      `a shared subscription needs a name and a topic, got ${shownValue(filter)}`,
      { topic: shownValue(filter) },
      'Write $share/<name>/<topic>, for example $share/workers/jobs/#',
    );
  }
  return { share, rest };
}

function checkText(topic: string): void {
  const bytes = Buffer.byteLength(topic);
  if (bytes > LONGEST_TOPIC_BYTES) {
    throw codedError(
      'INPUT_TOPIC',
      `the topic has ${bytes} bytes, at most ${LONGEST_TOPIC_BYTES} are possible`,
      { bytes, limit: LONGEST_TOPIC_BYTES },
      'Put long values into the payload, not into the topic',
    );
  }
  if (CONTROL_CHARACTER.test(topic)) {
    throw codedError(
      'INPUT_TOPIC',
      `the topic holds a control character: ${shownValue(topic)}`,
      { topic: shownValue(topic) },
      'Remove line ends, tabs and other control characters from the topic',
    );
  }
}

/** Whether a text of a peer may be handed on to others. */
export function isSoundText(text: string): boolean {
  return !UNSOUND_SIGN.test(text);
}

/** The same for a topic name, which holds no wildcards (MQTT 3.1.1 §4.7.1). */
export function isSoundTopicName(topic: string): boolean {
  return topic !== '' && !/[+#]/.test(topic) && isSoundText(topic);
}

/** Does a topic name match the levels of a filter? `+` and `#` at the beginning never match `$…` (MQTT-4.7.2-1). */
export function levelsMatch(filter: readonly string[], name: readonly string[]): boolean {
  if (name[0]?.startsWith('$') === true && (filter[0] === '+' || filter[0] === '#')) return false;
  for (let index = 0; index < filter.length; index += 1) {
    if (filter[index] === '#') return true;
    if (index >= name.length) return false;
    if (filter[index] !== '+' && filter[index] !== name[index]) return false;
  }
  return filter.length === name.length;
}
