/**
 * A message sealed with a passphrase: CMS AuthEnvelopedData (RFC 5083) for one password recipient (RFC 5652 §6.2.4).
 *
 * A form of our own would be shorter, but this one can be opened without this package, by
 * `openssl cms -decrypt -binary -inform DER -in <file> -pwri_password <passphrase>`.
 */
import { createCipheriv, createDecipheriv, randomBytes, type Cipher, type Decipher } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { codedError, isCodedError } from '../model/errors';
import type { DerElement } from './der-element';
import { readDer } from './der-reader';
import { TAG, TAG_CLASS } from './der-tags';
import { der } from './der-writer';
import { derivePbkdf2, pbkdf2Sha256, readPbkdf2 } from './pbkdf2';

const OID = {
  authEnvelopedData: '1.2.840.113549.1.9.16.1.23',
  plainData: '1.2.840.113549.1.7.1',
  aes256Gcm: '2.16.840.1.101.3.4.1.46',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  passwordWrap: '1.2.840.113549.1.9.16.3.9',
};

/** OWASP's figure for PBKDF2-HMAC-SHA-256 (2023); a quarter of a second in the thread pool. */
const ROUNDS = 600_000;
/** A hostile file may ask for 2^31: half an hour in the thread pool. */
const MAX_ROUNDS = 5_000_000;
/** More than the largest backup: what is in it is bounded by itself. */
export const SEALED_LIMIT = 544 * 1024 * 1024;
/** Some milliseconds of work. */
const BYTES_PER_TURN = 4 * 1024 * 1024;

const KEY_BYTES = 32;
const BLOCK_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface SealOptions {
  rounds?: number;
  random?: (size: number) => Buffer;
}

/** Seal bytes: AES-256-GCM under a random key, which is wrapped with one derived from the passphrase. */
export async function sealMessage(
  content: Uint8Array,
  secretPassphrase: string,
  { rounds = ROUNDS, random = randomBytes }: SealOptions = {},
): Promise<Buffer> {
  const [salt, iv, nonce, secretKey] = [random(16), random(BLOCK_BYTES), random(NONCE_BYTES), random(KEY_BYTES)];
  const derivation = { salt, rounds, hash: 'sha256' as const };
  const secretWrappingKey = await derivePbkdf2(derivation, Buffer.from(secretPassphrase, 'utf8'), KEY_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secretKey, nonce);
  const encrypted = await throughCipher(cipher, content);
  const recipient = der.implicit(
    3,
    Buffer.concat([
      der.integer(0),
      retagged(pbkdf2Sha256(salt, rounds), 0),
      der.sequence(der.oid(OID.passwordWrap), der.sequence(der.oid(OID.aes256Cbc), der.octetString(iv))),
      der.octetString(wrap(secretKey, secretWrappingKey, iv, random)),
    ]),
    true,
  );
  const algorithm = der.sequence(
    der.oid(OID.aes256Gcm),
    der.sequence(der.octetString(nonce), der.integer(TAG_BYTES)), // RFC 5084 §3.2
  );
  const body = der.sequence(
    der.integer(0),
    der.set(recipient),
    der.sequence(der.oid(OID.plainData), algorithm, der.implicit(0, encrypted)),
    der.octetString(cipher.getAuthTag()),
  );
  secretKey.fill(0);
  return der.sequence(der.oid(OID.authEnvelopedData), der.explicit(0, body));
}

/** True for bytes that begin as {@link sealMessage} writes them. */
export function isSealedMessage(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 32));
  return start[0] === 0x30 && start.includes(der.oid(OID.authEnvelopedData));
}

/**
 * Open what {@link sealMessage} sealed, here or with openssl.
 *
 * @throws KEY_ENCRYPTED (no passphrase), KEY_PASSPHRASE_WRONG, STORE_CORRUPT (tampered or damaged), KEY_UNSUPPORTED
 */
