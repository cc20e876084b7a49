import type { IndexRow } from './index-row';
import type { InventoryRecord } from './inventory';
import type { CertificateDetails } from './journal-row';

const NO_NAMES: readonly string[] = Object.freeze([]);

/** Made from the index, before the journal says more. */
export function undescribed(row: IndexRow): InventoryRecord {
  const record: InventoryRecord = {
    serialNumber: row.serialNumber,
    commonName: '',
    profile: 'unknown',
    keyType: 'unknown',
    subjectAltNames: NO_NAMES,
    notBefore: 0,
    notAfter: row.notAfter,
    fingerprint256: '',
    subjectLine: row.subjectLine,
    hasKey: false,
  };
  if (row.revocation) record.revocation = row.revocation;
  return record;
}

/** A certificate that was read, here or by whoever wrote the journal, has a fingerprint. */
export function isDescribed(record: InventoryRecord): boolean {
  return record.fingerprint256 !== '';
}

/** Written out, because a spread costs five times as much and there may be 100,000 of them. */
export function describe(record: InventoryRecord, details: CertificateDetails): void {
  record.commonName = details.commonName;
  record.profile = details.profile;
  record.keyType = details.keyType;
  record.subjectAltNames = details.subjectAltNames;
  record.notBefore = details.notBefore;
  record.fingerprint256 = details.fingerprint256;
  if (details.authorityKeyId !== undefined) record.authorityKeyId = details.authorityKeyId;
  if (details.publicKeyId !== undefined) record.publicKeyId = details.publicKeyId;
  if (details.marks !== undefined) record.marks = details.marks;
}
