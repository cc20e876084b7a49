import { formatSubjectAltName } from '../model/subject-alt-name';
import type { Certificate } from '../pki/certificate';
import { traitsOf } from '../pki/certificate-traits';
import { publicKeyId } from '../pki/public-key';
import type { InventoryRecord } from './inventory';
import type { CertificateDetails } from './journal-row';

/** What the inventory keeps of a certificate. */
export function toInventoryRecord(
  certificate: Certificate,
  profile: CertificateDetails['profile'],
  hasKey: boolean,
): InventoryRecord {
  const { marks } = traitsOf(certificate);
  return {
    serialNumber: certificate.serialNumber,
    commonName: certificate.subject.commonName ?? '',
    profile,
    keyType: certificate.keyDescription,
    subjectAltNames: certificate.subjectAltNames.map(formatSubjectAltName),
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
    fingerprint256: certificate.fingerprint256.replaceAll(':', ''),
    subjectLine: certificate.subjectOneLine,
    hasKey,
    ...(certificate.authorityKeyId && { authorityKeyId: certificate.authorityKeyId.toString('hex').toUpperCase() }),
    ...(!hasKey && { publicKeyId: publicKeyId(certificate.spki) }),
    ...(marks.length > 0 && { marks }),
  };
}

/**
 * The profile of a certificate that no journal tells of, by what it may be used for. A client and a device certificate
 * differ in nothing but their lifetime, so that becomes `client`.
 */
export function profileOf(certificate: Certificate): CertificateDetails['profile'] {
  if (certificate.isCa) return 'intermediate';
  const usages = certificate.extendedKeyUsage ?? [];
  const server = usages.includes('serverAuth');
  const client = usages.includes('clientAuth');
  if (server && client) return 'server-client';
  if (server) return 'server';
  return client ? 'client' : 'unknown';
}
