import { randomBytes, type KeyObject } from 'node:crypto';
import { der } from '../encoding/der-writer';
import { encodePem } from '../encoding/pem';
import { encryptAes } from '../encoding/pkcs12-encryption';
import { checkPassphrase, secretPrivateKeyDer, secretPrivateKeyPem } from './private-key';

/** As in our PKCS#12 files; OpenSSL's default is 2,048. */
const ROUNDS = 10_000;

/**
 * The private key as PKCS#8 PEM, like `secretPrivateKeyPem`, but with the derivation of the key from the passphrase in the
 * thread pool: a batch of a thousand encrypted keys must not hold up other flows (a group of 128 in one go took 76 ms,
 * measured).
 *
 * PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256 (RFC 8018), as OpenSSL and mbedTLS 3 read it.
 *
 * @param passphrase empty is the same as none: the key is not encrypted
 * @param random octets for salt and initialisation vector
 * @throws INPUT_PASSPHRASE
 */
export async function secretStoredKeyPem(
  key: KeyObject,
  passphrase: string | undefined,
  random: (size: number) => Buffer = randomBytes,
): Promise<string> {
  if (!passphrase) return secretPrivateKeyPem(key);
  checkPassphrase(passphrase);
  const plain = secretPrivateKeyDer(key);
  const { algorithm, data } = await encryptAes(plain, { secretPassphrase: passphrase, rounds: ROUNDS, random });
  plain.fill(0);
  return encodePem('ENCRYPTED PRIVATE KEY', der.sequence(algorithm, der.octetString(data)));
}
