import type { ProfileName } from '../model/profile-name';
import type { ExtendedKeyUsage, KeyUsage } from './object-identifiers';

export interface Profile {
  ca: boolean;
  /** pathLen when the caller gives none; undefined: no limit. */
  pathLength?: number;
  /** By the kind of the certified key. */
  keyUsage: { ec: readonly KeyUsage[]; rsa: readonly KeyUsage[] };
  extendedKeyUsage: readonly ExtendedKeyUsage[];
  subjectAltNames: 'none' | 'optional' | 'required';
  subjectKeyIdentifier: boolean;
  authorityKeyIdentifier: boolean;
}

const CA_USAGE: readonly KeyUsage[] = ['keyCertSign', 'cRLSign'];
const LEAF = {
  ca: false,
  // keyEncipherment for RSA: NSS wants it on servers. Never for EC (RFC 8813 §3); keyAgreement never (NSS, RSA).
  keyUsage: { ec: ['digitalSignature'], rsa: ['digitalSignature', 'keyEncipherment'] },
  subjectKeyIdentifier: false,
  authorityKeyIdentifier: true,
} as const;

/** What each kind of certificate contains (DESIGN.md §1.8). basicConstraints and keyUsage are critical, the rest not. */
export const PROFILES: Record<ProfileName, Profile> = {
  root: {
    ca: true,
    // pathLen 0 on a root with an intermediate breaks every stack but BearSSL (FACTS §3): none.
    keyUsage: { ec: CA_USAGE, rsa: CA_USAGE },
    extendedKeyUsage: [],
    subjectAltNames: 'none',
    subjectKeyIdentifier: true,
    authorityKeyIdentifier: false,
  },
  intermediate: {
    ca: true,
    pathLength: 0,
    keyUsage: { ec: CA_USAGE, rsa: CA_USAGE },
    extendedKeyUsage: [],
    subjectAltNames: 'none',
    subjectKeyIdentifier: true,
    authorityKeyIdentifier: true,
  },
  server: { ...LEAF, extendedKeyUsage: ['serverAuth'], subjectAltNames: 'required' },
  client: { ...LEAF, extendedKeyUsage: ['clientAuth'], subjectAltNames: 'optional' },
  device: { ...LEAF, extendedKeyUsage: ['clientAuth'], subjectAltNames: 'optional' },
  'server-client': { ...LEAF, extendedKeyUsage: ['serverAuth', 'clientAuth'], subjectAltNames: 'required' },
};
