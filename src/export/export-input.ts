import type { CertificateAuthority } from '../ca/certificate-authority';
import type { IssuedCertificate } from '../ca/issue-request';
import type { Clock } from '../model/clock';
import type { TlsExportConfig } from '../model/config/tls-export';
import type { MosquittoUser } from './mosquitto-users';

/** What the layouts use of a CA. */
export type ExportAuthority = Pick<
  CertificateAuthority,
  'certificate' | 'chainPem' | 'trustAnchors' | 'trustAnchorsPem' | 'crl' | 'staticCrl' | 'list' | 'secretAuthorityKey'
>;

/** Everything a layout needs; nothing in it comes from a message except which certificates. */
export interface ExportInput {
  authority: ExportAuthority;
  /** In the order of the message; empty: the CA itself. */
  certificates: readonly IssuedCertificate[];
  settings: TlsExportConfig;
  /** Encrypts the key files that can be encrypted. */
  secretPassphrase?: string;
  users: readonly MosquittoUser[];
  /** Absolute path of the folder that the files are written into; absent when they are sent in a message. */
  folder?: string;
  clock: Clock;
  /** Random octets for the salts of passwords. */
  random: (size: number) => Buffer;
}

/** A certificate together with the name of its files. */
export interface NamedCertificate extends IssuedCertificate {
  baseName: string;
}

/** True for a certificate that a broker may show. */
export function isServer({ profile }: Pick<IssuedCertificate, 'profile'>): boolean {
  return profile === 'server' || profile === 'server-client';
}
