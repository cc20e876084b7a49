import type { CertificateAuthority } from '../ca/certificate-authority';
import { codedError, type CodedError } from '../model/errors';
import type { ClientCertificate } from './server-admission';

/** What the inventory may say against a certificate. */
const STANDINGS = {
  revoked: ['CERT_REVOKED', 'is revoked'],
  expired: ['CERT_EXPIRED', 'has expired'],
  unknown: ['CERT_NOT_FOUND', 'is not in the inventory of this CA'],
} as const;

/** What the CA has against a client's certificate at this moment; undefined when it stands by it. */
export function standingProblem(
  { identity, serialNumber }: ClientCertificate,
  authority: Pick<CertificateAuthority, 'statusOf'>,
): CodedError | undefined {
  const status = authority.statusOf(serialNumber);
  if (status === 'valid') return undefined;
  const [code, words] = STANDINGS[status];
  return codedError(
    code,
    `client certificate refused: ${identity} ${words}`,
    { identity, serialNumber },
    'Issue a new certificate for this client with the CA of the server',
  );
}
