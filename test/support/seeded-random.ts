/** A small pseudo-random generator (mulberry32), so that a failing mutation can be made again from its seed. */
export class SeededRandom {
  constructor(private state: number) {}

  /** 0 <= result < 1 */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from 0 to `below - 1`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }
}

type Change = (bytes: Buffer, random: SeededRandom) => Buffer;

/** What transmission errors and attackers do to bytes. */
const CHANGES: readonly Change[] = [
  (bytes, random) => {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([random.below(256)]), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))]);
  },
  (bytes, random) => {
    const [from, to, length] = [random.below(bytes.length), random.below(bytes.length), 1 + random.below(32)];
    bytes.copyWithin(to, from, from + length);
    return bytes;
  },
];

/** A copy with one to three changes; never the same bytes. */
export function mutated(original: Buffer, random: SeededRandom): Buffer {
  if (original.length === 0) return Buffer.from([random.below(256)]);
  for (;;) {
    let bytes: Buffer = Buffer.from(original);
    for (let count = 1 + random.below(3); count > 0 && bytes.length > 0; count--) {
      const change = CHANGES[random.below(CHANGES.length)] as Change;
      bytes = change(Buffer.from(bytes), random);
    }
    if (!bytes.equals(original)) return bytes;
  }
}
