import { codedError } from '../model/errors';
import type { DerLimits } from './der-reader';
import { TAG } from './der-tags';
import { der } from './der-writer';

const CONSTRUCTED = 0x20;
const INDEFINITE = -1;
const DEFAULT_MAX_BYTES = 1 << 20;
const DEFAULT_MAX_DEPTH = 32;
const DEFAULT_MAX_ELEMENTS = 20_000;

/**
 * Rewrite BER as DER, for the containers of other programs: older Windows, Java and Mozilla write key stores with
 * indefinite lengths and with octet strings in pieces (X.690 §8.1.3.6, §8.7.3). Only form is changed here, the result
 * goes through the strict reader. What is signed (a certificate) stands inside an octet string and stays as it is.
 *
 * A context tag in pieces (`[0] IMPLICIT OCTET STRING`) stays constructed: only its schema tells it from `[0] EXPLICIT`.
 *
 * @throws DER_MALFORMED, DER_TOO_LARGE, DER_TOO_DEEP
 */
export function berToDer(bytes: Uint8Array, limits: DerLimits = {}): Buffer {
  const { maxBytes = DEFAULT_MAX_BYTES, maxDepth = DEFAULT_MAX_DEPTH, maxElements = DEFAULT_MAX_ELEMENTS } = limits;
  if (bytes.length > maxBytes) throw tooLarge('bytes', maxBytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const input: Input = { buffer, maxElements, elementsLeft: maxElements };
  const { element, next } = rewrite(input, 0, buffer.length, maxDepth);
  if (next < buffer.length) throw malformed(next, `${buffer.length - next} bytes behind the end`);
  return element;
}

function malformed(at: number, problem: string) {
  return codedError('DER_MALFORMED', `invalid BER at byte ${at}: ${problem}`, { offset: at });
}

function tooLarge(what: string, limit: number) {
  return codedError('DER_TOO_LARGE', `the BER structure has more than ${limit} ${what}`, { limit });
}

interface Input {
  buffer: Buffer;
  maxElements: number;
  elementsLeft: number;
}

interface Rewritten {
  element: Buffer;
  /** Where the next element begins. */
  next: number;
}

function rewrite(input: Input, start: number, end: number, depthLeft: number): Rewritten {
  const { buffer } = input;
  if (depthLeft <= 0) {
    throw codedError('DER_TOO_DEEP', `the BER structure is nested too deep at byte ${start}`, { offset: start });
  }
  if (input.elementsLeft-- <= 0) throw tooLarge('elements', input.maxElements);
  const identifier = octet(buffer, start, end);
  if ((identifier & 0x1f) === 0x1f) throw malformed(start, 'a tag number above 30');
  const { length, at } = readLength(buffer, start + 1, end);
  if (length > end - at) throw malformed(start, `${length} bytes announced, ${end - at} there`);
  if ((identifier & CONSTRUCTED) === 0) {
    if (length === INDEFINITE) throw malformed(start, 'an indefinite length of a primitive element');
    return { element: der.element(identifier, buffer.subarray(at, at + length)), next: at + length };
  }
  const { elements, next } =
    length === INDEFINITE
      ? rewriteToMark(input, at, end, depthLeft - 1)
      : rewriteAll(input, at, at + length, depthLeft - 1);
  if (identifier === (TAG.octetString | CONSTRUCTED)) return { element: joined(elements, start), next };
  return { element: der.element(identifier, Buffer.concat(elements)), next };
}

/** The elements up to an end that is known. */
function rewriteAll(input: Input, start: number, end: number, depthLeft: number) {
  const elements: Buffer[] = [];
  let next = start;
  while (next < end) {
    const one = rewrite(input, next, end, depthLeft);
    elements.push(one.element);
    next = one.next;
  }
  return { elements, next };
}

/** The elements up to the end-of-contents mark (X.690 §8.1.5). */
function rewriteToMark(input: Input, start: number, end: number, depthLeft: number) {
  const elements: Buffer[] = [];
  let next = start;
  while (octet(input.buffer, next, end) !== 0 || octet(input.buffer, next + 1, end) !== 0) {
    const one = rewrite(input, next, end, depthLeft);
    elements.push(one.element);
    next = one.next;
  }
  return { elements, next: next + 2 };
}

/** The pieces of an octet string; they are octet strings themselves and primitive by now. */
function joined(pieces: readonly Buffer[], start: number): Buffer {
  const contents = pieces.map((piece) => {
    if (piece[0] !== TAG.octetString) throw malformed(start, 'an octet string with other pieces than octet strings');
    return piece.subarray((piece[1] ?? 0) < 0x80 ? 2 : 2 + ((piece[1] ?? 0) & 0x7f));
  });
  return der.octetString(Buffer.concat(contents));
}

function octet(buffer: Buffer, at: number, end: number): number {
  const value = at < end ? buffer[at] : undefined;
  if (value === undefined) throw malformed(at, 'it ends in the middle of an element');
  return value;
}

function readLength(buffer: Buffer, start: number, end: number): { length: number; at: number } {
  const first = octet(buffer, start, end);
  if (first < 0x80) return { length: first, at: start + 1 };
  const count = first & 0x7f;
  if (count === 0) return { length: INDEFINITE, at: start + 1 };
  let length = 0;
  for (let index = 1; index <= count; index++) {
    length = length * 256 + octet(buffer, start + index, end);
    // Leading zeros are allowed here, so the value counts and not the number of octets.
    if (length > 0xffffffff) throw malformed(start, 'a length of more than four bytes');
  }
  return { length, at: start + 1 + count };
}
