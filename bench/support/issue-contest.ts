import type { KeyType } from '../../src/model/key-type';

/** The two kinds of keys that every peer knows. */
export type ContestKey = Extract<KeyType, 'ec-p256' | 'rsa-2048'>;

/** Somebody who issues certificates; a way that it does not have is left out. */
export interface Contestant {
  name: string;
  /** Sign one certificate for a key that is there already; nothing is written. */
  sign?: (index: number) => Promise<unknown>;
  /** Make a key and a certificate for it. */
  issue?: (index: number) => Promise<unknown>;
}

/** A peer that may be missing. */
export interface Peer {
  name: string;
  /** What installs it; the bench never does. */
  install: string;
  /**
   * @param folder empty, for what it writes
   * @returns undefined when it cannot do this kind of key
   * @throws an error with code ENOENT or MODULE_NOT_FOUND when it is missing
   */
  enter(keyType: ContestKey, folder: string): Promise<Omit<Contestant, 'name'> | undefined>;
}

const MISSING = new Set<unknown>(['ENOENT', 'MODULE_NOT_FOUND']);

/** Those that are here, and a line for each that is not. */
export async function enterAll(peers: readonly Peer[], keyType: ContestKey, folderFor: (name: string) => string) {
  const contestants: Contestant[] = [];
  const absent: string[] = [];
  for (const { name, install, enter } of peers) {
    try {
      const ways = await enter(keyType, folderFor(name));
      if (ways) contestants.push({ name, ...ways });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      absent.push(MISSING.has(code) ? `${name} is missing: ${install}` : `${name} did not start: ${message}`);
    }
  }
  return { contestants, absent };
}
