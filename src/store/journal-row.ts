import { isCertificateMark, type CertificateMark } from '../model/certificate-traits';
import type { KeyType } from '../model/key-type';
import type { ProfileName } from '../model/profile-name';
import { isRevocationReason, type RevocationReason } from '../model/revocation-reason';
import type { Revocation } from './index-row';

/**
 * What happened in a CA. `adopted`: found in the folder, written by a crash or by another program; `imported`: taken over with
 * the CA; `restored`: the CA came back from a backup; `passphrase`: its keys were encrypted anew.
 */
export const JOURNAL_EVENTS = [
  'created',
  'issued',
  'renewed',
  'adopted',
  'imported',
  'restored',
  'passphrase',
  'revoked',
  'released',
  'crl',
  'ca-renewed',
  'ca-introduced',
  'ca-switched',
  'ca-retired',
  'ca-cancelled',
] as const;
export type JournalEvent = (typeof JOURNAL_EVENTS)[number];

/** What the index does not say about a certificate. */
export interface CertificateDetails {
  commonName: string;
  /** What the certificate is; `unknown` when it was made elsewhere and fits no profile of ours. */
  profile: ProfileName | 'unknown';
  /** As `keyDescription` of a certificate; a {@link KeyType} for all that were issued here. */
  keyType: KeyType | string;
  /** `dns:…`, `ip:…`, `uri:…`, `email:…` */
  subjectAltNames: readonly string[];
  /** Milliseconds since 1970. */
  notBefore: number;
  /** SHA-256 over the DER, upper-case hex without colons. */
  fingerprint256: string;
  /** The key that signed it, upper-case hex; absent in rows of earlier versions and in certificates that do not say. */
  authorityKeyId?: string;
  /** As `publicKeyId` says, of a key that the folder does not hold: its owner may have it certified more than once. */
  publicKeyId?: string;
  /** What decides who can use it and does not follow from the profile; absent when there is nothing. */
  marks?: readonly CertificateMark[];
}

/** One line of `journal.jsonl`: when, which node or person, what. */
export interface JournalRow {
  at: number;
  event: JournalEvent;
  /** Id of the tls-ca node. */
  node: string;
  /** The person, when one is known. */
  actor?: string;
  serialNumber?: string;
  certificate?: CertificateDetails;
  /** Serial number of the certificate that this one renews. */
  renews?: string;
  reason?: RevocationReason;
  crlNumber?: string;
}

/** Format a line with its line feed. Times are written as ISO 8601 for people. */
export function formatJournalRow({ at, certificate, ...rest }: JournalRow): string {
  const { notBefore, subjectAltNames, ...details } = certificate ?? ({} as Partial<CertificateDetails>);
  const line = {
    at: new Date(at).toISOString(),
    ...rest,
    ...(certificate && {
      ...details,
      notBefore: new Date(notBefore ?? 0).toISOString(),
      ...(subjectAltNames && subjectAltNames.length > 0 && { subjectAltNames }),
    }),
  };
  return `${JSON.stringify(line)}\n`;
}

const NO_NAMES: readonly string[] = Object.freeze([]);

/** What a line says about a certificate; `undefined` for other events and for a line that is damaged. */
export function readCertificateDetails(
  text: string,
): { serialNumber: string; details: CertificateDetails } | undefined {
  let row: Record<string, unknown>;
  try {
    row = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { serialNumber, commonName, profile, keyType, notBefore, fingerprint256, subjectAltNames } = row ?? {};
  const { authorityKeyId, publicKeyId, marks } = row ?? {};
  const start = timeOf(notBefore);
  if (typeof serialNumber !== 'string' || typeof commonName !== 'string' || typeof profile !== 'string')
    return undefined;
  if (typeof keyType !== 'string' || typeof fingerprint256 !== 'string' || Number.isNaN(start)) return undefined;
  const names = Array.isArray(subjectAltNames) ? subjectAltNames.filter((name) => typeof name === 'string') : NO_NAMES;
  const details: CertificateDetails = {
    commonName,
    profile: profile as CertificateDetails['profile'],
    keyType,
    subjectAltNames: names,
    notBefore: start,
    fingerprint256,
  };
  if (typeof authorityKeyId === 'string') details.authorityKeyId = authorityKeyId;
  if (typeof publicKeyId === 'string') details.publicKeyId = publicKeyId;
  if (Array.isArray(marks)) details.marks = marks.filter(isCertificateMark);
  return { serialNumber, details };
}

/** Milliseconds since 1970; NaN for anything but the text of a time: an object may fail to become a text. */
function timeOf(value: unknown): number {
  return typeof value === 'string' ? Date.parse(value) : NaN;
}

/** The status a certificate got by a revocation or its release. */
export interface StatusChange {
  serialNumber: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Absent after a release. */
  revocation?: Revocation;
}

/** What a line says about the status of a certificate; `undefined` for other events and for a line that is damaged. */
export function readStatusChange(text: string): StatusChange | undefined {
  // Most lines are of other events.
  if (!/"event":"(revoked|released)"/.test(text)) return undefined;
  let row: Record<string, unknown>;
  try {
    row = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { serialNumber, event, reason } = row;
  const at = timeOf(row.at);
  if (typeof serialNumber !== 'string' || Number.isNaN(at)) return undefined;
  if (event === 'released') return { serialNumber, at };
  if (event !== 'revoked') return undefined;
  return { serialNumber, at, revocation: { at, reason: isRevocationReason(reason) ? reason : 'unspecified' } };
}
