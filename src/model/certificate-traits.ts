import { DAY_MS } from './duration';

/** Peculiarities that no certificate of this package has unless it was asked for; those of others have them. */
export const CERTIFICATE_MARKS = [
  'edwards-signature',
  'weak-signature',
  'critical-extended-key-usage',
  'critical-name-constraints',
  'no-path-below',
  'no-authority-key-id',
  'incomplete-ca',
  'rsa-key-usage',
] as const;

export type CertificateMark = (typeof CERTIFICATE_MARKS)[number];

/** What of a certificate decides who can use it; plain data, so that a dialog knows it before there is a certificate. */
export interface CertificateTraits {
  role: 'root' | 'intermediate' | 'server' | 'client';
  /** `ec-p256` … or `rsa-1024`, `ed25519`. */
  keyType: string;
  dnsNames: readonly string[];
  /** IP addresses. */
  addresses: readonly string[];
  /** From notBefore to notAfter. */
  lifetimeDays: number;
  marks: readonly CertificateMark[];
}

/** What an inventory knows of a certificate, and a dialog of one to be issued. */
export interface CertificateOutline {
  /** A profile name, or anything else for what was made elsewhere. */
  profile: string;
  keyType: string;
  /** `dns:…`, `ip:…` and others. */
  subjectAltNames: readonly string[];
  /** Milliseconds since 1970. */
  notBefore: number;
  /** Milliseconds since 1970. */
  notAfter: number;
  marks?: readonly CertificateMark[] | undefined;
}

const ROLES: Partial<Record<string, CertificateTraits['role']>> & { unknown: CertificateTraits['role'] } = {
  root: 'root',
  intermediate: 'intermediate',
  server: 'server',
  'server-client': 'server',
  client: 'client',
  device: 'client',
  // Without extendedKeyUsage it may be shown as a server's (RFC 5280 §4.2.1.12).
  unknown: 'server',
};

/** The traits of what this package makes by a profile, with the marks that are known. */
export function traitsOfOutline(outline: CertificateOutline): CertificateTraits {
  const { profile, keyType, subjectAltNames, notBefore, notAfter, marks = [] } = outline;
  return {
    role: ROLES[profile] ?? ROLES.unknown,
    keyType,
    dnsNames: valuesOf(subjectAltNames, 'dns:'),
    addresses: valuesOf(subjectAltNames, 'ip:'),
    lifetimeDays: lifetimeDays(notBefore, notAfter),
    marks,
  };
}

/** @param notBefore milliseconds since 1970, as notAfter */
export function lifetimeDays(notBefore: number, notAfter: number): number {
  return (notAfter - notBefore) / DAY_MS;
}

export function isCertificateMark(value: unknown): value is CertificateMark {
  return (CERTIFICATE_MARKS as readonly unknown[]).includes(value);
}

function valuesOf(names: readonly string[], prefix: string): string[] {
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}
