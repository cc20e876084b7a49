/** Entries of a Java `.properties` file, in their order. */
export type PropertyEntries = readonly (readonly [key: string, value: string])[];

/**
 * A Java `.properties` file.
 *
 * Older programs read it as ISO 8859-1, and a backslash, a leading blank or a line end means something, so everything but
 * plain ASCII is written as an escape (java.util.Properties, `load(Reader)`).
 */
export function javaProperties(entries: PropertyEntries): string {
  return entries.map(([key, value]) => `${escapedKey(key)}=${escapedValue(value)}\n`).join('');
}

function escapedKey(key: string): string {
  return escaped(key).replace(/[ =:#!]/g, '\\$&');
}

function escapedValue(value: string): string {
  return escaped(value).replace(/^ /, '\\ ');
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
