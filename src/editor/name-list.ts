import { SUBJECT_ALT_NAME_TYPES } from '../model/subject-alt-name';

/** One line of the list of names. */
export interface NameEntry {
  type: string;
  value: string;
}

/**
 * The lines of a list stored as JSON text.
 *
 * @returns undefined when the text is no list of texts with a known kind: then it must be edited as it is, not lost
 */
export function readNameList(json: string): NameEntry[] | undefined {
  if (json.trim() === '') return [];
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const entries: NameEntry[] = [];
  for (const item of list as unknown[]) {
    const entry = typeof item === 'string' ? readNameEntry(item) : undefined;
    if (!entry) return undefined;
    entries.push(entry);
  }
  return entries;
}

function readNameEntry(text: string): NameEntry | undefined {
  const colon = text.indexOf(':');
  const type = text.slice(0, Math.max(0, colon)).toLowerCase();
  if (!(SUBJECT_ALT_NAME_TYPES as readonly string[]).includes(type)) return undefined;
  return { type, value: text.slice(colon + 1) };
}

/** The JSON text of the lines; those that were left empty are dropped. */
export function writeNameList(entries: readonly NameEntry[]): string {
  const texts = entries.map(({ type, value }) => ({ type, value: value.trim() })).filter(({ value }) => value !== '');
  return JSON.stringify(texts.map(({ type, value }) => `${type}:${value}`));
}

/** The kind that a pasted value most likely is, for a line that is still empty. */
export function guessNameType(value: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || /^urn:/i.test(value)) return 'uri';
  if (/^[^@\s]+@[^@\s]+$/.test(value)) return 'email';
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(value) || /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/i.test(value)) return 'ip';
  if (/^[a-z*][a-z0-9.*-]*$/i.test(value)) return 'dns';
  return undefined;
}
