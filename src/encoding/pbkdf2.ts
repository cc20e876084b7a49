import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import type { DerElement } from './der-reader';
import { TAG } from './der-tags';
import { der } from './der-writer';
import { unsupportedPkcs12 } from './pkcs12-error';
import { HMACS, OID } from './pkcs12-identifiers';
import type { Pkcs12Hash } from './pkcs12-key-derivation';

const inThreadPool = promisify(pbkdf2);

/** The parameters of PBKDF2 (RFC 8018 Appendix A.2). */
export interface Pbkdf2 {
  salt: Buffer;
  rounds: number;
  hash: Pkcs12Hash;
  /** Octets, where it is written. */
  keyLength?: number;
}

/** Derive a key in the thread pool. */
export function derivePbkdf2({ salt, rounds, hash }: Pbkdf2, secretPassword: Buffer, length: number): Promise<Buffer> {
  return inThreadPool(secretPassword, salt, rounds, length, hash);
}

/**
 * Read the AlgorithmIdentifier of a key derivation.
 *
 * @throws P12_UNSUPPORTED, DER_MALFORMED
 */
export function readPbkdf2(element: DerElement): Pbkdf2 {
  const fields = element.sequence('keyDerivationFunc');
  const oid = fields.next('algorithm').oid('keyDerivationFunc');
  if (oid !== OID.pbkdf2) throw unsupportedPkcs12(`the key derivation ${oid}`);
  const parameters = fields.next('parameters').sequence('PBKDF2');
  fields.end();
  const salt = parameters.next('salt').octetString('salt');
  const rounds = readRounds(parameters.next('iterationCount'));
  const keyLength = parameters.optional(TAG.integer)?.smallInteger('keyLength', 1024);
  const prf = parameters.optional(TAG.sequence)?.sequence('prf').next('algorithm').oid('prf') ?? OID.hmacWithSha1;
  parameters.end();
  const hash = HMACS[prf];
  if (!hash) throw unsupportedPkcs12(`the pseudo-random function ${prf}`);
  return { salt, rounds, hash, keyLength };
}

/** An iteration count; the largest that OpenSSL takes. How many are reasonable is the budget's question. */
export function readRounds(element: DerElement): number {
  const rounds = element.smallInteger('iterationCount', 0x7fffffff);
  if (rounds < 1) throw element.refuse('iterationCount', 'no rounds at all');
  return rounds;
}

/** The AlgorithmIdentifier of PBKDF2 with HMAC-SHA-256. */
export function pbkdf2Sha256(salt: Buffer, rounds: number): Buffer {
  const prf = der.sequence(der.oid(OID.hmacWithSha256), der.nullValue());
  return der.sequence(der.oid(OID.pbkdf2), der.sequence(der.octetString(salt), der.integer(rounds), prf));
}
