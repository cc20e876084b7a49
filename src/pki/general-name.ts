import { formatIpAddress, parseIpAddress } from '../model/ip-address';
import { maskByte, type ConstrainedName } from '../model/name-constraints';
import type { SubjectAltName } from '../model/subject-alt-name';
import type { DerElement } from '../encoding/der-reader';
import { der } from '../encoding/der-writer';

/** Context tags of GeneralName (RFC 5280 §4.2.1.6). */
const TAGS = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const;

/** The kinds we neither write nor compare, by tag. */
const OTHER_KINDS: Record<number, string> = {
  0: 'otherName',
  3: 'x400Address',
  4: 'directoryName',
  5: 'ediPartyName',
  8: 'registeredID',
};

/** Encode a canonical name; addresses as 4 or 16 octets. */
export function encodeGeneralName(name: SubjectAltName): Buffer {
  if (name.type !== 'ip') return der.implicit(TAGS[name.type], Buffer.from(name.value, 'ascii'));
  const address = parseIpAddress(name.value);
  // Names come from parseSubjectAltName; anything else is a programming error and must not reach a certificate.
  if (!address) throw new TypeError('an iPAddress without an address');
  return der.implicit(TAGS.ip, address.bytes);
}

/**
 * Read a GeneralName of any certificate: the text as it stands, only lower-cased where case means nothing.
 *
 * @returns a name, or the word for a kind we do not handle
 * @throws DER_MALFORMED
 */
export function readGeneralName(element: DerElement, what: string): SubjectAltName | { other: string } {
  for (const type of ['dns', 'ip', 'uri', 'email'] as const) {
    if (!element.isContext(TAGS[type])) continue;
    const octets = element.implicitOctets(TAGS[type], what);
    return { type, value: type === 'ip' ? readAddress(element, octets, what) : readIa5(element, octets, type, what) };
  }
  const other = OTHER_KINDS[element.tagNumber];
  if (element.tagClass !== 2 || other === undefined) throw element.refuse(what, 'an unknown kind of name');
  return { other };
}

function readAddress(element: DerElement, octets: Buffer, what: string): string {
  if (octets.length !== 4 && octets.length !== 16) {
    throw element.refuse(what, `an IP address of ${octets.length} octets, must be 4 or 16`);
  }
  return formatIpAddress(octets);
}

function readIa5(element: DerElement, octets: Buffer, type: string, what: string): string {
  // A NUL in a name once made one verifier see "bank.example" and another all of it (CVE-2009-2408).
  if (octets.some((octet) => octet < 0x20 || octet > 0x7e)) {
    throw element.refuse(what, 'a name with a character outside printable ASCII');
  }
  const text = octets.toString('latin1');
  return type === 'dns' ? text.toLowerCase() : text;
}

/** Encode a subtree of nameConstraints: addresses as address and mask (RFC 5280 §4.2.1.10). */
export function encodeConstrainedName(name: ConstrainedName): Buffer {
  if (name.type === 'directory' || name.type === 'other') return Buffer.from(name.value, 'hex');
  if (name.type !== 'ip') return der.implicit(TAGS[name.type], Buffer.from(name.value, 'ascii'));
  const [text = '', prefix = ''] = name.value.split('/');
  const bytes = Buffer.from(parseIpAddress(text)?.bytes ?? []);
  const mask = Buffer.from(bytes.map((_, index) => maskByte(Number(prefix), index)));
  return der.implicit(TAGS.ip, Buffer.concat([bytes, mask]));
}

/** Read a subtree of nameConstraints. A mask with holes, which has no prefix length, stays as hex. */
export function readConstrainedName(element: DerElement, what: string): ConstrainedName {
  if (element.isContext(TAGS.directory)) return { type: 'directory', value: element.raw.toString('hex') };
  if (element.isContext(TAGS.ip)) {
    const octets = element.implicitOctets(TAGS.ip, what);
    const half = octets.length / 2;
    if (half !== 4 && half !== 16) throw element.refuse(what, `an address range of ${octets.length} octets`);
    const mask = octets.subarray(half);
    const prefix = mask.reduce((bits, octet) => bits + octet.toString(2).replaceAll('0', '').length, 0);
    const holes = mask.some((octet, index) => octet !== maskByte(prefix, index));
    if (holes) return { type: 'other', value: element.raw.toString('hex') };
    return { type: 'ip', value: `${formatIpAddress(octets.subarray(0, half))}/${prefix}` };
  }
  const name = readGeneralName(element, what);
  return 'other' in name ? { type: 'other', value: element.raw.toString('hex') } : name;
}

/** The kind of a GeneralName, DER: one of ours (`ip` …) or the word for another. */
export function kindOfName(element: Buffer): string {
  const tag = (element[0] ?? 0) & 0x1f;
  return Object.entries(TAGS).find(([, number]) => number === tag)?.[0] ?? OTHER_KINDS[tag] ?? 'unknown';
}
