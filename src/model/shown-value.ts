/** Longest text of a foreign value that an error repeats. */
const LONGEST = 120;
/** The digits of a larger one are not even counted: that alone takes seconds for a million of them. */
const LARGEST = 10n ** 100n;
/** Longest message of an error: logs and statuses must not grow with what somebody sends. */
const LONGEST_LINE = 1000;
// eslint-disable-next-line no-control-regex -- control characters are exactly what must not pass
const LINE_BREAKING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A short text of any value for an error message or its facts. Never fails, never deep, never long:
 * a message payload may be a huge, cyclic or hostile object.
 */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (typeof value === 'string') return cut(JSON.stringify(withoutKeys(value.slice(0, LONGEST + 1))));
  if (typeof value === 'bigint') return value < LARGEST && value > -LARGEST ? String(value) : 'a huge number';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Uint8Array) return `a Buffer of ${value.length} bytes`;
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/**
 * A text that may repeat foreign text, as one line of at most a thousand characters. A name with a line feed, an escape
 * sequence or a mark of writing direction would else forge lines of the log or hide a part of its own (CWE-117).
 */
export function shownLine(text: string): string {
  const escaped = withoutKeys(text.slice(0, LONGEST_LINE + 1)).replace(
    LINE_BREAKING,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return escaped.length > LONGEST_LINE ? `${escaped.slice(0, LONGEST_LINE - 1)}…` : escaped;
}

const KEY_LABEL = 'PRIVATE KEY-----';
const PEM_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;

/** A text without the private keys that stand in it as PEM: whoever sends one where a name belongs must not find it in the log. */
export function withoutKeys(text: string): string {
  return text.includes(KEY_LABEL) ? text.replace(PEM_KEY, '(a private key)') : text;
}

/** Deep enough for the facts of every error. */
const DEEPEST = 4;

/** Facts without the private keys that stand in them as PEM; the same object when there are none. */
export function factsWithoutKeys<T>(facts: T, depth = 0): T {
  if (typeof facts === 'string') return withoutKeys(facts) as T;
  if (typeof facts !== 'object' || facts === null || depth >= DEEPEST) return facts;
  if (!Array.isArray(facts) && Object.getPrototypeOf(facts) !== Object.prototype) return facts;
  const entries = Object.entries(facts);
  const cleaned = entries.map(([name, value]) => [name, factsWithoutKeys(value as unknown, depth + 1)] as const);
  if (cleaned.every(([, value], index) => value === entries[index]?.[1])) return facts;
  return (Array.isArray(facts) ? cleaned.map(([, value]) => value) : Object.fromEntries(cleaned)) as T;
}
