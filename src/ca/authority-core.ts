import type { KeyObject } from 'node:crypto';
import type { Clock } from '../model/clock';
import { codedError, type Warning } from '../model/errors';
import type { Certificate } from '../pki/certificate';
import { newSerialNumber } from '../pki/serial-number-source';
import type { CaDatabase, JournalAuthor } from '../store/ca-database';
import type { AuthorityEvent } from './authority-event';
import type { AuthoritySettings } from './authority-options';
import type { CertificateAuthority } from './certificate-authority';
import type { CommitQueue } from './commit-queue';
import type { Ancestor, Generation } from './generation';
import type { KeptCertificates } from './kept-certificates';
import type { SerialTwins } from './serial-twins';

/** What the parts of a CA share. */
export interface AuthorityCore {
  /** Of the key that issues; this and the four that follow change together (authority-generations.ts). */
  certificate: Certificate;
  secretKey: KeyObject;
  /** Set when the private keys in the folder are encrypted; a removal of the passphrase takes it away. */
  secretPassphrase?: string | undefined;
  /** A new passphrase is agreed on and was not deployed yet (passphrase-change.ts). */
  passphrasePending: boolean;
  /** Names of imported certificates that share a serial number with another one. */
  readonly twins: SerialTwins;
  /** What its owner should know of an imported CA. */
  readonly findings: readonly Warning[];
  /** This CA and those above it up to the root, which is not among them; empty for a root. */
  chain: Certificate[];
  trustAnchors: Certificate[];
  /** The keys of this CA, the one that issues first; more than one while it is being replaced. */
  generations: readonly Generation[];
  /** Every certificate that this CA had, oldest first. */
  ancestors: readonly Ancestor[];
  /** The CA above, where its node runs. */
  readonly issuer?: CertificateAuthority;
  readonly database: CaDatabase;
  readonly commits: CommitQueue;
  /** Serial numbers given to certificates that are not in the inventory yet, or never came there. */
  readonly reservedSerialNumbers: Set<string>;
  /** What those have who renew by themselves. */
  readonly kept: KeptCertificates;
  readonly author: JournalAuthor;
  readonly clock: Clock;
  readonly random?: (size: number) => Buffer;
  settings: AuthoritySettings;
  announce(event: AuthorityEvent): void;
  /** Tell that trust, chain or the issuing key are others now. */
  announceChange(): void;
  /** Note in the user directory which CA lives in the folder. */
  remember?(fingerprint256: string): Promise<void>;
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
