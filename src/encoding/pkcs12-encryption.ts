import { createCipheriv, createDecipheriv } from 'node:crypto';
import { codedError } from '../model/errors';
import { derivePbkdf2, pbkdf2Sha256, readPbkdf2, readRounds } from './pbkdf2';
import type { DerElement } from './der-reader';
import { der } from './der-writer';
import { decryptRc2 } from './foreign-pkcs12';
import { unsupportedPkcs12 } from './pkcs12-error';
import { OID } from './pkcs12-identifiers';
import { derivePkcs12 } from './pkcs12-key-derivation';
import { bmpForms, utf8Forms } from './pkcs12-password';

/** How a part of a file is encrypted. */
export interface Encryption {
  /** For the budget. */
  rounds: number;
  /** In words, when nobody should rely on it. */
  weakness?: string;
  /** The octets a passphrase may stand for here. */
  passwordForms: (secretPassphrase: string | undefined) => Buffer[];
  /** @returns undefined when the padding is wrong, so the password was */
  decrypt: (data: Buffer, secretPassword: Buffer) => Promise<Buffer | undefined>;
}

/**
 * Read the AlgorithmIdentifier of an encryption.
 *
 * @throws P12_UNSUPPORTED, DER_MALFORMED
 */
export function readEncryption(element: DerElement): Encryption {
  const fields = element.sequence('encryptionAlgorithm');
  const oid = fields.next('algorithm').oid('encryptionAlgorithm');
  if (oid === OID.pbes2) return readPbes2(fields.next('parameters'));
  const scheme = OLD_SCHEMES[oid];
  if (!scheme) throw unsupportedPkcs12(OTHER_SCHEMES[oid] ?? `the encryption ${oid}`);
  return readOldScheme(scheme, fields.next('parameters'));
}

/** Ciphers of PBES2; all in CBC mode. */
const CIPHERS: Readonly<Record<string, { name: string; keyBytes: number; blockBytes: number; weakness?: string }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16, blockBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24, blockBytes: 16 },
  [OID.aes256Cbc]: { name: 'aes-256-cbc', keyBytes: 32, blockBytes: 16 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24, blockBytes: 8, weakness: '3DES' },
};

function readPbes2(element: DerElement): Encryption {
  const fields = element.sequence('PBES2');
  const derivation = readPbkdf2(fields.next('keyDerivationFunc'));
  const scheme = fields.next('encryptionScheme').sequence('encryptionScheme');
  fields.end();
  const oid = scheme.next('algorithm').oid('encryptionScheme');
  const cipher = CIPHERS[oid];
  if (!cipher) throw unsupportedPkcs12(`the cipher ${oid}`);
  const iv = scheme.next('parameters');
  if (iv.octetString('iv').length !== cipher.blockBytes) throw iv.refuse('iv', `not ${cipher.blockBytes} octets`);
  return {
    rounds: derivation.rounds,
    weakness: cipher.weakness,
    passwordForms: utf8Forms,
    decrypt: async (data, secretPassword) => {
      checkBlocks(data, cipher.blockBytes);
      const secretKey = await derivePbkdf2(derivation, secretPassword, cipher.keyBytes);
      return decipher(cipher.name, secretKey, iv.content, data);
    },
  };
}

interface OldScheme {
  keyBytes: number;
  weakness: string;
  decipher: (data: Buffer, secretKey: Buffer, iv: Buffer) => Promise<Buffer | undefined> | Buffer | undefined;
}

const rc2 = (effectiveBits: number): OldScheme => ({
  keyBytes: effectiveBits / 8,
  weakness: `RC2 with ${effectiveBits} bits`,
  decipher: (data, secretKey, iv) => decryptRc2(data, { secretKey, iv, effectiveBits }),
});

/** Encryption by the key derivation of PKCS#12 itself (RFC 7292 Appendix C); blocks of 8 octets in CBC mode. */
const OLD_SCHEMES: Readonly<Record<string, OldScheme>> = {
  [OID.pbeWithSha1And3Des]: {
    keyBytes: 24,
    weakness: '3DES',
    decipher: (data, secretKey, iv) => decipher('des-ede3-cbc', secretKey, iv, data),
  },
  '1.2.840.113549.1.12.1.4': {
    keyBytes: 16,
    weakness: '3DES with two keys',
    decipher: (data, secretKey, iv) =>
      decipher('des-ede3-cbc', Buffer.concat([secretKey, secretKey.subarray(0, 8)]), iv, data),
  },
  '1.2.840.113549.1.12.1.5': rc2(128),
  '1.2.840.113549.1.12.1.6': rc2(40),
};

