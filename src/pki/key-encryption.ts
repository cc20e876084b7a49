import { randomBytes, type KeyObject } from 'node:crypto';
import { der } from '../encoding/der-writer';
import { isCodedError } from '../model/errors';
import { readDer, type DerElement } from '../encoding/der-reader';
import { decodePem, encodePem } from '../encoding/pem';
import { encryptAes, readEncryption } from '../encoding/pkcs12-encryption';
import { checkEncryptedPkcs8 } from './encrypted-key';
import { keyFormOf } from './key-form';
import {
  checkPassphrase,
  readPrivateKey,
  secretPrivateKeyDer,
  secretPrivateKeyPem,
  wrongPassphrase,
} from './private-key';

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

/**
 * Read a private key like `readPrivateKey`, with the derivation in the thread pool: two million rounds, which a file of somebody
 * else may ask for, would hold up Node-RED for seconds, and a file may hold thousands of such keys.
 *
 * @param spend told what opening the key will cost, as rounds of PBKDF2, before it does; refuses by throwing
 * @throws as `readPrivateKey`
 */
export async function openPrivateKey(
  bytes: Buffer | string,
  passphrase: string | undefined,
  spend: (rounds: number) => void = () => undefined,
): Promise<KeyObject> {
  const encrypted = passphrase ? encryptedPart(bytes) : undefined;
  if (!encrypted) return readPrivateKey(bytes, passphrase);
  spend(checkEncryptedPkcs8(encrypted));
  const [algorithm, data] = readDer(encrypted).list('EncryptedPrivateKeyInfo');
  const scheme = algorithm && schemeOf(algorithm);
  // scrypt, which is bounded to less than a second.
  if (!scheme || !data) return readPrivateKey(bytes, passphrase);
  const [secretPassword = Buffer.alloc(0)] = scheme.passwordForms(passphrase);
  const plain = await scheme.decrypt(data.octetString('encryptedData'), secretPassword);
  if (!plain || keyFormOf(plain) !== 'pkcs8') throw wrongPassphrase();
  return readPrivateKey(plain);
}

function encryptedPart(bytes: Buffer | string): Buffer | undefined {
  if (typeof bytes !== 'string') return keyFormOf(bytes) === 'encrypted-pkcs8' ? bytes : undefined;
  const [block, ...others] = decodePem(bytes);
  return block?.label === 'ENCRYPTED PRIVATE KEY' && others.length === 0 ? block.bytes : undefined;
}

function schemeOf(algorithm: DerElement) {
  try {
    return readEncryption(algorithm);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return undefined;
  }
}
