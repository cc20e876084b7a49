import { randomBytes, type KeyObject } from 'node:crypto';
import { der } from '../encoding/der-writer';
import { isCodedError } from '../model/errors';
import { readDer, type DerElement } from '../encoding/der-reader';
import { decodePem, encodePem } from '../encoding/pem';
import { aesEncryption, readEncryption } from '../encoding/pkcs12-encryption';
import { checkEncryptedPkcs8 } from './encrypted-key';
import { keyFormOf } from './key-form';
import { checkPassphrase, readPrivateKey, secretPrivateKeyDer, wrongPassphrase } from './private-key';

/** As in our PKCS#12 files; OpenSSL's default is 2,048. */
const ROUNDS = 10_000;

/**
 * The form in which private keys go into a CA folder: PKCS#8 PEM, encrypted when there is a passphrase. PBES2 with AES-256-CBC and
 * PBKDF2-HMAC-SHA-256 (RFC 8018), as OpenSSL and mbedTLS 3 read it.
 *
 * The key of the cipher is derived from the passphrase when the first private key comes, in the thread pool (a group of 128
 * derivations in one go took 76 ms, measured), and serves all that follow: docs/decisions/0036-one-derivation-for-a-batch.md.
 * So a form is for one batch, and then to be forgotten.
 */
export class StoredKeyForm {
  readonly #random: (size: number) => Buffer;
  #encrypt?: ReturnType<typeof aesEncryption>;

  /**
   * @param secretPassphrase empty is the same as none: keys are not encrypted
   * @param random octets for the salt and the initialisation vectors
   */
  constructor(
    readonly secretPassphrase: string | undefined,
    random: (size: number) => Buffer = randomBytes,
  ) {
    this.#random = random;
  }

  /**
   * @param secretPkcs8 DER; it is wiped
   * @throws INPUT_PASSPHRASE
   */
  async secretPem(secretPkcs8: Buffer): Promise<string> {
    try {
      if (!this.secretPassphrase) return encodePem('PRIVATE KEY', secretPkcs8);
      checkPassphrase(this.secretPassphrase);
      const { secretPassphrase } = this;
      this.#encrypt ??= aesEncryption({ secretPassphrase, rounds: ROUNDS, random: this.#random });
      const { algorithm, data } = (await this.#encrypt)(secretPkcs8);
      return encodePem('ENCRYPTED PRIVATE KEY', der.sequence(algorithm, der.octetString(data)));
    } finally {
      secretPkcs8.fill(0);
    }
  }
}

/**
 * One private key as {@link StoredKeyForm} writes it, with a derivation of its own.
 *
 * @param passphrase empty is the same as none: the key is not encrypted
 * @throws INPUT_PASSPHRASE
 */
export function secretStoredKeyPem(key: KeyObject, passphrase: string | undefined): Promise<string> {
  return new StoredKeyForm(passphrase).secretPem(secretPrivateKeyDer(key));
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