export async function openSealedMessage(bytes: Buffer, secretPassphrase: string | undefined): Promise<Buffer> {
  if (!secretPassphrase) throw passphraseMissing();
  const { salt, rounds, iv, wrapped, nonce, encrypted, tag } = readSealed(bytes);
  const derivation = { salt, rounds, hash: 'sha256' as const };
  const secretWrappingKey = await derivePbkdf2(derivation, Buffer.from(secretPassphrase, 'utf8'), KEY_BYTES);
  const secretKey = unwrap(wrapped, secretWrappingKey, iv);
  if (!secretKey) throw passphraseWrong();
  try {
    const cipher = createDecipheriv('aes-256-gcm', secretKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAuthTag(tag);
    return await throughCipher(cipher, encrypted);
  } catch {
    throw damaged('its content does not fit its seal');
  }
}

/** With turns for others: half a gigabyte takes a second. */
async function throughCipher(cipher: Cipher | Decipher, bytes: Uint8Array): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_TURN) {
    parts.push(cipher.update(bytes.subarray(at, at + BYTES_PER_TURN)));
    await nextTurn();
  }
  return Buffer.concat([...parts, cipher.final()]);
}

function readSealed(bytes: Buffer) {
  try {
    const outer = readDer(bytes, { maxBytes: SEALED_LIMIT }).sequence('ContentInfo');
    if (outer.next('contentType').oid('contentType') !== OID.authEnvelopedData) throw unsupported('another content');
    const body = outer.next('content').explicit(0, 'content').sequence('AuthEnvelopedData');
    outer.end();
    body.next('version').smallInteger('version', 0);
    const [recipient, ...others] = body.next('recipientInfos').list('recipientInfos', TAG.set);
    if (!recipient || others.length > 0) throw unsupported('several recipients');
    const content = body.next('authEncryptedContentInfo').sequence('authEncryptedContentInfo');
    const tag = body.next('mac').octetString('mac');
    body.end();
    if (content.next('contentType').oid('contentType') !== OID.plainData) throw unsupported('another content');
    const algorithm = content.next('algorithm').sequence('algorithm');
    if (algorithm.next('algorithm').oid('algorithm') !== OID.aes256Gcm) throw unsupported('another cipher');
    const parameters = algorithm.next('parameters').sequence('GCMParameters');
    const nonce = parameters.next('nonce').octetString('nonce');
    const tagLength = parameters.next('icvLen').smallInteger('icvLen', TAG_BYTES);
    const encrypted = content.next('encryptedContent').implicitOctets(0, 'encryptedContent');
    if (nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES || tagLength !== TAG_BYTES)
      throw unsupported('another length of nonce or tag');
    return { ...readRecipient(recipient), nonce, encrypted, tag };
  } catch (error) {
    if (!isCodedError(error) || error.code === 'KEY_UNSUPPORTED') throw error;
    throw error.code === 'P12_UNSUPPORTED' ? unsupported(error.message) : damaged(error.message);
  }
}

function readRecipient(element: DerElement) {
  const [version, derivation, wrapping, wrappedKey, ...others] = element.implicitList(3, 'PasswordRecipientInfo');
  if (!version || !derivation || !wrapping || !wrappedKey || others.length > 0) throw unsupported('another recipient');
  if (!derivation.is(0, TAG_CLASS.context)) throw unsupported('another recipient');
  const { salt, rounds, hash } = readPbkdf2(readDer(Buffer.concat([Buffer.from([0x30]), derivation.raw.subarray(1)])));
  version.smallInteger('version', 0);
  if (hash !== 'sha256') throw unsupported(`PBKDF2 with ${hash}`);
  if (!retagged(pbkdf2Sha256(salt, rounds), 0).equals(derivation.raw)) throw unsupported('another key derivation');
  if (rounds > MAX_ROUNDS) throw unsupported(`${rounds} rounds of PBKDF2`);
  const scheme = wrapping.sequence('keyEncryptionAlgorithm');
  if (scheme.next('algorithm').oid('algorithm') !== OID.passwordWrap) throw unsupported('another wrapping of the key');
  const cipher = scheme.next('parameters').sequence('parameters');
  if (cipher.next('algorithm').oid('algorithm') !== OID.aes256Cbc) throw unsupported('another wrapping cipher');
  const iv = cipher.next('iv').octetString('iv');
  const wrapped = wrappedKey.octetString('encryptedKey');
  const whole = wrapped.length >= 2 * BLOCK_BYTES && wrapped.length <= 512 && wrapped.length % BLOCK_BYTES === 0;
  if (iv.length !== BLOCK_BYTES || !whole) throw unsupported('another length of the wrapped key');
  return { salt, rounds, iv, wrapped };
}

