import { createHmac, timingSafeEqual } from 'node:crypto';
import { derivePbkdf2, readPbkdf2, readRounds } from './pbkdf2';
import type { DerElement } from './der-reader';
import { TAG } from './der-tags';
import { der } from './der-writer';
import { unsupportedPkcs12 } from './pkcs12-error';
import { HASHES, HMACS, OID } from './pkcs12-identifiers';
import { derivePkcs12, type Pkcs12Hash } from './pkcs12-key-derivation';
import { bmpForms, utf8Forms } from './pkcs12-password';

/** The integrity protection of a file: an HMAC under the passphrase (RFC 7292 §4, RFC 9579). */
export interface Mac {
  /** For the budget. */
  rounds: number;
  passwordForms: (secretPassphrase: string | undefined) => Buffer[];
  /** True when the contents were protected with this password and nobody changed them since. */
  protects: (contents: Buffer, secretPassword: Buffer) => Promise<boolean>;
}

const DIGEST_BYTES: Record<Pkcs12Hash, number> = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 };

/**
 * Read MacData.
 *
 * @throws P12_UNSUPPORTED, DER_MALFORMED
 */
export function readMac(element: DerElement): Mac {
  const fields = element.sequence('macData');
  const digestInfo = fields.next('mac').sequence('mac');
  const salt = fields.next('macSalt').octetString('macSalt');
  const iterations = fields.optional(TAG.integer);
  fields.end();
  const algorithm = digestInfo.next('digestAlgorithm').sequence('digestAlgorithm');
  const digest = digestInfo.next('digest').octetString('digest');
  digestInfo.end();
  const oid = algorithm.next('algorithm').oid('digestAlgorithm');
  if (oid === OID.pbmac1) return readPbmac1(algorithm.next('parameters'), digest);
  const hash = HASHES[oid];
  if (!hash) throw unsupportedPkcs12(`the MAC algorithm ${oid}`);
  const rounds = iterations ? readRounds(iterations) : 1;
  return {
    rounds,
    passwordForms: bmpForms,
    protects: async (contents, secretPassword) =>
      same(digest, await macOf(contents, { hash, secretPassword, salt, rounds })),
  };
}

/** PBMAC1: the key comes from PBKDF2, salt and rounds of MacData mean nothing (RFC 9579 §3). */
function readPbmac1(element: DerElement, digest: Buffer): Mac {
  const parameters = element.sequence('PBMAC1');
  const derivation = readPbkdf2(parameters.next('keyDerivationFunc'));
  const oid = parameters.next('messageAuthScheme').sequence('messageAuthScheme').next('algorithm').oid('PBMAC1');
  parameters.end();
  const hash = HMACS[oid];
  if (!hash) throw unsupportedPkcs12(`the MAC algorithm ${oid}`);
  // A shorter key is cheap to guess, and RFC 9579 §6 demands that it is refused.
  const { keyLength } = derivation;
  if (keyLength === undefined || keyLength < 20) throw element.refuse('keyLength', 'a MAC key of less than 20 octets');
  return {
    rounds: derivation.rounds,
    passwordForms: utf8Forms,
    protects: async (contents, secretPassword) => {
      const secretKey = await derivePbkdf2(derivation, secretPassword, keyLength);
      return same(digest, createHmac(hash, secretKey).update(contents).digest());
    },
  };
}

function same(expected: Buffer, made: Buffer): boolean {
  return expected.length === made.length && timingSafeEqual(expected, made);
}

interface MacKeySource {
  hash: Pkcs12Hash;
  secretPassword: Buffer;
  salt: Buffer;
  rounds: number;
}

async function macOf(contents: Buffer, source: MacKeySource): Promise<Buffer> {
  const secretKey = await derivePkcs12({ ...source, purpose: 'mac', length: DIGEST_BYTES[source.hash] });
  return createHmac(source.hash, secretKey).update(contents).digest();
}

export interface MacParameters {
  hash: 'sha1' | 'sha256';
  secretPassphrase: string;
  rounds: number;
  random: (size: number) => Buffer;
}

/** MacData over the contents of a file. */
export async function writeMac(
  contents: Buffer,
  { hash, secretPassphrase, rounds, random }: MacParameters,
): Promise<Buffer> {
  const salt = random(hash === 'sha1' ? 8 : 16);
  const [secretPassword = Buffer.alloc(0)] = bmpForms(secretPassphrase);
  const digest = await macOf(contents, { hash, secretPassword, salt, rounds });
  const algorithm = der.sequence(der.oid(OID[hash]), der.nullValue());
  return der.sequence(der.sequence(algorithm, der.octetString(digest)), der.octetString(salt), der.integer(rounds));
}
