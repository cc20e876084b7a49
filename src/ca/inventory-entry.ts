import type { CertificateMark } from '../model/certificate-traits';
import { daysRemaining, renewAt, type RenewalThreshold } from '../model/duration';
import type { InventoryStatus } from '../model/inventory-query';
import type { RevocationReason } from '../model/revocation-reason';
import type { Inventory, InventoryRecord } from '../store/inventory';
import type { Replacements } from './replacement';
import { namesSharing } from './shared-keys';

/** A certificate in a list. */
export interface InventoryEntry {
  serialNumber: string;
  commonName: string;
  /** A profile name, or `unknown` for what was made elsewhere. */
  profile: string;
  keyType: string;
  /** `dns:…`, `ip:…` */
  subjectAltNames: string[];
  /** ISO 8601. */
  notBefore: string;
  /** ISO 8601. */
  notAfter: string;
  /** Whole days, rounded down; negative afterwards. */
  daysRemaining: number;
  status: InventoryStatus;
  /** ISO 8601; only when revoked. */
  revokedAt?: string;
  reason?: RevocationReason;
  /** Serial number of the certificate that counts instead: same name and profile, newer, and valid. */
  replacedBy?: string;
  /** Other names under which the same key is valid; absent when there are none. */
  sharesKeyWith?: string[];
  /** Upper-case colon hex. */
  fingerprint256: string;
  /** The folder holds its private key. */
  hasKey: boolean;
  /** Peculiarities that decide who can use it; for compatibilityOf(), which takes them away. */
  marks?: readonly CertificateMark[];
}

/** By what a certificate of an inventory is judged. */
export interface InventoryMoment {
  /** Milliseconds since 1970. */
  now: number;
  renewBefore: RenewalThreshold;
  replacements: Pick<Replacements, 'of'>;
  inventory: Pick<Inventory, 'ofKey'>;
}

export function toInventoryEntry(record: InventoryRecord, moment: InventoryMoment): InventoryEntry {
  const { revocation } = record;
  const { now, renewBefore, replacements, inventory } = moment;
  const replacedBy = replacements.of(record);
  const sharesKeyWith = namesSharing(inventory, record, now);
  return {
    serialNumber: record.serialNumber,
    commonName: record.commonName,
    profile: record.profile,
    keyType: record.keyType,
    subjectAltNames: [...record.subjectAltNames],
    notBefore: new Date(record.notBefore).toISOString(),
    notAfter: new Date(record.notAfter).toISOString(),
    daysRemaining: daysRemaining(new Date(record.notAfter), now),
    status: statusAt(record, now, renewBefore),
    ...(revocation && { revokedAt: new Date(revocation.at).toISOString(), reason: revocation.reason }),
    ...(replacedBy !== undefined && { replacedBy }),
    ...(sharesKeyWith.length > 0 && { sharesKeyWith }),
    fingerprint256: record.fingerprint256.replace(/..(?=.)/g, '$&:'),
    hasKey: record.hasKey,
    ...(record.marks && { marks: record.marks }),
  };
}

/** Revoked counts more than expired, as in the index. */
export function statusAt(
  record: InventoryRecord,
  now: number,
  renewBefore: RenewalThreshold,
): InventoryEntry['status'] {
  if (record.revocation) return 'revoked';
  if (now >= record.notAfter) return 'expired';
  return isDue(record, now, renewBefore) ? 'expiring' : 'valid';
}

/** The threshold of renewal is reached. */
export function isDue(record: InventoryRecord, now: number, renewBefore: RenewalThreshold): boolean {
  return now >= renewAt(renewBefore, record.notBefore, record.notAfter);
}

/** What counts when a peer shows a certificate; `unknown`: it is none of this CA. */
export type PlainStatus = 'valid' | 'revoked' | 'expired' | 'unknown';

export function plainStatusAt(record: InventoryRecord | undefined, now: number): PlainStatus {
  if (!record) return 'unknown';
  if (record.revocation) return 'revoked';
  return record.notAfter <= now ? 'expired' : 'valid';
}
