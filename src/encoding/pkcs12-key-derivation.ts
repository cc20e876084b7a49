import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Block length of each hash in octets (FIPS 180-4). */
const BLOCK_BYTES = { sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128 } as const;

export type Pkcs12Hash = keyof typeof BLOCK_BYTES;

/** What the octets are for; "ID" of RFC 7292 Appendix B.3. */
const PURPOSES = { key: 1, iv: 2, mac: 3 } as const;

/** A round takes 0.8 µs (measured), so Node-RED goes on after 3 ms. OpenSSL's own function is not within reach. */
const SLICE = 4096;

export interface Pkcs12Derivation {
  hash: Pkcs12Hash;
  purpose: keyof typeof PURPOSES;
  /** A form of the passphrase, as `bmpForms` gives it. */
  secretPassword: Buffer;
  salt: Buffer;
  rounds: number;
  /** Octets. */
  length: number;
}

/** The key derivation of PKCS#12 (RFC 7292 Appendix B.2), with a turn for others in between. */
export async function derivePkcs12({
  hash: name,
  purpose,
  secretPassword,
  salt,
  rounds,
  length,
}: Pkcs12Derivation): Promise<Buffer> {
  const block = BLOCK_BYTES[name];
  const diversifier = Buffer.alloc(block, PURPOSES[purpose]);
  const input = Buffer.concat([filled(salt, block), filled(secretPassword, block)]);
  const made: Buffer[] = [];
  for (let bytes = 0; bytes < length;) {
    let digest: Buffer = hash(name, Buffer.concat([diversifier, input]), 'buffer');
    for (let round = 1; round < rounds; round++) {
      digest = hash(name, digest, 'buffer');
      if (round % SLICE === 0) await nextTurn();
    }
    made.push(digest);
    bytes += digest.length;
    addToBlocks(input, filled(digest, block).subarray(0, block));
  }
  return Buffer.concat(made).subarray(0, length);
}

/** Repeated up to a whole number of blocks; nothing stays nothing. */
function filled(bytes: Buffer, block: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes);
}

/** Add the number `addend` + 1 to every block of its length, each modulo 2^(8 * length) (step 6C). */
function addToBlocks(input: Buffer, addend: Buffer): void {
  for (let start = 0; start < input.length; start += addend.length) {
    let carry = 1;
    for (let index = addend.length - 1; index >= 0; index--) {
      carry += (input[start + index] ?? 0) + (addend[index] ?? 0);
      input[start + index] = carry & 0xff;
      carry >>= 8;
    }
  }
}
