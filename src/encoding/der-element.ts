import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { DerFields } from './der-fields';
import { readText, isTextTag } from './der-text';
import { readTime } from './der-time';
import { TAG, TAG_CLASS, tagName, type TagClass } from './der-tags';

/** Longest object identifier content; real ones stay below 20 octets. */
const MAX_OID_OCTETS = 64;
/** Longest number; the modulus of RSA with 16,384 bits has 2049 octets. To write one of a million in decimal takes 7 s. */
const MAX_INTEGER_OCTETS = 8192;
/** KeyUsage has nine bits (RFC 5280 §4.2.1.3), ReasonFlags as well. Of a megabyte would come 300 MB of numbers and names. */
const MAX_NAMED_BITS_OCTETS = 32;

/**
 * One element of a DER structure. Each typed reader checks tag and content and throws DER_MALFORMED; `what` names the
 * field in the words of its standard.
 */
export class DerElement {
  /**
   * Made by the reader. Only positions are kept: a list of 100,000 revoked certificates has 700,000 elements, and a
   * Buffer for each would cost four times the memory.
   */
  constructor(
    private readonly source: Buffer,
    private readonly start: number,
    private readonly contentStart: number,
    private readonly end: number,
    private readonly elements: readonly DerElement[],
  ) {}

  get tagClass(): TagClass {
    return (this.identifier >> 6) as TagClass;
  }

  get tagNumber(): number {
    return this.identifier & 0x1f;
  }

  get constructed(): boolean {
    return (this.identifier & 0x20) !== 0;
  }

  /** Octets of the whole element. */
  get size(): number {
    return this.end - this.start;
  }

  /** Without identifier and length. */
  get content(): Buffer {
    return this.source.subarray(this.contentStart, this.end);
  }

  /** The whole element. */
  get raw(): Buffer {
    return this.source.subarray(this.start, this.end);
  }

  /** The elements inside; none for a primitive element. */
  children(): readonly DerElement[] {
    return this.elements;
  }

  is(tagNumber: number, tagClass: TagClass = TAG_CLASS.universal): boolean {
    return this.tagClass === tagClass && this.tagNumber === tagNumber;
  }

  isContext(tagNumber: number): boolean {
    return this.is(tagNumber, TAG_CLASS.context);
  }

  /** The elements of a SEQUENCE, to be taken one by one. */
  sequence(what: string): DerFields {
    this.expect(TAG.sequence, what);
    return new DerFields(what, this.elements);
  }

  /** The elements of a SEQUENCE OF or SET OF. */
  list(what: string, tag: typeof TAG.sequence | typeof TAG.set = TAG.sequence): readonly DerElement[] {
    this.expect(tag, what);
    return this.elements;
  }

  /** The one element inside `[n] EXPLICIT`. */
  explicit(tagNumber: number, what: string): DerElement {
    const [inner, ...others] = this.elements;
    if (!this.isContext(tagNumber) || !this.constructed || !inner || others.length > 0) {
      throw this.refuse(what, `expected one element in [${tagNumber}]`);
    }
    return inner;
  }

  /** The octets of a primitive `[n] IMPLICIT`. */
  implicitOctets(tagNumber: number, what: string): Buffer {
    if (!this.isContext(tagNumber) || this.constructed) throw this.refuse(what, `expected a primitive [${tagNumber}]`);
    return this.content;
  }

  /** The elements of a constructed `[n] IMPLICIT` SEQUENCE or SET. */
  implicitList(tagNumber: number, what: string): readonly DerElement[] {
    if (!this.isContext(tagNumber) || !this.constructed)
      throw this.refuse(what, `expected a constructed [${tagNumber}]`);
    return this.elements;
  }

  integer(what: string): bigint {
    return this.signed(TAG.integer, what);
  }

  enumerated(what: string): number {
    return Number(this.signed(TAG.enumerated, what));
  }

  /** A whole number from 0 to `max`. */
  smallInteger(what: string, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.integer(what);
    if (value < 0n || value > BigInt(max)) throw this.refuse(what, `${shownValue(value)} is not between 0 and ${max}`);
    return Number(value);
  }

