import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { codedError, isCodedError } from '../model/errors';
import { isKeyType, KEY_TYPES, type KeyType } from '../model/key-type';
import { readDer, type DerElement } from '../encoding/der-reader';
import { TAG } from '../encoding/der-tags';
import { OID } from './object-identifiers';

/** Curves by object identifier, as they are called here. */
const CURVES: Record<string, string> = {
  [OID.p256]: 'ec-p256',
  [OID.p384]: 'ec-p384',
  '1.3.132.0.35': 'ec-p521',
  '1.3.132.0.10': 'ec-secp256k1',
  '1.2.840.10045.3.1.1': 'ec-p192',
  '1.3.132.0.33': 'ec-p224',
  '1.3.36.3.3.2.8.1.1.7': 'ec-brainpool256',
  '1.3.36.3.3.2.8.1.1.11': 'ec-brainpool384',
};

/** Algorithms whose identifier says everything (RFC 8410), and those we can only name. */
const ALGORITHMS: Record<string, string> = {
  '1.3.101.110': 'x25519',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
  '1.2.840.10040.4.1': 'dsa',
};

export interface PublicKeyFacts {
  /** 'ec-p256' … or 'rsa-1024', 'ed25519', 'ec-explicit', 'ec-p256-compressed', or a dotted identifier. */
  description: string;
  kind: 'ec' | 'rsa' | 'other';
  /** Bits of an RSA modulus. */
  bits?: number;
  /** The content of subjectPublicKey: what key identifiers are made of. */
  keyBits: Buffer;
}

/**
 * Say what a SubjectPublicKeyInfo holds without asking a crypto library, which refuses kinds it does not know.
 *
 * @throws DER_MALFORMED
 */
export function readSpki(spki: DerElement): PublicKeyFacts {
  const what = 'subjectPublicKeyInfo';
  const fields = spki.sequence(what);
  const algorithm = fields.next('algorithm').sequence('algorithm');
  const keyBits = fields.next('subjectPublicKey').bitOctets('subjectPublicKey');
  fields.end();
  const oid = algorithm.next('algorithm').oid('algorithm');
  if (oid === OID.rsaEncryption || oid === OID.rsassaPss) {
    const { bits, suffix } = readRsaKey(keyBits);
    return { description: `${oid === OID.rsassaPss ? 'rsa-pss' : 'rsa'}-${bits}${suffix}`, kind: 'rsa', bits, keyBits };
  }
  if (oid === OID.ecPublicKey) {
    return { description: describeCurve(algorithm.next('namedCurve'), keyBits), kind: 'ec', keyBits };
  }
  return { description: ALGORITHMS[oid] ?? oid, kind: 'other', keyBits };
}

function readRsaKey(keyBits: Buffer): { bits: number; suffix: string } {
  const fields = readDer(keyBits).sequence('RSAPublicKey');
  const modulus = fields.next('modulus').integer('modulus');
  const exponent = fields.next('publicExponent').integer('publicExponent');
  fields.end();
  const digits = modulus > 0n ? modulus.toString(16) : '0';
  const bits = digits.length * 4 - (Math.clz32(parseInt(digits.charAt(0), 16)) - 28);
  // With an exponent of 1 anybody signs as the owner of the key (RFC 8017 §3.1: odd, 3 or more).
  const isSound = exponent >= 3n && exponent % 2n === 1n;
  return { bits, suffix: isSound ? '' : '-with-a-broken-exponent' };
}

/** Points are uncompressed, first octet 04: BearSSL reads no other form, and RFC 5480 §2.2 demands only this one. */
const UNCOMPRESSED = 4;

function describeCurve(parameters: DerElement, point: Buffer): string {
  // Explicit parameters (a SEQUENCE) are forbidden by RFC 5480 §2.1.1 and were a vulnerability (CVE-2020-0601).
  if (!parameters.is(TAG.objectIdentifier)) return 'ec-explicit';
  const oid = parameters.oid('namedCurve');
  return (CURVES[oid] ?? `ec-${oid}`) + (point[0] === UNCOMPRESSED ? '' : '-compressed');
}

/** DER of the SubjectPublicKeyInfo of a public or private key. */
export function spkiOf(key: KeyObject): Buffer {
  const known = spkis.get(key);
  if (known) return known;
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  spkis.set(key, spki);
  return spki;
}

/** A CA compares its key with its certificate at every signature; exporting takes five times as long as signing. */
const spkis = new WeakMap<KeyObject, Buffer>();

/** Whoever has read the public half of a key elsewhere spares {@link spkiOf} the export. */
export function rememberSpki(key: KeyObject, spki: Buffer): void {
  spkis.set(key, spki);
}

/** Tells keys apart, no more: 16 of the hex digits of a SHA-256 over the SubjectPublicKeyInfo. */
export function publicKeyId(spki: Buffer): string {
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/** 'ec-p256', 'rsa-1024', 'ed25519' …: for messages, and for keys of any origin. */
export function describeKey(key: KeyObject): string {
  const description = descriptions.get(key) ?? readSpki(readDer(spkiOf(key))).description;
  descriptions.set(key, description);
  return description;
}

/** Issuing asks six times for each certificate: for the profile, the algorithm, the check of the result … */
const descriptions = new WeakMap<KeyObject, string>();

/**
 * Which of the key types the CA issues for this key is.
 *
 * @throws KEY_UNSUPPORTED
 */
export function keyTypeOf(key: KeyObject): KeyType {
  const description = describeKey(key);
  if (isKeyType(description)) return description;
  throw codedError(
    'KEY_UNSUPPORTED',
    `the key is ${description}, not one of ${KEY_TYPES.join(', ')}`,
    { found: description, supported: [...KEY_TYPES] },
    'Make a new key of one of these kinds: they are what every device stack accepts',
  );
}

/**
 * Load a SubjectPublicKeyInfo.
 *
 * @throws KEY_UNSUPPORTED when the crypto library does not know the kind of key, or the key is invalid
 */
export function publicKeyFromSpki(spki: Buffer, description: string): KeyObject {
  // The point at infinity (SEC 1 §2.3.3: one octet): OpenSSL loads it, and fails when the key is used.
  const [, point] = readDer(spki).children();
  if (description.startsWith('ec-') && (point?.content.length ?? 0) <= 2) throw unusable(description);
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch (error) {
    if (isCodedError(error)) throw error;
    throw unusable(description);
  }
}

function unusable(description: string) {
  return codedError('KEY_UNSUPPORTED', `the public key (${description}) cannot be used`, { found: description });
}

/**
 * Key identifier: SHA-1 of the public key's bits, method 1 of RFC 5280 §4.2.1.2. It is an identifier, not a
 * protection: nothing hangs on collisions, and every other tool computes the same, so that a CA made elsewhere and
 * imported here keeps its identifier.
 */
export function keyIdentifier(spki: Buffer): Buffer {
  return createHash('sha1')
    .update(readSpki(readDer(spki)).keyBits)
    .digest();
}
