import { codedError } from '../model/errors';
import type { DerLimits } from './der-reader';
import { TAG } from './der-tags';
import { der } from './der-writer';

const CONSTRUCTED = 0x20;
const INDEFINITE = -1;
const DEFAULT_MAX_BYTES = 1 << 20;
const DEFAULT_MAX_DEPTH = 32;

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
  const { maxBytes = DEFAULT_MAX_BYTES, maxDepth = DEFAULT_MAX_DEPTH } = limits;
  if (bytes.length > maxBytes) {
    throw codedError('DER_TOO_LARGE', `the BER structure has ${bytes.length} bytes, at most ${maxBytes} are allowed`, {
      bytes: bytes.length,
      limit: maxBytes,
    });
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { element, next } = rewrite(buffer, 0, buffer.length, maxDepth);
  if (next < buffer.length) throw malformed(next, `${buffer.length - next} bytes behind the end`);
  return element;
}

function malformed(at: number, problem: string) {
  return codedError('DER_MALFORMED', `invalid BER at byte ${at}: ${problem}`, { offset: at });
}

interface Rewritten {
  element: Buffer;
  /** Where the next element begins. */
  next: number;
}

function rewrite(buffer: Buffer, start: number, end: number, depthLeft: number): Rewritten {
  if (depthLeft <= 0) {
    throw codedError('DER_TOO_DEEP', `the BER structure is nested too deep at byte ${start}`, { offset: start });
  }
  const identifier = octet(buffer, start, end);
  if ((identifier & 0x1f) === 0x1f) throw malformed(start, 'a tag number above 30');
  const { length, at } = readLength(buffer, start + 1, end);
  if (length > end - at) throw malformed(start, `${length} bytes announced, ${end - at} there`);
  if ((identifier & CONSTRUCTED) === 0) {
    if (length === INDEFINITE) throw malformed(start, 'an indefinite length of a primitive element');
    return { element: der.element(identifier, buffer.subarray(at, at + length)), next: at + length };
  }
  const { elements, next } = rewriteAll(buffer, at, length === INDEFINITE ? end : at + length, {
    marked: length === INDEFINITE,
    depthLeft: depthLeft - 1,
  });
  if (identifier === (TAG.octetString | CONSTRUCTED)) return { element: joined(elements, start), next };
  return { element: der.element(identifier, Buffer.concat(elements)), next };
}

/** The elements up to the end, or up to the end-of-contents mark (X.690 §8.1.5). */
function rewriteAll(
  buffer: Buffer,
  start: number,
  end: number,
  { marked, depthLeft }: { marked: boolean; depthLeft: number },
) {
  const elements: Buffer[] = [];
  let at = start;
  for (;;) {
    if (!marked && at === end) return { elements, next: at };
    if (marked && octet(buffer, at, end) === 0 && octet(buffer, at + 1, end) === 0) return { elements, next: at + 2 };
    const { element, next } = rewrite(buffer, at, end, depthLeft);
    elements.push(element);
    at = next;
  }
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
