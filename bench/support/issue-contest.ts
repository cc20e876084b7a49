import { existsSync, readFileSync } from 'node:fs';
import type { KeyType } from '../../src/model/key-type';
import { Certificate } from '../../src/pki/certificate';

/** The two kinds of keys that every peer knows. */
export type ContestKey = Extract<KeyType, 'ec-p256' | 'rsa-2048'>;

/** A certificate that was made, PEM or DER, or the path of its file. */
export type Made = Uint8Array | string;

/** Somebody who issues certificates; a way that it does not have is left out. */
export interface Contestant {
  name: string;
  /** Sign one certificate for a key that is there already; nothing is written. */
  sign?: (index: number) => Promise<Made>;
  /** Make a key and a certificate for it. */
  issue?: (index: number) => Promise<Made>;
}

/** A peer that may be missing. */
export interface Peer {
  name: string;
  /** What installs it; the bench never does. */
  install: string;
  /** Key and certificate are files afterwards; else they are in memory only. */
  leavesFiles: boolean;
  /**
   * @param folder empty, for what it writes
   * @returns undefined when it cannot do this kind of key
   * @throws an error with code ENOENT or MODULE_NOT_FOUND when it is missing
   */
  enter(keyType: ContestKey, folder: string): Promise<Omit<Contestant, 'name'> | undefined>;
}

const MISSING = new Set<unknown>(['ENOENT', 'MODULE_NOT_FOUND']);

/** A contestant whose work was looked at. */
export interface Entered extends Contestant {
  leavesFiles: boolean;
  /** In what its certificates are not like ours; empty when they are. */
  differences: string[];
}

/** Those that are here, and a line for each that is not. */
export async function enterAll(peers: readonly Peer[], keyType: ContestKey, folderFor: (name: string) => string) {
  const contestants: Entered[] = [];
  const absent: string[] = [];
  for (const { name, install, leavesFiles, enter } of peers) {
    try {
      const ways = await enter(keyType, folderFor(name));
      if (!ways) continue;
      const made = [await ways.sign?.(1), await ways.issue?.(1)];
      const differences = made.flatMap((each) => (each === undefined ? [] : differencesOf(read(each), keyType)));
      contestants.push({ name, leavesFiles, ...ways, differences: [...new Set(differences)] });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      absent.push(MISSING.has(code) ? `${name} is missing: ${install}` : `${name} did not start: ${message}`);
    }
  }
  return { contestants, absent };
}

function read(made: Made): Certificate {
  return Certificate.fromBytes(typeof made === 'string' && existsSync(made) ? readFileSync(made) : Buffer.from(made));
}

const EXTENSIONS = new Map([
  ['2.5.29.19', 'basicConstraints'],
  ['2.5.29.15', 'keyUsage'],
  ['2.5.29.37', 'extendedKeyUsage'],
  ['2.5.29.35', 'authorityKeyIdentifier'],
  ['2.5.29.14', 'subjectKeyIdentifier'],
  ['2.5.29.17', 'subjectAltName'],
]);
const WANTED = ['basicConstraints', 'keyUsage', 'extendedKeyUsage', 'authorityKeyIdentifier'];
const SIGNATURES: Record<ContestKey, string> = { 'ec-p256': 'ECDSA with SHA-256', 'rsa-2048': 'RSA with SHA-256' };

/** Everybody shall do the same work: kind of key, signature and extensions of a device certificate. */
function differencesOf(certificate: Certificate, keyType: ContestKey): string[] {
  const { keyDescription, signatureAlgorithm, extensions } = certificate;
  const found = extensions.map(({ oid }) => EXTENSIONS.get(oid) ?? oid);
  return [
    ...(keyDescription === keyType ? [] : [`key ${keyDescription}`]),
    ...(signatureAlgorithm.name === SIGNATURES[keyType] ? [] : [`signed by ${signatureAlgorithm.name}`]),
    ...WANTED.filter((each) => !found.includes(each)).map((each) => `no ${each}`),
    ...found.filter((each) => !WANTED.includes(each)).map((each) => `${each} too`),
  ];
}
