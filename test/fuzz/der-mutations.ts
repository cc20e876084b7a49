import { der } from '../../src/encoding/der-writer';
import { mutated, type SeededRandom } from '../support/seeded-random';

/** A DER element that can be changed part by part; what an OCTET or BIT STRING wraps is opened too. */
interface Piece {
  identifier: number;
  /** Octets in front of what is wrapped: the count of unused bits of a BIT STRING. */
  prefix: Buffer;
  content: Buffer;
  children?: Piece[];
  /** Written instead of the right length. */
  wrongLength?: Buffer;
}

const WRAPPERS = [0x03, 0x04];
const DEEPEST = 60;

/** Lengths that lie: none, indefinite, four bytes full of ones, longer than the rest, not in the shortest form. */
const WRONG_LENGTHS = ['00', '80', '84ffffffff', '847fffffff', '8400000003', '8103', '83000001', '88ffffffffffffffff'];
/** Contents that parsers forget: empty, zeros, negative, huge, the edges of dates and of texts. */
const CONTENTS = [
  Buffer.alloc(0),
  Buffer.from([0]),
  Buffer.from([0xff]),
  Buffer.from([0x80]),
  Buffer.from('0080', 'hex'),
  Buffer.from('ff7f', 'hex'),
  Buffer.from('0102', 'hex'),
  Buffer.from('07ff', 'hex'),
  Buffer.alloc(21, 0x7f),
  Buffer.alloc(700, 0x7f),
  Buffer.alloc(70_000, 0x61),
  Buffer.from('991231235959Z'),
  Buffer.from('99991231235959Z'),
  Buffer.from('000000000000Z'),
  Buffer.from('20240230000000Z'),
  Buffer.from('2401010000Z'),
  Buffer.from('\u0000example.com'),
  Buffer.from('a\nb\r\u001b[31m'),
  Buffer.from('*.*.example..com.'),
  Buffer.from([0xc0, 0xaf]),
  Buffer.from('fffed800', 'hex'),
];
const IDENTIFIERS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1c, 0x1e, 0x1f, 0x24, 0x30, 0x31,
  0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa3, 0xa4, 0xdf, 0xff,
];

/** Read what is well formed; undefined for anything else, which then stays a block of octets. */
function readPieces(bytes: Buffer, depth = 0): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let at = 0; at < bytes.length;) {
    const identifier = bytes[at] as number;
    const first = bytes[at + 1];
    if (first === undefined || (identifier & 0x1f) === 0x1f || depth > DEEPEST) return undefined;
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || count > 4 || at + 2 + count > bytes.length) return undefined;
    const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
    const start = at + 2 + count;
    if (start + length > bytes.length) return undefined;
    pieces.push(pieceOf(identifier, bytes.subarray(start, start + length), depth));
    at = start + length;
  }
  return pieces;
}

function pieceOf(identifier: number, content: Buffer, depth: number): Piece {
  const constructed = (identifier & 0x20) !== 0;
  const prefix = identifier === 0x03 ? content.subarray(0, 1) : Buffer.alloc(0);
  const inner = content.subarray(prefix.length);
  const mayWrap = WRAPPERS.includes(identifier) && [0x30, 0x31, 0x02, 0x03, 0x04].includes(inner[0] ?? 0);
  const children = (constructed || mayWrap) && inner.length > 0 ? readPieces(inner, depth + 1) : undefined;
  return { identifier, prefix, content: inner, ...(children && { children }) };
}

function write(piece: Piece): Buffer {
  const inner = piece.children ? Buffer.concat(piece.children.map(write)) : piece.content;
  const content = Buffer.concat([piece.prefix, inner]);
  if (!piece.wrongLength) return der.element(piece.identifier, content);
  return Buffer.concat([Buffer.from([piece.identifier]), piece.wrongLength, content]);
}

/** Every piece with the list that holds it. */
function places(list: Piece[]): { list: Piece[]; index: number }[] {
  return list.flatMap((piece, index) => [{ list, index }, ...places(piece.children ?? [])]);
}

