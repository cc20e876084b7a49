import { codedError } from '../model/errors';
import type { DerFields } from '../encoding/der-fields';
import { readDer, type DerElement } from '../encoding/der-reader';
import { TAG } from '../encoding/der-tags';
import type { PemBlock } from '../encoding/pem';
import { readingAs } from './malformed';
import { OID } from './object-identifiers';

/**
 * OpenSSL's tools write 2,048 rounds, careful ones 600,000. Reading is synchronous, and 2^31 rounds, which a hostile
 * file may ask for, would stop Node-RED for half an hour.
 */
const MAX_ROUNDS = 2_000_000;

function unsupported(what: string) {
  return codedError(
    'KEY_UNSUPPORTED',
    `the private key is encrypted with ${what}`,
    { found: what },
    'Encrypt a copy of it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in old.pem -out new.pem',
  );
}

/**
 * Check an EncryptedPrivateKeyInfo (RFC 5958 §3) before anything is decrypted, so that afterwards only the passphrase
 * can be wrong.
 *
 * @returns what opening it costs, as rounds of PBKDF2: a million take half a second to a second
 * @throws KEY_MALFORMED, KEY_UNSUPPORTED
 */
export function checkEncryptedPkcs8(bytes: Buffer): number {
  return readingAs('KEY_MALFORMED', 'the encrypted private key', () => {
    const outer = readDer(bytes).sequence('EncryptedPrivateKeyInfo');
    const algorithm = outer.next('encryptionAlgorithm').sequence('encryptionAlgorithm');
    const data = outer.next('encryptedData').octetString('encryptedData');
    outer.end();
    const scheme = algorithm.next('algorithm').oid('algorithm');
    if (scheme !== OID.pbes2) throw unsupported(`the old scheme ${scheme}`);
    const parameters = algorithm.next('parameters').sequence('PBES2');
    const rounds = checkDerivation(parameters.next('keyDerivationFunc'));
    const blockBytes = checkCipher(parameters.next('encryptionScheme'));
    if (data.length === 0 || data.length % blockBytes !== 0) {
      throw codedError('DER_MALFORMED', `encryptedData: ${data.length} bytes are no whole number of blocks`);
    }
    return rounds;
  });
}

/** HMAC with SHA-1 (the default), SHA-224, SHA-256, SHA-384, SHA-512 (RFC 8018 B.1.2). */
const PRF = /^1\.2\.840\.113549\.2\.(7|8|9|10|11)$/;
/** What OpenSSL allows scrypt by default. */
const MAX_SCRYPT_BYTES = 32 << 20;
/**
 * Blocks that scrypt mixes, N · r · p (RFC 7914 §6); OpenSSL writes 131,072, which take 60 ms. The memory bounds N · r only: with p, which
 * costs next to none, 17 MB of it can be filled a thousand times over (measured: a minute and more, in the event loop).
 */
const MAX_SCRYPT_BLOCKS = 1 << 20;

function checkDerivation(element: DerElement): number {
  const fields = element.sequence('keyDerivationFunc');
  const oid = fields.next('algorithm').oid('keyDerivationFunc');
  const parameters = fields.next('parameters');
  if (oid === OID.pbkdf2) return checkPbkdf2(parameters.sequence('PBKDF2'));
  if (oid === OID.scrypt) return checkScrypt(parameters.sequence('scrypt'));
  throw unsupported(`the key derivation ${oid}`);
}

function checkPbkdf2(parameters: DerFields): number {
  parameters.next('salt').octetString('salt');
  const rounds = parameters.next('iterationCount').integer('iterationCount');
  if (rounds < 1n || rounds > BigInt(MAX_ROUNDS)) throw unsupported(`${rounds} rounds of PBKDF2`);
  parameters.optional(TAG.integer)?.smallInteger('keyLength');
  const prf = parameters.optional(TAG.sequence)?.sequence('prf').next('algorithm').oid('prf');
  if (prf !== undefined && !PRF.test(prf)) throw unsupported(`the pseudo-random function ${prf}`);
  return Number(rounds);
}

function checkScrypt(parameters: DerFields): number {
  parameters.next('salt').octetString('salt');
  const cost = parameters.next('costParameter').smallInteger('costParameter');
  const block = parameters.next('blockSize').smallInteger('blockSize');
  const parallel = parameters.next('parallelizationParameter').smallInteger('parallelizationParameter');
  const bytes = 128 * block * (cost + parallel);
  if (bytes > MAX_SCRYPT_BYTES) throw unsupported(`scrypt in ${bytes} bytes of memory`);
  const blocks = cost * block * parallel;
  if (blocks > MAX_SCRYPT_BLOCKS) throw unsupported(`scrypt of ${blocks} blocks`);
  return blocks;
}

/** Ciphers by identifier with their block size. */
const CIPHERS: Record<string, number> = {
  '2.16.840.1.101.3.4.1.2': 16, // AES-128-CBC
  '2.16.840.1.101.3.4.1.22': 16, // AES-192-CBC
  '2.16.840.1.101.3.4.1.42': 16, // AES-256-CBC
  '1.2.840.113549.3.7': 8, // DES-EDE3-CBC
};

function checkCipher(element: DerElement): number {
  const fields = element.sequence('encryptionScheme');
  const oid = fields.next('algorithm').oid('encryptionScheme');
  const blockBytes = CIPHERS[oid];
  if (blockBytes === undefined) throw unsupported(`the cipher ${oid}`);
  const iv = fields.next('parameters').octetString('iv');
  if (iv.length !== blockBytes) throw codedError('DER_MALFORMED', `iv: ${iv.length} bytes instead of ${blockBytes}`);
  return blockBytes;
}

/** Ciphers of DEK-Info that OpenSSL 3 still opens without its legacy provider. */
const OLD_CIPHERS: Record<string, number> = {
  'AES-128-CBC': 16,
  'AES-192-CBC': 16,
  'AES-256-CBC': 16,
  'DES-EDE3-CBC': 8,
};

/**
 * The same for the old form: PKCS#1 or SEC1 with the headers `Proc-Type` and `DEK-Info` (RFC 1421 §4.6).
 *
 * @throws KEY_MALFORMED, KEY_UNSUPPORTED
 */
export function checkEncryptedPem({ headers, bytes }: PemBlock): void {
  const [cipher = '', iv = ''] = (headers['DEK-Info'] ?? '').split(',');
  const blockBytes = OLD_CIPHERS[cipher];
  if (cipher !== '' && blockBytes === undefined) throw unsupported(`the cipher ${cipher.slice(0, 40)}`);
  if (!blockBytes || !new RegExp(`^[0-9A-Fa-f]{${2 * blockBytes}}$`).test(iv) || bytes.length % blockBytes !== 0) {
    throw codedError('KEY_MALFORMED', 'the encrypted private key is malformed', {}, 'Export the key again');
  }
}
