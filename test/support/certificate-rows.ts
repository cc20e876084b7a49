import { daysRemaining } from '../../src/model/duration';
import type { CertificateRow } from '../../src/node-red/certificate-row';

/** A row of the certificates sidebar that ends some days after `now`; what is not given is of a valid device. */
export function certificateRow(now: number, days: number, more: Partial<CertificateRow> = {}): CertificateRow {
  const notAfter = new Date(now + days * 86_400_000);
  return {
    ca: 'ca',
    serialNumber: 'AB12',
    commonName: 'dev01',
    profile: 'device',
    keyType: 'ec-p256',
    subjectAltNames: [],
    notBefore: new Date(now - 86_400_000).toISOString(),
    notAfter: notAfter.toISOString(),
    daysRemaining: daysRemaining(notAfter, now),
    status: days > 0 ? 'valid' : 'expired',
    fingerprint256: '',
    hasKey: true,
    ...more,
  };
}
