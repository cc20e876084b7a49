import {
  CERTIFICATE_MARKS,
  lifetimeDays,
  type CertificateMark,
  type CertificateTraits,
} from '../model/certificate-traits';
import type { Certificate } from './certificate';
import { OID } from './object-identifiers';

/** Neither a certificate nor what is read of it ever changes, and a CA is judged with each of its certificates. */
const known = new WeakMap<Certificate, CertificateTraits>();

/** What of a certificate decides who can use it. */
export function traitsOf(certificate: Certificate): CertificateTraits {
  const traits = known.get(certificate) ?? readTraits(certificate);
  known.set(certificate, traits);
  return traits;
}

function readTraits(certificate: Certificate): CertificateTraits {
  const { keyDescription, notBefore, notAfter } = certificate;
  return {
    role: roleOf(certificate),
    keyType: keyDescription,
    dnsNames: values(certificate, 'dns'),
    addresses: values(certificate, 'ip'),
    lifetimeDays: lifetimeDays(notBefore.getTime(), notAfter.getTime()),
    marks: CERTIFICATE_MARKS.filter((mark) => MARKS[mark](certificate)),
  };
}

const MARKS: Record<CertificateMark, (certificate: Certificate) => boolean> = {
  'edwards-signature': ({ signatureAlgorithm }) => signatureAlgorithm.name.startsWith('Ed'),
  // That of a root is looked at by nobody.
  'weak-signature': (certificate) => certificate.signatureAlgorithm.weak && roleOf(certificate) !== 'root',
  'critical-extended-key-usage': (certificate) => isCritical(certificate, OID.extendedKeyUsage),
  'critical-name-constraints': (certificate) => isCritical(certificate, OID.nameConstraints),
  'no-path-below': ({ isCa, basicConstraints }) => isCa && basicConstraints?.pathLength === 0,
  'no-authority-key-id': ({ version, isCa, isSelfIssued, authorityKeyId }) =>
    version === 3 && !(isCa && isSelfIssued) && !authorityKeyId,
  'incomplete-ca': ({ isCa, subjectKeyId, basicConstraints, keyUsage }) =>
    isCa && (!subjectKeyId || !basicConstraints?.critical || !keyUsage),
  'rsa-key-usage': (certificate) => {
    const { keyKind, keyUsage } = certificate;
    return roleOf(certificate) === 'server' && keyKind === 'rsa' && !!keyUsage && !keyUsage.includes('keyEncipherment');
  },
};

function roleOf({ isCa, isSelfIssued, extendedKeyUsage }: Certificate): CertificateTraits['role'] {
  if (isCa) return isSelfIssued ? 'root' : 'intermediate';
  // Without extendedKeyUsage it may be shown as a server's (RFC 5280 §4.2.1.12).
  return (extendedKeyUsage?.includes('serverAuth') ?? true) ? 'server' : 'client';
}

function values(certificate: Certificate, type: 'dns' | 'ip'): string[] {
  return certificate.subjectAltNames.filter((name) => name.type === type).map(({ value }) => value);
}

function isCritical(certificate: Certificate, oid: string): boolean {
  return certificate.extensions.some((extension) => extension.oid === oid && extension.critical);
}
