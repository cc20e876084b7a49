import { createPrivateKey, sign, verify, type KeyObject, type PrivateKeyInput } from 'node:crypto';
import { codedError, isCodedError } from '../model/errors';
import { readDer } from '../encoding/der-reader';
import { decodePem, looksLikePem, type PemBlock } from '../encoding/pem';
import type { Certificate } from './certificate';
import { checkEncryptedPem, checkEncryptedPkcs8 } from './encrypted-key';
import { keyFormOf } from './key-form';
import { readingAs } from './malformed';
import { describeKey, spkiOf } from './public-key';

export { keyTypeOf } from './public-key';

/** Labels of private keys; the last two kinds are recognised to be refused in words. */
const LABELS = [
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'DSA PRIVATE KEY',
  'OPENSSH PRIVATE KEY',
];

/** Kinds that TLS can use. Which of them the CA issues for is `keyTypeOf`'s question. */
const USABLE: readonly unknown[] = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448'];

/** Node refuses longer ones when writing. */
const MAX_PASSPHRASE_BYTES = 1024;

const MALFORMED_HINT = 'The file is damaged or is something else: export the key again';

/**
 * Read a private key: PKCS#8, PKCS#1 or SEC1, PEM or DER, encrypted or not. Certificates beside it in a PEM are
 * passed over; a second key is not.
 *
 * @param passphrase empty is the same as none; ignored when the key is not encrypted
 * @throws KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, KEY_MALFORMED, KEY_UNSUPPORTED, PEM_NO_BLOCK, PEM_MALFORMED,
 *         PEM_WRONG_LABEL, PEM_TOO_MANY
 */
export function readPrivateKey(bytes: Uint8Array | string, passphrase?: string): KeyObject {
  const isDer = typeof bytes !== 'string' && !looksLikePem(bytes) && bytes[0] === 0x30;
  const key = isDer ? readDerKey(Buffer.from(bytes), passphrase) : readPemKey(bytes, passphrase);
  if (!USABLE.includes(key.asymmetricKeyType)) throw unsupported(String(key.asymmetricKeyType));
  if (describeLoaded(key) === 'ec-explicit') throw unsupported('an EC key with explicit parameters');
  checkNumbers(key);
  checkPair(key);
  return key;
}

/** Of an RSA modulus; OpenSSL verifies with none that is longer (OPENSSL_RSA_MAX_MODULUS_BITS). */
const MAX_MODULUS_BITS = 16_384;

/**
 * OpenSSL loads an RSA key whose secret exponent or primes have any length, and signs with it for as long as that takes: two
 * minutes for 70,000 octets, in the event loop (found by `npm run fuzz`). None is longer than the modulus.
 *
 * @throws KEY_MALFORMED, KEY_UNSUPPORTED
 */
function checkNumbers(key: KeyObject): void {
  if (!key.asymmetricKeyType?.startsWith('rsa')) return;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits > MAX_MODULUS_BITS) throw unsupported(`an RSA key of ${bits} bits`);
  readingAs('KEY_MALFORMED', 'the private key', () => {
    const fields = readDer(key.export({ type: 'pkcs8', format: 'der' })).children();
    const numbers = readDer(fields[2]?.octetString('privateKey') ?? Buffer.alloc(0)).list('RSAPrivateKey');
    // One octet more: DER keeps a number positive by a leading zero.
    const longest = numbers.find(({ content }) => content.length > bits / 8 + 1);
    if (longest) throw longest.refuse('RSAPrivateKey', `a number of ${longest.content.length} octets`);
  });
}

/** OpenSSL loads a key whose public point is the one at infinity, and fails when that is to be written. */
function describeLoaded(key: KeyObject): string {
  try {
    return describeKey(key);
  } catch (error) {
    if (isCodedError(error)) throw error;
    throw codedError('KEY_MALFORMED', 'the private key cannot be read: its public key is none');
  }
}

function readPemKey(bytes: Uint8Array | string, passphrase?: string): KeyObject {
  const [block] = decodePem(bytes, { labels: LABELS, what: 'a private key', maxBlocks: 1 }) as [PemBlock];
  if (block.label === 'OPENSSH PRIVATE KEY') {
    throw unsupported('a key in the format of OpenSSH', 'Convert a copy of it with ssh-keygen -p -m PKCS8');
  }
  if (block.label === 'ENCRYPTED PRIVATE KEY') return readEncryptedPkcs8(block.bytes, passphrase);
  if (block.headers['Proc-Type']?.includes('ENCRYPTED')) {
    const secret = requirePassphrase(passphrase);
    checkEncryptedPem(block);
    return decrypt({ key: block.text, format: 'pem', passphrase: secret });
  }
  const type = { 'RSA PRIVATE KEY': 'pkcs1', 'EC PRIVATE KEY': 'sec1' }[block.label] as 'pkcs1' | 'sec1' | undefined;
  if (block.label === 'DSA PRIVATE KEY') throw unsupported('a DSA key');
  return load({ key: block.bytes, format: 'der', type: type ?? 'pkcs8' });
}

