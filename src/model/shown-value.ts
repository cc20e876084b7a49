/** Longest text of a foreign value that an error repeats. */
const LONGEST = 120;

/**
 * A short text of any value for an error message or its facts. Never fails, never deep, never long:
 * a message payload may be a huge, cyclic or hostile object.
 */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (typeof value === 'string') return cut(JSON.stringify(value.slice(0, LONGEST + 1)));
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Uint8Array) return `a Buffer of ${value.length} bytes`;
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
