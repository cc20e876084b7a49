import type { CertificateResult } from '../model/certificate-result';
import type { KeyType } from '../model/key-type';
import { formatSubjectAltName } from '../model/subject-alt-name';
import { secretPrivateKeyPem } from '../pki/private-key';
import type { CertificateAuthority } from './certificate-authority';
import { compatibilityUnder } from './certificate-compatibility';
import type { IssuedCertificate } from './issue-request';

/**
 * What tls-issue sends for a certificate (DESIGN.md §1.2).
 *
 * @param options.privateKey put the private key, not encrypted, into the result
 */
export function toResult(
  issued: IssuedCertificate,
  authority: Pick<CertificateAuthority, 'trustAnchors' | 'trustAnchorsPem'>,
  options: { privateKey: boolean },
): CertificateResult {
  const { certificate, secretPrivateKey } = issued;
  const chain = issued.chain.map(({ pem }) => pem).join('');
  return {
    serialNumber: issued.serialNumber,
    commonName: issued.commonName,
    profile: issued.profile,
    subject: certificate.subjectText,
    issuer: certificate.issuerText,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    fingerprint256: certificate.fingerprint256,
    subjectAltNames: certificate.subjectAltNames.map(formatSubjectAltName),
    // Everything issued here has a key of our kinds; a foreign one shows what it is.
    keyType: certificate.keyDescription as KeyType,
    certificate: certificate.pem,
    chain,
    fullChain: certificate.pem + chain,
    trustAnchors: authority.trustAnchorsPem,
    ...(options.privateKey && secretPrivateKey && { privateKeyPem: secretPrivateKeyPem(secretPrivateKey) }),
    compatibility: compatibilityUnder(certificate, issued.chain, authority.trustAnchors),
    warnings: issued.warnings,
  };
}
