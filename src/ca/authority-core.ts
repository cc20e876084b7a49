import type { KeyObject } from 'node:crypto';
import type { Clock } from '../model/clock';
import { codedError } from '../model/errors';
import type { Certificate } from '../pki/certificate';
import { newSerialNumber } from '../pki/serial-number-source';
import type { CaDatabase, JournalAuthor } from '../store/ca-database';
import type { AuthorityEvent } from './authority-event';
import type { AuthoritySettings } from './authority-options';
import type { CommitQueue } from './commit-queue';

/** What the parts of a CA share. */
export interface AuthorityCore {
  readonly certificate: Certificate;
  readonly secretKey: KeyObject;
  /** Set when the private keys in the folder are encrypted. */
  readonly secretPassphrase?: string;
  /** This CA and those above it up to the root, which is not among them; empty for a root. */
  readonly chain: Certificate[];
  readonly trustAnchors: Certificate[];
  readonly database: CaDatabase;
  readonly commits: CommitQueue;
  /** Serial numbers given to certificates that are not in the inventory yet, or never came there. */
  readonly reservedSerialNumbers: Set<string>;
  readonly author: JournalAuthor;
  readonly clock: Clock;
  readonly random?: (size: number) => Buffer;
  settings: AuthoritySettings;
  announce(event: AuthorityEvent): void;
}

/** The time of certificates: whole seconds. */
export function wholeSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000) * 1000;
}

const ATTEMPTS = 16;

/** A serial number that no certificate of this CA has or is about to get. */
export function reserveSerialNumber(core: AuthorityCore): string {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const serialNumber = newSerialNumber(core.random);
    if (core.database.inventory.get(serialNumber) || core.reservedSerialNumbers.has(serialNumber)) continue;
    core.reservedSerialNumbers.add(serialNumber);
    return serialNumber;
  }
  throw codedError(
    'CERT_SERIAL_DUPLICATE',
    `${ATTEMPTS} random serial numbers in a row are in use`,
    { attempts: ATTEMPTS },
    'The random numbers of this machine do not vary; do not issue certificates on it',
  );
}
