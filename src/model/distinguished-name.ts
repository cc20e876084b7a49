import { codedError, type ErrorCode } from './errors';
import { shownValue } from './shown-value';

/** The subject fields people fill in. All others of a foreign certificate show only in its text form. */
export interface DistinguishedName {
  commonName?: string;
  organization?: string;
  organizationalUnit?: string;
  /** ISO 3166, two letters. */
  country?: string;
  state?: string;
  locality?: string;
}

interface FieldRule {
  field: keyof DistinguishedName;
  /** Short name of RFC 4514 and OpenSSL. */
  short: string;
  label: string;
  /** Characters (RFC 5280 appendix A.1, ub-…). */
  max: number;
  code: ErrorCode;
}

/** Fields in the order they are encoded: from the country down to the common name, as OpenSSL users expect. */
export const NAME_FIELDS: readonly FieldRule[] = [
  { field: 'country', short: 'C', label: 'country', max: 2, code: 'INPUT_SUBJECT' },
  { field: 'state', short: 'ST', label: 'state', max: 128, code: 'INPUT_SUBJECT' },
  { field: 'locality', short: 'L', label: 'locality', max: 128, code: 'INPUT_SUBJECT' },
  { field: 'organization', short: 'O', label: 'organization', max: 64, code: 'INPUT_SUBJECT' },
  { field: 'organizationalUnit', short: 'OU', label: 'organizational unit', max: 64, code: 'INPUT_SUBJECT' },
  { field: 'commonName', short: 'CN', label: 'common name', max: 64, code: 'INPUT_COMMON_NAME' },
];

/**
 * Trim, bring to Unicode NFC (one spelling of ü for all) and check every field; empty ones are left out.
 *
 * @param name what a person or a message gave; other properties are ignored
 * @returns a new object with the fields that hold something; the country in capitals
 * @throws INPUT_COMMON_NAME, INPUT_SUBJECT
 */
export function checkDistinguishedName(name: DistinguishedName): DistinguishedName {
  const checked: DistinguishedName = {};
  for (const rule of NAME_FIELDS) {
    const value = checkField(rule, (name as Record<string, unknown>)[rule.field]);
    if (value !== undefined) checked[rule.field] = value;
  }
  return checked;
}

function checkField(rule: FieldRule, given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  const refuse = (problem: string, hint: string) =>
    codedError(rule.code, `the ${rule.label} ${problem}`, { field: rule.field, value: shownValue(given) }, hint);
  if (typeof given !== 'string') throw refuse(`is ${shownValue(given)}, not a text`, `Give the ${rule.label} as text`);
  // Before the Unicode work below, so that a huge text costs nothing.
  if (given.length > 4096)
    throw refuse(`has ${given.length} characters, at most ${rule.max} are allowed`, 'Shorten it');
  const value = given.normalize('NFC').trim();
  if (value === '') return undefined;
  // Cc: control, Cs: half a surrogate pair (not encodable), Zl/Zp: line breaks; U+202A-202E, 2066-2069 reverse text.
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u.test(value)) {
    throw refuse(`${shownValue(value)} holds a control character`, 'Remove line breaks, tabs and invisible characters');
  }
  if (rule.field === 'country') {
    if (!/^[A-Za-z]{2}$/.test(value)) {
      throw refuse(`${shownValue(value)} is not two letters`, 'Use the two-letter code of ISO 3166, such as GB or DE');
    }
    return value.toUpperCase();
  }
  const length = [...value].length;
  if (length > rule.max) {
    throw refuse(`${shownValue(value)} has ${length} characters, at most ${rule.max} are allowed`, 'Shorten it');
  }
  return value;
}

/** Escape a value as RFC 4514 §2.4 asks. */
export function escapeRfc4514(value: string): string {
  return value
    .replace(/[\\",+;<>]/g, '\\$&')
    .replace(/\0/g, '\\00')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, (space, at: number, whole: string) => (at > 0 && whole[at - 1] === '\\' ? space : '\\ '));
}

/** Text form of RFC 4514, most specific part first: `CN=broker,O=Home`. */
export function toRfc4514(name: DistinguishedName): string {
  return [...NAME_FIELDS]
    .reverse()
    .flatMap(({ field, short }) => (name[field] ? [`${short}=${escapeRfc4514(name[field])}`] : []))
    .join(',');
}

/** A value as `X509_NAME_oneline` of OpenSSL prints it: every byte outside printable ASCII as `\xHH`. */
export function escapeOneLine(value: string): string {
  let out = '';
  for (const byte of new TextEncoder().encode(value)) {
    out +=
      byte >= 0x20 && byte <= 0x7e
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** Text form of OpenSSL's `index.txt`: `/C=GB/O=Home/CN=broker`. */
export function toOpensslOneLine(name: DistinguishedName): string {
  return NAME_FIELDS.map(({ field, short }) => (name[field] ? `/${short}=${escapeOneLine(name[field])}` : '')).join('');
}
