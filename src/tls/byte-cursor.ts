/**
 * Reads big-endian fields off untrusted bytes without ever throwing.
 *
 * A read past the end gives 0 or an empty buffer and sets `failed`, as a floating-point NaN would: the
 * parsers above read a whole structure and look at `failed` once. What comes from a broken or hostile
 * server thus means less evidence, never an exception.
 */
export class ByteCursor {
  #position = 0;
  #failed = false;

  constructor(private readonly bytes: Buffer) {}

  /** True once any read went past the end. */
  get failed(): boolean {
    return this.#failed;
  }

  get remaining(): number {
    return this.bytes.length - this.#position;
  }

  uint8(): number {
    return this.#number(1);
  }

  uint16(): number {
    return this.#number(2);
  }

  uint24(): number {
    return this.#number(3);
  }

  /** The next `length` bytes, a view on the original. */
  take(length: number): Buffer {
    if (this.#failed || length > this.remaining) {
      this.#failed = true;
      return Buffer.alloc(0);
    }
    const taken = this.bytes.subarray(this.#position, this.#position + length);
    this.#position += length;
    return taken;
  }

  /** A vector of RFC 8446 §3.4: a length of `lengthBytes` bytes, then that many bytes. */
  vector(lengthBytes: 1 | 2 | 3): Buffer {
    return this.take(this.#number(lengthBytes));
  }

  /** The vectors that fill `bytes` without a gap; stops at the first broken one and at `limit`. */
  static vectors(bytes: Buffer, lengthBytes: 1 | 2 | 3, limit: number): Buffer[] {
    const cursor = new ByteCursor(bytes);
    const found: Buffer[] = [];
    while (cursor.remaining > 0 && found.length < limit) {
      const item = cursor.vector(lengthBytes);
      if (cursor.failed) break;
      found.push(item);
    }
    return found;
  }

  #number(size: 1 | 2 | 3): number {
    const field = this.take(size);
    return field.length === size ? field.readUIntBE(0, size) : 0;
  }
}
