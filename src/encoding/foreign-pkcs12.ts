/** RC2 in CBC (RFC 2268), the cipher of key stores that Windows and Java wrote until about 2020. */
export interface Rc2Parameters {
  secretKey: Buffer;
  iv: Buffer;
  /** 40 or 128. */
  effectiveBits: number;
}

const BLOCK_BYTES = 8;

/**
 * Decrypt with the one cipher that the OpenSSL in Node lacks.
 *
 * node-forge is loaded only here, when such a file is opened (26 ms, 10 MiB), and gets nothing but cipher text: it
 * parses no structure, and what comes out goes through our own reader.
 *
 * @param data a whole number of blocks
 * @returns undefined when the padding is wrong, so the key was
 */
export async function decryptRc2(
  data: Buffer,
  { secretKey, iv, effectiveBits }: Rc2Parameters,
): Promise<Buffer | undefined> {
  const { default: forge } = await import('node-forge');
  const cipher = forge.rc2.createDecryptionCipher(secretKey.toString('latin1'), effectiveBits);
  cipher.start(iv.toString('latin1'));
  cipher.update(forge.util.createBuffer(data.toString('latin1')));
  cipher.finish(() => true); // its own check of the padding looks at the last octet only
  return withoutPadding(Buffer.from(cipher.output.getBytes(), 'latin1'));
}

/** PKCS#7 padding: n octets of the value n (RFC 5652 §6.3). */
function withoutPadding(plain: Buffer): Buffer | undefined {
  const count = plain.at(-1) ?? 0;
  const end = plain.length - count;
  const right = count >= 1 && count <= BLOCK_BYTES && end >= 0 && plain.subarray(end).every((octet) => octet === count);
  return right ? plain.subarray(0, end) : undefined;
}