function any<T>(random: SeededRandom, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

type Change = (place: { list: Piece[]; index: number }, random: SeededRandom, other: () => Piece) => void;

const CHANGES: readonly Change[] = [
  ({ list, index }) => list.splice(index, 1),
  ({ list, index }) => list.splice(index, 0, structuredCopy(list[index] as Piece)),
  ({ list, index }, random) => {
    const copies = any(random, [2, 20, 300]);
    list.splice(index, 0, ...Array.from({ length: copies }, () => list[index] as Piece));
  },
  ({ list, index }, random) => {
    const to = random.below(list.length);
    [list[index], list[to]] = [list[to] as Piece, list[index] as Piece];
  },
  ({ list, index }, random) => {
    (list[index] as Piece).identifier = any(random, IDENTIFIERS);
  },
  ({ list, index }, random) => {
    list[index] = { ...(list[index] as Piece), children: undefined, content: any(random, CONTENTS) };
  },
  ({ list, index }, random) => {
    (list[index] as Piece).wrongLength = Buffer.from(any(random, WRONG_LENGTHS), 'hex');
  },
  ({ list, index }, random) => {
    const levels = any(random, [1, 2, 31, 32, 33, 60]);
    for (let level = 0; level < levels; level += 1) {
      list[index] = {
        identifier: 0x30,
        prefix: Buffer.alloc(0),
        content: Buffer.alloc(0),
        children: [list[index] as Piece],
      };
    }
  },
  ({ list, index }, _random, other) => {
    list[index] = other();
  },
  ({ list, index }, _random, other) => list.splice(index, 0, other()),
  ({ list, index }, random) => {
    const piece = list[index] as Piece;
    if (!piece.children && piece.content.length > 0) piece.content = mutated(piece.content, random);
  },
  ({ list, index }, random) => {
    const piece = list[index] as Piece;
    if (piece.prefix.length > 0) piece.prefix = Buffer.from([random.below(256)]);
  },
];

function structuredCopy(piece: Piece): Piece {
  return { ...piece, ...(piece.children && { children: piece.children.map(structuredCopy) }) };
}

/**
 * A structure with one to four of its parts changed, or taken from another valid one; now and then its octets.
 *
 * @param valid what is changed, and where parts of others come from
 */
export function changedDer(valid: readonly Buffer[], random: SeededRandom): Buffer {
  const original = any(random, valid);
  const pieces = random.below(8) === 0 ? undefined : readPieces(original);
  if (!pieces) return mutated(original, random);
  const other = () => {
    const from = places(readPieces(any(random, valid)) ?? []);
    const place = from.length > 0 ? any(random, from) : undefined;
    // A form with indefinite lengths has no pieces here.
    return place?.list[place.index] ?? pieceOf(0x30, Buffer.alloc(0), 0);
  };
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const all = places(pieces);
    if (all.length > 0) any(random, CHANGES)(any(random, all), random, other);
  }
  const changed = Buffer.concat(pieces.map(write));
  return random.below(16) === 0 && changed.length > 0 ? mutated(changed, random) : changed;
}

/**
 * A structure in which only values are changed: one or two of its texts, numbers, times, or the types of their strings. Most of
 * these are still accepted, with other values.
 */
export function changedValues(valid: readonly Buffer[], random: SeededRandom): Buffer {
  const pieces = readPieces(any(random, valid)) ?? [];
  for (let count = 1 + random.below(2); count > 0; count -= 1) {
    const leaves = places(pieces).filter(({ list, index }) => !list[index]?.children);
    if (leaves.length === 0) break;
    const { list, index } = any(random, leaves);
    const piece = list[index] as Piece;
    if (random.below(3) === 0) piece.identifier = any(random, IDENTIFIERS);
    else if (piece.content.length > 0) piece.content = mutated(piece.content, random);
  }
  return Buffer.concat(pieces.map(write));
}
