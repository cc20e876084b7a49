import { codedError } from '../model/errors';
import { TAG, TAG_CLASS } from './der-tags';

const CONSTRUCTED = 0x20;

/** Identifier, length in the shortest form (X.690 §10.1) and content. */
function element(identifier: number, content: Uint8Array): Buffer {
  const head = [identifier, ...lengthOctets(content.length)];
  const bytes = Buffer.allocUnsafe(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function refuse(what: string, hint = ''): never {
  throw codedError('DER_MALFORMED', `cannot encode ${what}`, {}, hint);
}

/** Two's complement in the fewest octets (X.690 §8.3.2). A Buffer is an unsigned number, big end first. */
function integerContent(value: number | bigint | Buffer): Buffer {
  if (Buffer.isBuffer(value)) {
    let start = 0;
    while (start < value.length - 1 && value[start] === 0) start++;
    const digits = value.subarray(start);
    if (digits.length === 0) return Buffer.from([0]);
    return (digits[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : Buffer.from(digits);
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) refuse(`the number ${value} as INTEGER`);
  let number = BigInt(value);
  const octets: number[] = [];
  do {
    octets.unshift(Number(number & 0xffn));
    number >>= 8n;
  } while (!(number === 0n && (octets[0] ?? 0) < 0x80) && !(number === -1n && (octets[0] ?? 0) >= 0x80));
  return Buffer.from(octets);
}

function oidContent(dotted: string): Buffer {
  const arcs = /^\d{1,19}(\.\d{1,19})+$/.test(dotted) ? dotted.split('.').map(BigInt) : [];
  const [first, second, ...rest] = arcs;
  if (first === undefined || second === undefined || first > 2n || (first < 2n && second > 39n)) {
    return refuse(`"${dotted}" as OBJECT IDENTIFIER`);
  }
  return Buffer.concat([first * 40n + second, ...rest].map(base128));
}

/** Only identifiers of our own tables are written, the same dozen in every certificate. */
const oidContents = new Map<string, Buffer>();

function knownOidContent(dotted: string): Buffer {
  const known = oidContents.get(dotted) ?? oidContent(dotted);
  oidContents.set(dotted, known);
  return known;
}

function base128(value: bigint): Buffer {
  const octets = [Number(value & 0x7fn)];
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80);
  return Buffer.from(octets);
}

function checkedText(text: string, allowed: RegExp, kind: string): Buffer {
  if (!allowed.test(text)) refuse(`a text as ${kind}`, `It holds a character that ${kind} does not have`);
  return Buffer.from(text, 'ascii');
}

/** UTCTime through 2049, GeneralizedTime from 2050 (and before 1950); whole seconds, Z (RFC 5280 §4.1.2.5). */
function timeElement(date: Date): Buffer {
  const milliseconds = date.getTime();
  const year = Number.isNaN(milliseconds) ? Number.NaN : date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) refuse('a time outside the years 0 to 9999');
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, ''); // YYYYMMDDHHMMSSZ
  return year >= 1950 && year <= 2049
    ? element(TAG.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : element(TAG.generalizedTime, Buffer.from(digits, 'ascii'));
}

/**
 * The DER writer: every function returns one complete element. What it returns is always DER (X.690 §10, §11), so
 * a caller can only get the order and choice of elements wrong.
 */
export const der = {
  sequence: (...items: Buffer[]): Buffer => element(TAG.sequence | CONSTRUCTED, Buffer.concat(items)),

  /** For lists of any length: a call takes only some 100,000 arguments. */
  sequenceOf: (items: readonly Buffer[]): Buffer => element(TAG.sequence | CONSTRUCTED, Buffer.concat(items)),

  /** SET OF: sorted by encoding (X.690 §11.6). */
  set: (...items: Buffer[]): Buffer =>
    element(TAG.set | CONSTRUCTED, Buffer.concat([...items].sort((a, b) => Buffer.compare(a, b)))),

  /** A Buffer is an unsigned number, big end first. */
  integer: (value: number | bigint | Buffer): Buffer => element(TAG.integer, integerContent(value)),

  enumerated: (value: number): Buffer => element(TAG.enumerated, integerContent(value)),

  oid: (dotted: string): Buffer => element(TAG.objectIdentifier, knownOidContent(dotted)),

  nullValue: (): Buffer => element(TAG.null, Buffer.alloc(0)),

  /** TRUE is FF (X.690 §11.1). */
  boolean: (value: boolean): Buffer => element(TAG.boolean, Buffer.from([value ? 0xff : 0])),

  octetString: (content: Uint8Array): Buffer => element(TAG.octetString, content),

  /** The unused bits at the end are written as zero (X.690 §11.2.1). */
  bitString: (content: Uint8Array, unusedBits = 0): Buffer => {
    if (unusedBits < 0 || unusedBits > 7 || (content.length === 0 && unusedBits > 0)) {
      refuse(`a BIT STRING with ${unusedBits} unused bits`);
    }
    const bits = Buffer.from(content);
    const last = bits.length - 1;
    if (last >= 0) bits[last] = (bits[last] ?? 0) & (0xff << unusedBits);
    return element(TAG.bitString, Buffer.concat([Buffer.from([unusedBits]), bits]));
  },

  /**
   * BIT STRING with a named bit list: no trailing zero bits (X.690 §11.2.2).
   *
   * @param numbers the bits that are one; bit 0 is the first
   */
  namedBits: (numbers: readonly number[]): Buffer => {
    if (numbers.length === 0) return der.bitString(Buffer.alloc(0));
    const highest = Math.max(...numbers);
    const bits = Buffer.alloc((highest >> 3) + 1);
    for (const number of numbers) bits[number >> 3] = (bits[number >> 3] ?? 0) | (0x80 >> (number & 7));
    return der.bitString(bits, 7 - (highest & 7));
  },

  utf8String: (text: string): Buffer => element(TAG.utf8String, Buffer.from(text, 'utf8')),

  printableString: (text: string): Buffer =>
    element(TAG.printableString, checkedText(text, /^[A-Za-z0-9 '()+,\-./:=?]*$/, 'PrintableString')),

  ia5String: (text: string): Buffer =>
    // eslint-disable-next-line no-control-regex
    element(TAG.ia5String, checkedText(text, /^[\x00-\x7f]*$/, 'IA5String')),

  /** UTF-16, big end first: PKCS#12 has surrogates in it, too (RFC 7292 Appendix B.1). */
  bmpString: (text: string): Buffer => element(TAG.bmpString, Buffer.from(text, 'utf16le').swap16()),

  time: timeElement,

  /** An element by its identifier octet, for types that have no function of their own. */
  element,

  /** `[n] EXPLICIT`. */
  explicit: (tagNumber: number, inner: Buffer): Buffer =>
    element((TAG_CLASS.context << 6) | CONSTRUCTED | tagNumber, inner),

  /** `[n] IMPLICIT`: the content of the element it replaces. */
  implicit: (tagNumber: number, content: Uint8Array, constructed = false): Buffer =>
    element((TAG_CLASS.context << 6) | (constructed ? CONSTRUCTED : 0) | tagNumber, content),
};
