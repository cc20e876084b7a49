import type { KeyObject } from 'node:crypto';
import { codedError, warning, type Warning } from '../model/errors';
import { isLeafProfile, CA_PROFILES, type ProfileName } from '../model/profile-name';
import { shownValue } from '../model/shown-value';
import { Certificate } from '../pki/certificate';
import { deviceWarnings } from '../pki/device-compatibility';
import { readPrivateKey } from '../pki/private-key';
import type { InventoryRecord } from '../store/inventory';
import { chainOf } from './authority-generations';
import type { AuthorityCore } from './authority-core';
import type { IssuedCertificate } from './issue-request';

/**
 * The files of a certificate.
 *
 * @throws CERT_NOT_FOUND (in the index, but its file is gone), STORE_CORRUPT (the file is another certificate)
 */
export async function readIssued(core: AuthorityCore, record: InventoryRecord) {
  const { folder } = core.database;
  const { serialNumber } = record;
  const pem = await folder.readCertificate(serialNumber);
  if (pem === undefined) throw fileGone(record, folder.certificatePath(serialNumber));
  const certificate = Certificate.fromPem(pem.toString('utf8'));
  if (certificate.serialNumber !== serialNumber) {
    throw otherCertificate(folder.certificatePath(serialNumber), serialNumber, certificate.serialNumber);
  }
  return { certificate, secretPem: await folder.readSecretKey(serialNumber) };
}

/** A certificate of the folder with its key, as issue() returned it. */
export async function loadIssued(core: AuthorityCore, record: InventoryRecord): Promise<IssuedCertificate> {
  const { certificate, secretPem } = await readIssued(core, record);
  return {
    certificate,
    serialNumber: record.serialNumber,
    profile: isProfileName(record.profile) ? record.profile : 'client',
    commonName: record.commonName,
    chain: chainOf(core, certificate),
    warnings: [...statusWarnings(record, core.clock.now()), ...deviceWarnings(certificate)],
    ...(secretPem && { secretPrivateKey: readPrivateKey(secretPem, core.secretPassphrase) }),
  };
}

/** @throws KEY_ABSENT, KEY_MALFORMED, STORE_… */
export async function loadSecretKey(core: AuthorityCore, record: InventoryRecord): Promise<KeyObject> {
  const pem = await core.database.folder.readSecretKey(record.serialNumber);
  if (pem === undefined) throw keyAbsent(record);
  return readPrivateKey(pem, core.secretPassphrase);
}

function isProfileName(profile: string): profile is ProfileName {
  return isLeafProfile(profile) || (CA_PROFILES as readonly string[]).includes(profile);
}

function statusWarnings({ revocation, notAfter, serialNumber }: InventoryRecord, now: number): Warning[] {
  const hint = 'Issue or renew the certificate; brokers and devices refuse this one';
  if (revocation) {
    const revokedAt = new Date(revocation.at).toISOString();
    const facts = { serialNumber, revokedAt, reason: revocation.reason };
    return [warning('CERT_REVOKED', `the certificate was revoked at ${revokedAt} (${revocation.reason})`, facts, hint)];
  }
  if (notAfter > now) return [];
  const end = new Date(notAfter).toISOString();
  return [warning('CERT_EXPIRED', `the certificate expired at ${end}`, { serialNumber, notAfter: end }, hint)];
}

function keyAbsent(record: InventoryRecord) {
  return codedError(
    'KEY_ABSENT',
    `the CA folder does not hold the private key of ${shownValue(record.commonName)} (${record.serialNumber})`,
    { serialNumber: record.serialNumber, commonName: record.commonName },
    'The key was handed out when the certificate was issued, or never was here; renew with a new key to get one',
  );
}

function fileGone(record: InventoryRecord, path: string) {
  return codedError(
    'CERT_NOT_FOUND',
    `the certificate ${shownValue(record.commonName)} (${record.serialNumber}) is in the index, but its file is gone`,
    { serialNumber: record.serialNumber, path },
    'Restore the file from a backup of the CA folder, or issue a new certificate',
  );
}

function otherCertificate(path: string, expected: string, found: string) {
  return codedError(
    'STORE_CORRUPT',
    `${path} holds the certificate with serial number ${found} instead of ${expected}`,
    { path, expected, found },
    'Restore the file from a backup of the CA folder',
  );
}
