import { codedError } from '../model/errors';
import { DerElement } from './der-element';
import { TAG, TAG_CLASS, tagName } from './der-tags';

export { DerElement } from './der-element';

export interface DerLimits {
  /** Octets of the whole input. */
  maxBytes?: number;
  /** Nesting of constructed elements. */
  maxDepth?: number;
  /** Elements in all: two bytes of input become an object. */
  maxElements?: number;
}

/** A certificate with 1000 names is below 100 KiB; lists of revoked certificates set their own limit. */
const DEFAULT_MAX_BYTES = 1 << 20;
/** A certificate nests 9 deep, general names a few more. */
const DEFAULT_MAX_DEPTH = 32;
/** A certificate with 1000 names has some 1100. */
const DEFAULT_MAX_ELEMENTS = 20_000;

const CONSTRUCTED = 0x20;

/** Universal types whose elements hold other elements; all others are primitive in DER (X.690 §10.2). */
const CONSTRUCTED_TYPES: readonly number[] = [TAG.sequence, TAG.set];

function malformed(at: number, problem: string) {
  return codedError('DER_MALFORMED', `invalid DER at byte ${at}: ${problem}`, { offset: at });
}

/**
 * Read one DER element with everything in it and nothing behind it.
 *
 * Strict as X.690 §10-11 asks: shortest definite lengths, primitive strings, no trailing bytes. The content of
 * primitive types is checked by the typed readers of {@link DerElement}.
 *
 * @throws DER_MALFORMED, DER_TOO_LARGE, DER_TOO_DEEP, and nothing else on any input
 */
export function readDer(bytes: Uint8Array, limits: DerLimits = {}): DerElement {
  const { maxBytes = DEFAULT_MAX_BYTES, maxDepth = DEFAULT_MAX_DEPTH, maxElements = DEFAULT_MAX_ELEMENTS } = limits;
  if (!(bytes instanceof Uint8Array)) throw codedError('DER_MALFORMED', 'the input is not made of bytes');
  if (bytes.length > maxBytes) throw tooLarge('bytes', maxBytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const element = readElement({ buffer, maxElements, elementsLeft: maxElements }, 0, buffer.length, maxDepth);
  const trailing = buffer.length - element.size;
  if (trailing > 0) throw malformed(element.size, `${trailing} bytes behind the end`);
  return element;
}

function tooLarge(what: string, limit: number) {
  return codedError('DER_TOO_LARGE', `the DER structure has more than ${limit} ${what}`, { limit });
}

interface Input {
  buffer: Buffer;
  maxElements: number;
  elementsLeft: number;
}

/** All primitive elements share it. */
const NO_ELEMENTS: readonly DerElement[] = [];

function readElement(input: Input, start: number, end: number, depthLeft: number): DerElement {
  const { buffer } = input;
  if (input.elementsLeft-- <= 0) throw tooLarge('elements', input.maxElements);
  const identifier = octet(buffer, start, end);
  checkIdentifier(identifier, start);
  const { length, at } = readLength(buffer, start + 1, end);
  if (length > end - at) throw malformed(start, `${length} bytes announced, ${end - at} there`);
  const constructed = (identifier & CONSTRUCTED) !== 0;
  const children = constructed ? readChildren(input, at, at + length, depthLeft) : NO_ELEMENTS;
  return new DerElement(buffer, start, at, at + length, children);
}

function readChildren(input: Input, start: number, end: number, depthLeft: number): DerElement[] {
  if (depthLeft <= 0) {
    throw codedError('DER_TOO_DEEP', `the DER structure is nested too deep at byte ${start}`, { offset: start });
  }
  const children: DerElement[] = [];
  for (let next = start; next < end;) {
    const child = readElement(input, next, end, depthLeft - 1);
    children.push(child);
    next += child.size;
  }
  return children;
}

/** Tag numbers above 30 do not occur in any structure of PKIX; universal types are constructed or not by their kind. */
function checkIdentifier(identifier: number, at: number): void {
  const tagNumber = identifier & 0x1f;
  if (tagNumber === 0x1f) throw malformed(at, 'a tag number above 30');
  if (identifier >> 6 !== TAG_CLASS.universal) return;
  if (tagNumber === 0) throw malformed(at, 'an end-of-contents mark');
  const constructed = (identifier & CONSTRUCTED) !== 0;
  if (constructed !== CONSTRUCTED_TYPES.includes(tagNumber)) {
    throw malformed(at, `a ${constructed ? 'constructed' : 'primitive'} ${tagName(TAG_CLASS.universal, tagNumber)}`);
  }
}

function octet(buffer: Buffer, at: number, end: number): number {
  const value = at < end ? buffer[at] : undefined;
  if (value === undefined) throw malformed(at, 'it ends in the middle of an element');
  return value;
}

/** Definite lengths in the shortest form only (X.690 §10.1). */
function readLength(buffer: Buffer, start: number, end: number): { length: number; at: number } {
  const first = octet(buffer, start, end);
  if (first < 0x80) return { length: first, at: start + 1 };
  const count = first & 0x7f;
  if (count === 0) throw malformed(start, 'an indefinite length');
  if (count > 4) throw malformed(start, `a length of ${count} bytes`);
  let length = 0;
  for (let index = 1; index <= count; index++) length = length * 256 + octet(buffer, start + index, end);
  const shortest = length < 0x80 ? 0 : Math.ceil(length.toString(16).length / 2);
  if (count !== shortest) throw malformed(start, 'a length that is not in its shortest form');
  return { length, at: start + 1 + count };
}