/** The content of a SEQUENCE under `[n] IMPLICIT`. */
function retagged(sequence: Buffer, tagNumber: number): Buffer {
  return Buffer.concat([Buffer.from([0xa0 | tagNumber]), sequence.subarray(1)]);
}

/** RFC 3211 §2.3.1: length, check octets, key, padding; encrypted twice, so that every octet hangs on every other. */
function wrap(secretKey: Buffer, secretWrappingKey: Buffer, iv: Buffer, random: (size: number) => Buffer): Buffer {
  const check = [0, 1, 2].map((at) => (secretKey[at] ?? 0) ^ 0xff);
  const head = Buffer.concat([Buffer.from([secretKey.length, ...check]), secretKey]);
  const padding = random(Math.max(2 * BLOCK_BYTES, Math.ceil(head.length / BLOCK_BYTES) * BLOCK_BYTES) - head.length);
  const once = cbc(createCipheriv, Buffer.concat([head, padding]), secretWrappingKey, iv);
  return cbc(createCipheriv, once, secretWrappingKey, once.subarray(-BLOCK_BYTES));
}

/** RFC 3211 §2.3.2; undefined when the check octets do not fit, so the passphrase is wrong. */
function unwrap(wrapped: Buffer, secretWrappingKey: Buffer, iv: Buffer): Buffer | undefined {
  // The last block is the vector of all before it.
  const before = wrapped.subarray(-2 * BLOCK_BYTES, -BLOCK_BYTES);
  const last = cbc(createDecipheriv, wrapped.subarray(-BLOCK_BYTES), secretWrappingKey, before);
  const once = cbc(createDecipheriv, wrapped, secretWrappingKey, last);
  const head = cbc(createDecipheriv, once, secretWrappingKey, iv);
  const length = head[0] ?? 0;
  const checks = [1, 2, 3].every((at) => ((head[at] ?? 0) ^ (head[at + 3] ?? 0)) === 0xff);
  return checks && length === KEY_BYTES && head.length >= length + 4 ? head.subarray(4, 4 + length) : undefined;
}

type Make = typeof createCipheriv | typeof createDecipheriv;

function cbc(make: Make, bytes: Buffer, secretKey: Buffer, iv: Buffer): Buffer {
  const cipher = make('aes-256-cbc', secretKey, iv).setAutoPadding(false);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

function passphraseMissing() {
  return codedError('KEY_ENCRYPTED', 'the backup is encrypted and no passphrase was given', {}, 'Enter its passphrase');
}

function passphraseWrong() {
  return codedError(
    'KEY_PASSPHRASE_WRONG',
    'the passphrase does not open the backup',
    {},
    'Enter the passphrase that the CA had when the backup was made; capitals count',
  );
}

function damaged(problem: string) {
  return codedError(
    'STORE_CORRUPT',
    `the backup is damaged or was changed: ${problem}`,
    {},
    'Use another copy of the backup; nothing of this one was taken over',
  );
}

function unsupported(found: string) {
  return codedError('KEY_UNSUPPORTED', `the sealed message uses ${found}`, { found }, 'Make the backup again');
}
