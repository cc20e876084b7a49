import { createHash, randomBytes, type KeyObject } from 'node:crypto';
import { codedError } from '../model/errors';
import type { CertificateBag, KeyBag } from '../encoding/pkcs12-bag';
import { writePkcs12 } from '../encoding/pkcs12-writer';
import type { Certificate } from './certificate';
import { keyBelongsTo, secretPrivateKeyDer } from './private-key';

/** A private key with its certificate, under a name. */
export interface KeyStoreEntry {
  /** Java compares aliases without case. */
  alias: string;
  privateKey: KeyObject;
  certificate: Certificate;
  /** Issuers in order; with the root, because Java and Windows expect it there. */
  chain: readonly Certificate[];
}

/** A CA to trust, under a name. */
export interface TrustStoreEntry {
  alias: string;
  certificate: Certificate;
}

export interface StoreProtection {
  secretPassphrase: string;
  /** 3DES and SHA-1, for Java before 8u301 and Windows before 10. */
  legacy?: boolean;
  /** Random octets for salts. */
  random?: (size: number) => Buffer;
}

/**
 * A key store: PKCS#12 with one or more private keys, their certificates and chains. Several serve one address under several
 * names (SNI).
 *
 * Encrypted with AES-256-CBC (PBES2, PBKDF2-HMAC-SHA-256) and a MAC with SHA-256; `legacy` as OpenSSL 1 did.
 *
 * @throws INPUT_PASSPHRASE, KEY_MISMATCH
 */
export async function secretKeyStore(entries: readonly KeyStoreEntry[], protection: StoreProtection): Promise<Buffer> {
  const keys: KeyBag[] = [];
  const leaves: CertificateBag[] = [];
  for (const { alias, privateKey, certificate } of entries) {
    if (!keyBelongsTo(privateKey, certificate)) throw mismatch(alias, certificate);
    // As OpenSSL: an identifier only, and Windows shows it.
    const localKeyId = createHash('sha1').update(certificate.der).digest();
    keys.push({ kind: 'key', secretPkcs8: secretPrivateKeyDer(privateKey), friendlyName: alias, localKeyId });
    leaves.push({ kind: 'certificate', der: certificate.der, trusted: false, friendlyName: alias, localKeyId });
  }
  const issuers = distinct(entries.flatMap(({ chain }) => chain)).map(({ der }): CertificateBag => ({
    kind: 'certificate',
    der,
    trusted: false,
  }));
  return write(keys, [...leaves, ...issuers], protection);
}

/**
 * A trust store: PKCS#12 with certificates only, each with Java's mark of a trusted certificate (without it Java
 * sees an empty store).
 *
 * @throws INPUT_PASSPHRASE
 */
export function trustStore(entries: readonly TrustStoreEntry[], protection: StoreProtection): Promise<Buffer> {
  const certificates = entries.map(({ alias, certificate: { der } }): CertificateBag => ({
    kind: 'certificate',
    der,
    trusted: true,
    friendlyName: alias,
  }));
  return write([], certificates, protection);
}

async function write(
  keys: KeyBag[],
  certificates: CertificateBag[],
  { secretPassphrase, legacy = false, random = randomBytes }: StoreProtection,
): Promise<Buffer> {
  checkPassphrase(secretPassphrase);
  const protection = legacy ? 'legacy' : 'modern';
  return writePkcs12({ keys, certificates, secretPassphrase, protection, random });
}

/** Longer ones are refused for private keys, too. */
const MAX_PASSPHRASE_BYTES = 1024;

function checkPassphrase(secretPassphrase: string): void {
  if (secretPassphrase === '') {
    throw codedError('INPUT_PASSPHRASE', 'a PKCS#12 file needs a passphrase', {}, 'Set one');
  }
  if (Buffer.byteLength(secretPassphrase) > MAX_PASSPHRASE_BYTES) {
    throw codedError(
      'INPUT_PASSPHRASE',
      `the passphrase has more than ${MAX_PASSPHRASE_BYTES} bytes`,
      {},
      'Shorten it',
    );
  }
}

function distinct(certificates: readonly Certificate[]): Certificate[] {
  return [...new Map(certificates.map((one) => [one.fingerprint256, one] as const)).values()];
}

function mismatch(alias: string, certificate: Certificate) {
  return codedError(
    'KEY_MISMATCH',
    `the private key for the alias ${JSON.stringify(alias)} does not belong to the certificate "${certificate.subjectText}"`,
    { alias, subject: certificate.subjectText, fingerprint256: certificate.fingerprint256 },
    'Give the key that was made with the certificate',
  );
}
