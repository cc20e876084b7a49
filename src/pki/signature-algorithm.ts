import { sign, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { codedError } from '../model/errors';
import type { KeyType } from '../model/key-type';
import type { DerElement } from '../encoding/der-reader';
import { der } from '../encoding/der-writer';
import { OID } from './object-identifiers';
import { keyTypeOf } from './public-key';

const signAsync = promisify(
  (hash: string, data: Buffer, key: KeyObject, done: (error: Error | null, signature: Buffer) => void) =>
    sign(hash, data, key, done),
);

const verifyAsync = promisify(
  (hash: string, data: Buffer, key: KeyObject, signature: Buffer, done: (error: Error | null, fits: boolean) => void) =>
    verify(hash, data, key, signature, done),
);

interface SignatureAlgorithm {
  oid: string;
  hash: 'sha256' | 'sha384';
  /** The whole AlgorithmIdentifier: NULL for RSA (RFC 4055 §5), nothing for ECDSA (RFC 5758 §3.2). */
  identifier: Buffer;
  /**
   * What is done in the event loop. Handing something to the thread pool and taking it back costs 20 to 60 µs of the loop and
   * over 100 of CPU in all (measured); signing with P-256 takes 22, verifying 53, with RSA-2048 20. All else takes longer.
   */
  inPlace: 'all' | 'verify' | 'nothing';
}

const rsa: SignatureAlgorithm = {
  oid: OID.sha256WithRsa,
  hash: 'sha256',
  identifier: der.sequence(der.oid(OID.sha256WithRsa), der.nullValue()),
  inPlace: 'verify',
};

function ecdsa(oid: string, hash: 'sha256' | 'sha384', inPlace: 'all' | 'nothing'): SignatureAlgorithm {
  return { oid, hash, identifier: der.sequence(der.oid(oid)), inPlace };
}

/** The signature follows the key that signs: SHA-384 for P-384, SHA-256 for all others. */
const BY_KEY: Record<KeyType, SignatureAlgorithm> = {
  'ec-p256': ecdsa(OID.ecdsaWithSha256, 'sha256', 'all'),
  'ec-p384': ecdsa(OID.ecdsaWithSha384, 'sha384', 'nothing'),
  'rsa-2048': rsa,
  'rsa-3072': rsa,
  'rsa-4096': rsa,
};

/**
 * The AlgorithmIdentifier for signatures with this key.
 *
 * @throws KEY_UNSUPPORTED
 */
export function signatureAlgorithmFor(key: KeyObject): Buffer {
  return BY_KEY[keyTypeOf(key)].identifier;
}

/**
 * Sign, in the thread pool when it takes long, and put the three parts together: `SEQUENCE { toBeSigned, algorithm, signature }`.
 *
 * @param toBeSigned must name the algorithm of {@link signatureAlgorithmFor}
 * @throws KEY_UNSUPPORTED; CERT_SIGNATURE when the signature does not verify, which only broken memory can cause: one
 *         faulty RSA-CRT signature gives the private key away, so it must not get out
 */
export function signStructure(toBeSigned: Buffer, key: KeyObject): Promise<Buffer> {
  return signAndRead(toBeSigned, key, (structure) => structure);
}

/**
 * The same, and read the structure back while the thread pool still verifies the signature.
 *
 * @param read what it makes of the structure nobody gets before the signature is verified
 * @throws what `read` throws, and as {@link signStructure}
 */
export async function signAndRead<T>(toBeSigned: Buffer, key: KeyObject, read: (structure: Buffer) => T): Promise<T> {
  const { hash, identifier, inPlace } = BY_KEY[keyTypeOf(key)];
  const signature = inPlace === 'all' ? sign(hash, toBeSigned, key) : await signAsync(hash, toBeSigned, key);
  const verified =
    inPlace !== 'nothing'
      ? verify(hash, toBeSigned, key, signature)
      : verifyAsync(hash, toBeSigned, key, signature).catch(() => false);
  const result = read(der.sequence(toBeSigned, identifier, der.bitString(signature)));
  if (!(await verified)) {
    throw codedError(
      'CERT_SIGNATURE',
      'the new signature does not verify',
      {},
      'Try again; check the memory of this machine',
    );
  }
  return result;
}

/** Algorithms by identifier, for reading: name, kind of key, hash. What is weak is accepted here and judged elsewhere. */
const KNOWN: Record<string, { name: string; kind: 'rsa' | 'ec' | 'other'; hash?: string; weak?: boolean }> = {
  '1.2.840.113549.1.1.4': { name: 'RSA with MD5', kind: 'rsa', weak: true },
  '1.2.840.113549.1.1.5': { name: 'RSA with SHA-1', kind: 'rsa', hash: 'sha1', weak: true },
  [OID.sha256WithRsa]: { name: 'RSA with SHA-256', kind: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { name: 'RSA with SHA-384', kind: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { name: 'RSA with SHA-512', kind: 'rsa', hash: 'sha512' },
  [OID.rsassaPss]: { name: 'RSA-PSS', kind: 'rsa' },
  '1.2.840.10045.4.1': { name: 'ECDSA with SHA-1', kind: 'ec', hash: 'sha1', weak: true },
  [OID.ecdsaWithSha256]: { name: 'ECDSA with SHA-256', kind: 'ec', hash: 'sha256' },
  [OID.ecdsaWithSha384]: { name: 'ECDSA with SHA-384', kind: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { name: 'ECDSA with SHA-512', kind: 'ec', hash: 'sha512' },
  '1.3.101.112': { name: 'Ed25519', kind: 'other' },
  '1.3.101.113': { name: 'Ed448', kind: 'other' },
};

export interface SignatureAlgorithmFacts {
  oid: string;
  /** In words; the dotted identifier when unknown. */
  name: string;
  /** SHA-1, MD5. */
  weak: boolean;
}

/** @throws DER_MALFORMED */
export function readSignatureAlgorithm(element: DerElement): SignatureAlgorithmFacts {
  const oid = element.sequence('signatureAlgorithm').next('algorithm').oid('signatureAlgorithm');
  return { oid, name: KNOWN[oid]?.name ?? oid, weak: KNOWN[oid]?.weak ?? false };
}

/** What may sign a certificate request or a CRL we accept: hash bound to kind of key, parameters exactly as written here. */
const ACCEPTED: Record<string, { kind: 'rsa' | 'ec'; hash: string; identifier: Buffer }> = Object.fromEntries(
  Object.entries(KNOWN).flatMap(([oid, { kind, hash, weak }]) => {
    if (weak || !hash || kind === 'other') return [];
    const identifier = kind === 'rsa' ? der.sequence(der.oid(oid), der.nullValue()) : der.sequence(der.oid(oid));
    return [[oid, { kind, hash, identifier }]];
  }),
);

/**
 * Verify a signature by a white list: the algorithm must fit the kind of key. Without that, `crypto.verify` takes the
 * key's default hash, and 893 of 20,000 mutated requests passed (FACTS §2).
 *
 * @returns false for a wrong signature and for an algorithm that does not fit
 */
export function verifyStructure(signed: SignedBytes, key: KeyObject): boolean {
  const accepted = acceptedFor(signed, key);
  return accepted !== undefined && verifies(signed, accepted, key);
}

/**
 * The same for a certificate, whose weak and unusual algorithms others judge.
 *
 * @returns undefined for what is not on the white list
 */
export function verifyKnown(signed: SignedBytes, key: KeyObject): boolean | undefined {
  const accepted = acceptedFor(signed, key);
  return accepted && verifies(signed, accepted, key);
}

/** The three parts of a signed structure, the algorithm as it stands in it. */
export interface SignedBytes {
  bytes: Buffer;
  algorithm: DerElement;
  signature: Buffer;
}

function acceptedFor({ algorithm }: SignedBytes, key: KeyObject): (typeof ACCEPTED)[string] | undefined {
  const accepted = ACCEPTED[readSignatureAlgorithm(algorithm).oid];
  const fits = accepted?.identifier.equals(algorithm.raw) && key.asymmetricKeyType === accepted.kind;
  return fits ? accepted : undefined;
}

function verifies({ bytes, signature }: SignedBytes, { hash }: (typeof ACCEPTED)[string], key: KeyObject): boolean {
  try {
    return verify(hash, bytes, key, signature);
  } catch {
    return false; // OpenSSL throws for a signature it cannot even parse
  }
}
