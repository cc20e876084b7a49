import { codedError } from '../model/errors';
import { escapeOneLine, escapeRfc4514, NAME_FIELDS, type DistinguishedName } from '../model/distinguished-name';
import { TAG } from '../encoding/der-tags';
import type { DerElement } from '../encoding/der-reader';
import { der } from '../encoding/der-writer';
import { OID } from './object-identifiers';

/** Short names for the text form beyond those of {@link NAME_FIELDS} (RFC 4514 §3, OpenSSL). */
const OTHER_SHORT_NAMES: Record<string, string> = {
  '2.5.4.5': 'serialNumber',
  '2.5.4.9': 'street',
  '2.5.4.12': 'title',
  '2.5.4.4': 'SN',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** A name has a handful of parts; more is an attack on whoever shows it. */
const MAX_ATTRIBUTES = 100;

interface Attribute {
  oid: string;
  short: string;
  /** undefined when the value is no text. */
  value?: string;
  raw: Buffer;
}

/** A name as it stands in a certificate. */
export interface ParsedName {
  /** The bytes as found: an issuer is always copied, never encoded again. */
  bytes: Buffer;
  /** The known fields; of a repeated field the most specific one. */
  fields: DistinguishedName;
  /** RFC 4514. */
  text: string;
  /** As OpenSSL's index.txt has it. */
  oneLine: string;
  /** For comparison without regard to case, blanks and string type (RFC 5280 §7.1). */
  canonical: string;
  /** Attributes that {@link DistinguishedName} has no field for, or a repeated field. */
  others: string[];
}

/**
 * Encode a name: one attribute per SET (several in one are refused by pyca and mean another name), country as
 * PrintableString, all else as UTF8String (RFC 5280 §4.1.2.4).
 *
 * @param name as `checkDistinguishedName` returns it
 */
export function encodeName(name: DistinguishedName): Buffer {
  return der.sequence(
    ...NAME_FIELDS.flatMap(({ field }) => {
      const value = name[field];
      if (!value) return [];
      const text = field === 'country' ? der.printableString(value) : der.utf8String(value);
      return [der.set(der.sequence(der.oid(OID[field]), text))];
    }),
  );
}

/**
 * Read a Name of any certificate.
 *
 * @throws DER_MALFORMED
 */
export function readName(element: DerElement, what: string): ParsedName {
  const relativeNames = element.list(what).map((part) => readRelativeName(part, what));
  const attributes = relativeNames.flat();
  if (attributes.length > MAX_ATTRIBUTES) {
    throw codedError('DER_MALFORMED', `${what}: ${attributes.length} parts, at most ${MAX_ATTRIBUTES} are read`);
  }
  const fields: DistinguishedName = {};
  const others: string[] = [];
  for (const { oid, short, value } of attributes) {
    const field = NAME_FIELDS.find((row) => OID[row.field] === oid)?.field;
    if (!field || value === undefined || fields[field] !== undefined) others.push(short);
    if (field && value !== undefined) fields[field] = value;
  }
  return {
    bytes: element.raw,
    fields,
    text: [...relativeNames]
      .reverse()
      .map((part) => part.map(attributeText).join('+'))
      .join(','),
    oneLine: attributes.map(({ short, value }) => `/${short}=${escapeOneLine(value ?? '')}`).join(''),
    canonical: JSON.stringify(relativeNames.map((part) => part.map(canonicalAttribute).sort())),
    others,
  };
}

function readRelativeName(element: DerElement, what: string): Attribute[] {
  const attributes = element.list(what, TAG.set).map((item) => {
    const fields = item.sequence(what);
    const oid = fields.next('attribute type').oid(what);
    const value = fields.next('attribute value');
    fields.end();
    const known = NAME_FIELDS.find((row) => OID[row.field] === oid)?.short ?? OTHER_SHORT_NAMES[oid];
    return { oid, short: known ?? oid, value: value.isText() ? value.text(what) : undefined, raw: value.raw };
  });
  if (attributes.length === 0) throw element.refuse(what, 'an empty part of a name');
  return attributes;
}

function attributeText({ short, value, raw }: Attribute): string {
  // RFC 4514 §2.4: types without a short name, and values that are no text, as #hex of the DER.
  const readable = value !== undefined && !/^\d/.test(short);
  return `${short}=${readable ? escapeRfc4514(value) : `#${raw.toString('hex')}`}`;
}

function canonicalAttribute({ oid, value, raw }: Attribute): string {
  const text = value?.trim().replace(/\s+/g, ' ').toLowerCase();
  return `${oid}=${text ?? `#${raw.toString('hex')}`}`;
}