/** Known by name and not opened: nobody writes them any more. */
const OTHER_SCHEMES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.12.1.1': 'the cipher RC4 with 128 bits',
  '1.2.840.113549.1.12.1.2': 'the cipher RC4 with 40 bits',
  '1.2.840.113549.1.5.3': 'the cipher DES with MD5',
  '1.2.840.113549.1.5.10': 'the cipher DES with SHA-1',
};

const OLD_BLOCK_BYTES = 8;

function readOldScheme({ keyBytes, weakness, decipher: decrypt }: OldScheme, element: DerElement): Encryption {
  const parameters = element.sequence('pkcs-12PbeParams');
  const salt = parameters.next('salt').octetString('salt');
  const rounds = readRounds(parameters.next('iterations'));
  parameters.end();
  return {
    rounds,
    weakness,
    passwordForms: bmpForms,
    decrypt: async (data, secretPassword) => {
      checkBlocks(data, OLD_BLOCK_BYTES);
      const { secretKey, iv } = await oldKey({ secretPassword, salt, rounds }, keyBytes);
      return decrypt(data, secretKey, iv);
    },
  };
}

async function oldKey(source: { secretPassword: Buffer; salt: Buffer; rounds: number }, keyBytes: number) {
  const secretKey = await derivePkcs12({ ...source, hash: 'sha1', purpose: 'key', length: keyBytes });
  const iv = await derivePkcs12({ ...source, hash: 'sha1', purpose: 'iv', length: OLD_BLOCK_BYTES });
  return { secretKey, iv };
}

function checkBlocks(data: Buffer, blockBytes: number): void {
  if (data.length > 0 && data.length % blockBytes === 0) return;
  throw codedError('DER_MALFORMED', `encrypted data: ${data.length} octets are no whole number of blocks`);
}

function decipher(name: string, secretKey: Buffer, iv: Buffer, data: Buffer): Buffer | undefined {
  const cipher = createDecipheriv(name, secretKey, iv);
  try {
    return Buffer.concat([cipher.update(data), cipher.final()]);
  } catch {
    return undefined; // the padding
  }
}

/** What the writer encrypts with. */
export interface EncryptionParameters {
  secretPassphrase: string;
  rounds: number;
  random: (size: number) => Buffer;
}

/** A part of a file, encrypted, with its AlgorithmIdentifier. */
export interface Encrypted {
  algorithm: Buffer;
  data: Buffer;
}

/** PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256. */
export async function encryptAes(plain: Buffer, parameters: EncryptionParameters): Promise<Encrypted> {
  const encrypt = await aesEncryption(parameters);
  return encrypt(plain);
}

/**
 * The same for several parts: one salt and one derivation for all of them, an initialisation vector for each
 * (docs/decisions/0036-one-derivation-for-a-batch.md).
 */
export async function aesEncryption({
  secretPassphrase,
  rounds,
  random,
}: EncryptionParameters): Promise<(plain: Buffer) => Encrypted> {
  const salt = random(16);
  const [password = Buffer.alloc(0)] = utf8Forms(secretPassphrase);
  const secretKey = await derivePbkdf2({ salt, rounds, hash: 'sha256' }, password, 32);
  const derivation = pbkdf2Sha256(salt, rounds);
  return (plain) => {
    const iv = random(16);
    const scheme = der.sequence(der.oid(OID.aes256Cbc), der.octetString(iv));
    return {
      algorithm: der.sequence(der.oid(OID.pbes2), der.sequence(derivation, scheme)),
      data: encipher('aes-256-cbc', secretKey, iv, plain),
    };
  };
}

/** 3DES with the key derivation of PKCS#12 over SHA-1: what Java 6 and Windows XP read. */
export async function encrypt3Des(
  plain: Buffer,
  { secretPassphrase, rounds, random }: EncryptionParameters,
): Promise<Encrypted> {
  const salt = random(8);
  const [secretPassword = Buffer.alloc(0)] = bmpForms(secretPassphrase);
  const { secretKey, iv } = await oldKey({ secretPassword, salt, rounds }, 24);
  const parameters = der.sequence(der.octetString(salt), der.integer(rounds));
  return {
    algorithm: der.sequence(der.oid(OID.pbeWithSha1And3Des), parameters),
    data: encipher('des-ede3-cbc', secretKey, iv, plain),
  };
}

function encipher(name: string, secretKey: Buffer, iv: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv(name, secretKey, iv);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}
