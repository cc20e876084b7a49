/**
 * RC2 in CBC (RFC 2268), the cipher of key stores that Windows and Java wrote until about 2020: the OpenSSL in Node
 * lacks it. Decryption only, of files that somebody brings along; nothing is ever encrypted with it. Names as in the RFC.
 */
export interface Rc2Parameters {
  /** 1 to 128 octets. */
  secretKey: Buffer;
  iv: Buffer;
  /** 1 to 1024; 40 or 128 in key stores. */
  effectiveBits: number;
}

const BLOCK_BYTES = 8;
const KEY_BYTES = 128;
/** By how much each word of a block is rotated in a mixing round (§3.1). */
const ROTATIONS = [1, 2, 3, 5] as const;

/** @param data a whole number of blocks @returns undefined when the padding is wrong, so the key was */
export function decryptRc2(data: Buffer, parameters: Rc2Parameters): Buffer | undefined {
  return withoutPadding(decryptRc2Blocks(data, parameters));
}

/** The same with its padding. */
export function decryptRc2Blocks(data: Buffer, { secretKey, iv, effectiveBits }: Rc2Parameters): Buffer {
  const words = expandedKey(secretKey, effectiveBits);
  const plain = Buffer.alloc(data.length);
  const block = new Uint16Array(4);
  for (let at = 0; at + BLOCK_BYTES <= data.length; at += BLOCK_BYTES) {
    for (let word = 0; word < 4; word += 1) block[word] = data.readUInt16LE(at + 2 * word);
    decryptBlock(block, words);
    for (let word = 0; word < 4; word += 1) {
      const before = at === 0 ? iv.readUInt16LE(2 * word) : data.readUInt16LE(at - BLOCK_BYTES + 2 * word);
      plain.writeUInt16LE((block[word] as number) ^ before, at + 2 * word);
    }
  }
  return plain;
}

/** §2: 64 words of 16 bits, of any key. */
function expandedKey(secretKey: Buffer, effectiveBits: number): Uint16Array {
  const key = new Uint8Array(KEY_BYTES);
  const octet = (index: number): number => key[index] as number;
  key.set(secretKey);
  for (let i = secretKey.length; i < KEY_BYTES; i += 1) {
    key[i] = permuted(octet(i - 1) + octet(i - secretKey.length));
  }
  const effectiveBytes = Math.ceil(effectiveBits / 8);
  const mask = 0xff >> (8 * effectiveBytes - effectiveBits);
  key[KEY_BYTES - effectiveBytes] = permuted(octet(KEY_BYTES - effectiveBytes) & mask);
  for (let i = KEY_BYTES - 1 - effectiveBytes; i >= 0; i -= 1)
    key[i] = permuted(octet(i + 1) ^ octet(i + effectiveBytes));
  return Uint16Array.from({ length: KEY_BYTES / 2 }, (_, word) => octet(2 * word) | (octet(2 * word + 1) << 8));
}

/** §4: five mixing rounds backwards, a mashing round, six, one, five. */
function decryptBlock(r: Uint16Array, k: Uint16Array): void {
  let j = k.length - 1;
  const word = (i: number): number => r[i & 3] as number;
  for (let round = 16; round > 0; round -= 1) {
    for (let i = 3; i >= 0; i -= 1, j -= 1) {
      const rotation = ROTATIONS[i] as number;
      const rotated = (word(i) >>> rotation) | (word(i) << (16 - rotation));
      r[i] = rotated - (k[j] as number) - (word(i - 1) & word(i - 2)) - (~word(i - 1) & word(i - 3));
    }
    if (round === 12 || round === 6) {
      for (let i = 3; i >= 0; i -= 1) r[i] = word(i) - (k[word(i - 1) & 63] as number);
    }
  }
}

/** PKCS#7 padding: n octets of the value n (RFC 5652 §6.3). */
function withoutPadding(plain: Buffer): Buffer | undefined {
  const count = plain.at(-1) ?? 0;
  const end = plain.length - count;
  const right = count >= 1 && count <= BLOCK_BYTES && end >= 0 && plain.subarray(end).every((octet) => octet === count);
  return right ? plain.subarray(0, end) : undefined;
}

function permuted(value: number): number {
  return PITABLE[value & 0xff] as number;
}

/** §2, PITABLE: a permutation of 0 to 255 made from the digits of pi. */
const PITABLE = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);