function readDerKey(bytes: Buffer, passphrase?: string): KeyObject {
  const form = keyFormOf(bytes);
  if (form === 'encrypted-pkcs8') return readEncryptedPkcs8(bytes, passphrase);
  if (form === 'certificate') {
    throw codedError('KEY_MALFORMED', 'this is a certificate, not a private key', {}, 'Choose the file of the key');
  }
  if (!form) throw codedError('KEY_MALFORMED', 'the private key is in no known form', {}, MALFORMED_HINT);
  return load({ key: bytes, format: 'der', type: form });
}

function readEncryptedPkcs8(bytes: Buffer, passphrase?: string): KeyObject {
  const secret = requirePassphrase(passphrase);
  checkEncryptedPkcs8(bytes);
  return decrypt({ key: bytes, format: 'der', type: 'pkcs8', passphrase: secret });
}

function requirePassphrase(passphrase: string | undefined): string {
  if (passphrase) return passphrase;
  throw codedError(
    'KEY_ENCRYPTED',
    'the private key is encrypted and no passphrase was given',
    {},
    'Enter its passphrase',
  );
}

function load(input: PrivateKeyInput): KeyObject {
  try {
    return createPrivateKey(input);
  } catch {
    // OpenSSL's own words name internals only ("unsupported", "wrong tag") and never help.
    throw codedError('KEY_MALFORMED', 'the private key is malformed', {}, MALFORMED_HINT);
  }
}

/** The structure was checked before, so what fails now is the passphrase: garbage comes out, or the padding is wrong. */
function decrypt(input: PrivateKeyInput): KeyObject {
  try {
    return createPrivateKey(input);
  } catch {
    throw wrongPassphrase();
  }
}

export function wrongPassphrase() {
  return codedError(
    'KEY_PASSPHRASE_WRONG',
    'the passphrase does not open the private key',
    {},
    'Enter the passphrase that was set when the key was made; capitals count',
  );
}

/** A damaged key can load and then sign what nobody can verify: try it once. */
function checkPair(key: KeyObject): void {
  const probe = Buffer.from('probe');
  const hash = key.asymmetricKeyType?.startsWith('ed') ? null : 'sha256';
  let fits = false;
  try {
    fits = verify(hash, probe, key as never, sign(hash, probe, key));
  } catch {
    // stays false
  }
  if (!fits) {
    throw codedError('KEY_MALFORMED', 'the private and the public half of the key do not fit', {}, MALFORMED_HINT);
  }
}

function unsupported(what: string, hint = 'Use an EC key (P-256, P-384) or an RSA key of 2048 bits or more') {
  return codedError('KEY_UNSUPPORTED', `${what} cannot be used for TLS`, { found: what }, hint);
}

/** @throws INPUT_PASSPHRASE for one that is too long to be written */
export function checkPassphrase(passphrase: string): void {
  if (Buffer.byteLength(passphrase) > MAX_PASSPHRASE_BYTES) {
    throw codedError(
      'INPUT_PASSPHRASE',
      `the passphrase has more than ${MAX_PASSPHRASE_BYTES} bytes`,
      {},
      'Shorten it',
    );
  }
}

/**
 * The private key as PKCS#8 PEM.
 *
 * @param passphrase encrypts it (PBES2, AES-256-CBC, as OpenSSL and mbedTLS 3 read it); empty is the same as none
 * @throws INPUT_PASSPHRASE
 */
export function secretPrivateKeyPem(key: KeyObject, passphrase?: string): string {
  if (!passphrase) return key.export({ type: 'pkcs8', format: 'pem' }) as string;
  checkPassphrase(passphrase);
  return key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }) as string;
}

/** The private key as PKCS#8 DER, not encrypted. */
export function secretPrivateKeyDer(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs8', format: 'der' });
}

/** True when the certificate was issued for the public half of this key. */
export function keyBelongsTo(key: KeyObject, certificate: Certificate): boolean {
  return spkiOf(key).equals(spkiOf(certificate.publicKey));
}
