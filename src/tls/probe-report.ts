import type { ErrorCode, ErrorFacts, Warning } from '../model/errors';
import { formatSubjectAltName } from '../model/subject-alt-name';
import { daysRemaining, lifetimeUsed } from '../model/duration';
import type { Certificate } from '../pki/certificate';
import type { Stage } from './diagnosis-row';

export type Severity = 'ok' | 'warning' | 'critical';

/** One judge's answer. */
export interface Verdict {
  /** null: not judged (no certificate, no revocation list). */
  ok: boolean | null;
  /** Ours; for `node` the code Node gives. */
  code: string | null;
  message: string;
}

/** What strict verifiers object to, one by one. */
export interface StrictVerdict extends Verdict {
  findings: Warning[];
}

export interface ExpiryVerdict extends Verdict {
  severity: Severity;
}

/** A certificate as reports and dialogs show it. */
export interface CertificateSummary {
  subject: string;
  issuer: string;
  commonName: string;
  serialNumber: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  fingerprint256: string;
  subjectAltNames: string[];
  keyType: string;
  isCa: boolean;
}

/** A certificate of the wire that cannot be read. */
export interface UnreadableCertificate {
  problem: string;
  bytes: number;
}

export interface LeafSummary extends CertificateSummary {
  /** Rounded down; negative once it is over. */
  daysRemaining: number;
  /** 0 to 1. */
  lifetimeUsed: number;
  extendedKeyUsage: string[];
  keyUsage: string[];
}

/** `msg.payload` of tls-probe (contract). */
export interface ProbeReport {
  /** False only when the severity is critical. */
  ok: boolean;
  severity: Severity;
  /** Where it ended; `done` when everything that was asked for worked. */
  stage: Stage;
  /** null when done; what is only due or worth a remark stands in `warnings`. */
  code: ErrorCode | null;
  message: string;
  /** How to mend it; empty when there is nothing to mend. */
  fix: string;
  /** The facts behind the message, as data. */
  cause: ErrorFacts;
  /** `mqtts://broker.local:8883`. */
  target: string;
  /** The name that was sent and verified. */
  servername: string;
  addresses: string[];
  tls: { version: string; cipher: string; group: string | null; alpn: string | null } | null;
  leaf: LeafSummary | null;
  chainSent: (CertificateSummary | UnreadableCertificate)[];
  /** Leaf to trust anchor, as far as it could be followed. */
  chainBuilt: CertificateSummary[];
  /** The certificate of `chainBuilt` that ends first. */
  expiresFirst: { index: number; subject: string; notAfter: string } | null;
  clientAuth: {
    requested: boolean;
    /** null: asked for and sent, so nobody can tell. */
    required: boolean | null;
    /** RFC 4514; empty when the server names none. */
    acceptableCAs: string[];
    sent: boolean;
  };
  verdicts: {
    /** What a plain `tls.connect` of this Node says. */
    node: Verdict;
    strict: StrictVerdict;
    name: Verdict;
    expiry: ExpiryVerdict;
    revocation: Verdict;
  };
  /** Against an earlier report; null when there is none. */
  changed: { fingerprint: boolean; issuer: boolean; key: boolean } | null;
  /** Milliseconds; null for a step that was not reached. */
  timings: { dnsMs: number | null; tcpMs: number | null; tlsMs: number | null; mqttMs: number | null; totalMs: number };
  evidence: { code: string | null; reason: string | null; alert: number | null };
  warnings: Warning[];
  /** SHA-256 over the public key of the leaf, base64: what an spki pin holds. */
  spki256: string | null;
  /** ISO 8601. */
  probedAt: string;
}

/** A certificate may hold thousands of names; a report is shown and stored. */
const LISTED_NAMES = 100;

export function summarize(certificate: Certificate): CertificateSummary {
  return {
    subject: certificate.subjectText,
    issuer: certificate.issuerText,
    commonName: certificate.subject.commonName ?? '',
    serialNumber: certificate.serialNumber,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    fingerprint256: certificate.fingerprint256,
    subjectAltNames: certificate.subjectAltNames.slice(0, LISTED_NAMES).map(formatSubjectAltName),
    keyType: certificate.keyDescription,
    isCa: certificate.isCa,
  };
}

export function summarizeLeaf(certificate: Certificate, now: number): LeafSummary {
  return {
    ...summarize(certificate),
    daysRemaining: daysRemaining(certificate.notAfter, now),
    lifetimeUsed: lifetimeUsed(certificate.notBefore, certificate.notAfter, now),
    extendedKeyUsage: certificate.extendedKeyUsage ?? [],
    keyUsage: certificate.keyUsage ?? [],
  };
}
