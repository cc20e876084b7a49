/** A JSON text that is no object, array or string (RFC 8259 §3, §6), or so near that `JSON.parse` has to decide. */
const LITERAL_OR_NUMBER = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** How a JSON text ends that begins so. */
const ENDS: Readonly<Record<string, string>> = { '{': '}', '[': ']', '"': '"' };

/**
 * False for a text of which a look at both ends says that it is no JSON; of others `JSON.parse` has to decide.
 *
 * The error that `JSON.parse` throws costs more than all else that happens to a received message: texts like `open` or
 * `21.5 °C` took a quarter of the CPU (measured, docs/performance.md).
 */
export function mayBeJson(text: string): boolean {
  // Takes away more than the white space of JSON, which `JSON.parse` then refuses.
  const trimmed = text.trim();
  const end = ENDS[trimmed.charAt(0)];
  if (end !== undefined) return trimmed.endsWith(end);
  return LITERAL_OR_NUMBER.test(trimmed);
}
