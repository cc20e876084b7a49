import type { Certificate } from './certificate';
import { OID } from './object-identifiers';
import { isAnchor, REISSUE, REISSUE_CA, when, type VerificationRule } from './verification-rule';

const has = (certificate: Certificate, oid: string) =>
  certificate.extensions.some((extension) => extension.oid === oid);
const isCritical = (certificate: Certificate, oid: string) =>
  certificate.extensions.some((extension) => extension.oid === oid && extension.critical);
/** An empty SEQUENCE. */
const isEmptyName = (name: Buffer) => name.length === 2;

/** What only strict verifiers refuse: check_chain of OpenSSL with X509_V_FLAG_X509_STRICT, Python 3.13 by default. */
export const STRICT_RULES: readonly VerificationRule[] = [
  {
    id: 'basic-constraints-not-critical',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(certificate.isCa && !certificate.basicConstraints?.critical, 'has basicConstraints that are not critical'),
    hint: REISSUE_CA,
  },
  {
    id: 'path-length-without-ca',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(
        certificate.basicConstraints?.pathLength !== undefined && !certificate.isCa,
        'has a path length but is no CA',
      ),
    hint: REISSUE,
  },
  {
    id: 'path-length-without-cert-sign',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(
        certificate.basicConstraints?.pathLength !== undefined &&
          !!certificate.keyUsage &&
          !certificate.keyUsage.includes('keyCertSign'),
        'has a path length but no keyUsage keyCertSign',
      ),
    hint: REISSUE_CA,
  },
  {
    id: 'ca-without-key-usage',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) => when(certificate.isCa && !certificate.keyUsage, 'is a CA without keyUsage'),
    hint: REISSUE_CA,
  },
  {
    id: 'cert-sign-without-ca',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(!certificate.isCa && !!certificate.keyUsage?.includes('keyCertSign'), 'has keyCertSign but is no CA'),
    hint: REISSUE,
  },
  {
    id: 'empty-issuer',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) => when(isEmptyName(certificate.issuerBytes), 'has an empty issuer'),
    hint: REISSUE,
  },
  {
    id: 'empty-subject',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(
        isEmptyName(certificate.subjectBytes) &&
          (certificate.isCa || !!certificate.keyUsage?.includes('cRLSign') || !has(certificate, OID.subjectAltName)),
        'has an empty subject',
      ),
    hint: REISSUE,
  },
  {
    id: 'empty-subject-san-not-critical',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(
        isEmptyName(certificate.subjectBytes) &&
          has(certificate, OID.subjectAltName) &&
          !isCritical(certificate, OID.subjectAltName),
        'has an empty subject and a subjectAltName that is not critical',
      ),
    hint: REISSUE,
  },
  {
    id: 'empty-subject-alt-name',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(
        has(certificate, OID.subjectAltName) &&
          certificate.subjectAltNames.length + certificate.otherNames.length === 0,
        'has an empty subjectAltName',
      ),
    hint: REISSUE,
  },
  {
    id: 'critical-key-identifier',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(
        isCritical(certificate, OID.authorityKeyIdentifier) || isCritical(certificate, OID.subjectKeyIdentifier),
        'has a critical key identifier',
      ),
    hint: REISSUE,
  },
  {
    id: 'no-authority-key-identifier',
    code: 'CERT_NOT_STRICT',
    finding: (context) =>
      when(
        context.certificate.version === 3 && !isAnchor(context) && !context.certificate.authorityKeyId,
        'has no authorityKeyIdentifier',
      ),
    hint: REISSUE,
  },
  {
    id: 'no-subject-key-identifier',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(
        certificate.version === 3 && certificate.isCa && !certificate.subjectKeyId,
        'is a CA without subjectKeyIdentifier',
      ),
    hint: REISSUE_CA,
  },
  {
    id: 'extensions-need-version-3',
    code: 'CERT_NOT_STRICT',
    finding: ({ certificate }) =>
      when(certificate.version < 3 && certificate.extensions.length > 0, 'has extensions but is not of version 3'),
    hint: REISSUE,
  },
];