  oid(what: string): string {
    this.expect(TAG.objectIdentifier, what);
    const { content } = this;
    const last = content.at(-1);
    if (last === undefined || last >= 0x80 || content.length > MAX_OID_OCTETS) {
      throw this.refuse(what, 'a malformed object identifier');
    }
    const arcs: bigint[] = [];
    let arc = 0n;
    for (const [index, octet] of content.entries()) {
      // X.690 §8.19.2: the fewest octets, so none begins with 80.
      if (octet === 0x80 && (index === 0 || (content[index - 1] ?? 0) < 0x80)) {
        throw this.refuse(what, 'an object identifier that is not in its shortest form');
      }
      arc = (arc << 7n) | BigInt(octet & 0x7f);
      if (octet < 0x80) {
        arcs.push(arc);
        arc = 0n;
      }
    }
    const [first = 0n, ...rest] = arcs;
    const root = first < 80n ? first / 40n : 2n;
    return [root, first - root * 40n, ...rest].join('.');
  }

  boolean(what: string): boolean {
    this.expect(TAG.boolean, what);
    const { content } = this;
    const [value] = content;
    if (content.length !== 1 || (value !== 0 && value !== 0xff)) throw this.refuse(what, 'neither 00 nor FF');
    return value === 0xff;
  }

  nullValue(what: string): void {
    this.expect(TAG.null, what);
    if (this.content.length > 0) throw this.refuse(what, 'a NULL with content');
  }

  octetString(what: string): Buffer {
    this.expect(TAG.octetString, what);
    return this.content;
  }

  bitString(what: string): { unusedBits: number; bytes: Buffer } {
    this.expect(TAG.bitString, what);
    const { content } = this;
    const unusedBits = content[0] ?? 8;
    const bytes = content.subarray(1);
    const last = bytes.at(-1);
    const padding = last === undefined ? unusedBits : last & ((1 << unusedBits) - 1);
    if (unusedBits > 7 || padding !== 0) throw this.refuse(what, 'a malformed bit string');
    return { unusedBits, bytes };
  }

  /** A bit string of whole octets. */
  bitOctets(what: string): Buffer {
    const { unusedBits, bytes } = this.bitString(what);
    if (unusedBits !== 0) throw this.refuse(what, 'not a whole number of octets');
    return bytes;
  }

  /** The numbers of the bits that are one. Trailing zero bits are tolerated: many old certificates have them. */
  namedBits(what: string): number[] {
    const { bytes } = this.bitString(what);
    if (bytes.length > MAX_NAMED_BITS_OCTETS) throw this.refuse(what, `named bits in ${bytes.length} octets`);
    const numbers: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      if ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) numbers.push(bit);
    }
    return numbers;
  }

  isText(): boolean {
    return this.tagClass === TAG_CLASS.universal && isTextTag(this.tagNumber);
  }

  /** Any of the string types. */
  text(what: string): string {
    const text = this.isText() ? readText(this.tagNumber, this.content) : undefined;
    if (text === undefined) throw this.refuse(what, 'a malformed text');
    return text;
  }

  /** UTCTime or GeneralizedTime in the one form RFC 5280 §4.1.2.5 allows. */
  time(what: string): Date {
    const date = this.tagClass === TAG_CLASS.universal ? readTime(this.tagNumber, this.content) : undefined;
    if (!date) throw this.refuse(what, 'a malformed time');
    return date;
  }

  /** The error for this element. */
  refuse(what: string, problem: string) {
    return codedError('DER_MALFORMED', `${what}: ${problem} (found ${tagName(this.tagClass, this.tagNumber)})`, {
      field: what,
    });
  }

  private get identifier(): number {
    return this.source[this.start] ?? 0;
  }

  private expect(tag: number, what: string): void {
    if (!this.is(tag)) throw this.refuse(what, `expected ${tagName(TAG_CLASS.universal, tag)}`);
  }

  private signed(tag: number, what: string): bigint {
    this.expect(tag, what);
    const { content } = this;
    const [first, second] = content;
    if (content.length > MAX_INTEGER_OCTETS) {
      throw this.refuse(what, `a number of ${content.length} octets, at most ${MAX_INTEGER_OCTETS} are read`);
    }
    // X.690 §8.3.2: the first nine bits are never all equal.
    const needless = second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
    if (first === undefined || needless) throw this.refuse(what, 'a number that is not in its shortest form');
    return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString('hex')}`));
  }
}
