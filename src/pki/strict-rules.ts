import type { ErrorCode } from '../model/errors';
import type { Certificate } from './certificate';
import { isKnownExtension } from './extension-reader';
import { constraintViolation } from './name-constraint-check';
import { nameMatches } from './name-matching';
import { OID } from './object-identifiers';

export interface StrictOptions {
  purpose: 'server' | 'client';
  /** Host name or address the certificate must be for; not checked when absent. */
  name?: string;
  /** Milliseconds since 1970. */
  now: number;
}

export interface StrictContext extends StrictOptions {
  certificate: Certificate;
  /** 0 is the leaf. */
  index: number;
  chain: readonly Certificate[];
}

export interface StrictRule {
  /** Short and stable; tests and messages refer to it. */
  id: string;
  code: ErrorCode;
  /** What is wrong, or undefined when the rule is kept. */
  finding(context: StrictContext): string | undefined;
  hint: string;
}

const REISSUE_CA = 'Make a new CA with this package, or renew this one with the right extensions';
const REISSUE = 'Issue the certificate again with this package';

const when = (broken: boolean, text: string): string | undefined => (broken ? text : undefined);
const isLeaf = ({ index }: StrictContext) => index === 0;
const isAnchor = ({ index, chain }: StrictContext) => index === chain.length - 1;
const has = (certificate: Certificate, oid: string) =>
  certificate.extensions.some((extension) => extension.oid === oid);
const isCritical = (certificate: Certificate, oid: string) =>
  certificate.extensions.some((extension) => extension.oid === oid && extension.critical);
/** An empty SEQUENCE. */
const isEmptyName = (name: Buffer) => name.length === 2;

/** Key usage bits of which TLS needs one, as OpenSSL's purposes sslserver and sslclient do. */
const TLS_USAGES = {
  server: ['digitalSignature', 'keyEncipherment', 'keyAgreement'],
  client: ['digitalSignature', 'keyAgreement'],
};

/** CAs between this one and the leaf that count for pathLen: those that are not self-issued (RFC 5280 §4.2.1.9). */
function casBelow({ chain, index }: StrictContext): number {
  return chain.slice(1, index).filter((certificate) => !certificate.isSelfIssued).length;
}

/** What every verifier refuses. */
const COMMON: readonly StrictRule[] = [
  {
    id: 'expired',
    code: 'CERT_EXPIRED',
    finding: ({ certificate, now }) =>
      when(now > certificate.notAfter.getTime(), `expired on ${certificate.notAfter.toISOString()}`),
    hint: 'Renew it',
  },
  {
    id: 'not-yet-valid',
    code: 'CERT_NOT_YET_VALID',
    finding: ({ certificate, now }) =>
      when(now < certificate.notBefore.getTime(), `is valid only from ${certificate.notBefore.toISOString()}`),
    hint: 'Check the clock of this machine',
  },
  {
    id: 'issuer-is-no-ca',
    code: 'CERT_NOT_A_CA',
    finding: (context) => when(!isLeaf(context) && !context.certificate.isCa, 'has issued a certificate but is no CA'),
    hint: REISSUE_CA,
  },
  {
    id: 'issuer-may-not-sign',
    code: 'CERT_NOT_A_CA',
    finding: (context) => {
      const { keyUsage } = context.certificate;
      return when(!isLeaf(context) && !!keyUsage && !keyUsage.includes('keyCertSign'), 'has no keyUsage keyCertSign');
    },
    hint: REISSUE_CA,
  },
  {
    id: 'path-too-long',
    code: 'CERT_CONSTRAINT',
    finding: (context) => {
      const limit = context.certificate.basicConstraints?.pathLength;
      const below = casBelow(context);
      const broken = !isLeaf(context) && limit !== undefined && below > limit;
      return when(broken, `allows ${limit} CAs below it, there are ${below}`);
    },
    hint: 'Issue from the root directly, or make a root without path length',
  },
  {
    id: 'name-constraint',
    code: 'CERT_CONSTRAINT',
    finding: ({ certificate, chain, index }) => {
      const [leaf] = chain;
      const name =
        index > 0 && leaf ? constraintViolation(certificate.nameConstraints, leaf.subjectAltNames) : undefined;
      return name && `does not allow the name ${name}`;
    },
    hint: 'Use a name within the constraints of the CA',
  },
  {
    id: 'unknown-critical-extension',
    code: 'CERT_CONSTRAINT',
    finding: ({ certificate }) => {
      const unknown = certificate.extensions.find(({ oid, critical }) => critical && !isKnownExtension(oid));
      return unknown && `has the unknown critical extension ${unknown.oid}`;
    },
    hint: REISSUE,
  },
  {
    id: 'extended-key-usage',
    code: 'CERT_PURPOSE',
    finding: (context) => {
      const { certificate, purpose } = context;
      const wanted = purpose === 'server' ? 'serverAuth' : 'clientAuth';
      const { extendedKeyUsage } = certificate;
      const broken =
        !(isAnchor(context) && !isLeaf(context)) && !!extendedKeyUsage && !extendedKeyUsage.includes(wanted);
      return when(broken, `is for ${extendedKeyUsage?.join(', ')}, not for ${wanted}`);
    },
    hint: 'Issue a certificate with the profile server, or client',
  },
  {
    id: 'key-usage',
    code: 'CERT_PURPOSE',
    finding: (context) => {
      const { keyUsage } = context.certificate;
      const fits = TLS_USAGES[context.purpose].some((usage) => keyUsage?.includes(usage));
      return when(
        isLeaf(context) && !!keyUsage && !fits,
        `has a keyUsage (${keyUsage?.join(', ')}) that TLS cannot use`,
      );
    },
    hint: REISSUE,
  },
  {
    id: 'signature',
    code: 'CERT_SIGNATURE',
    finding: ({ certificate, chain, index }) => {
      const issuer = chain[index + 1];
      return when(!!issuer && !certificate.isSignedBy(issuer), `is not signed by "${issuer?.subjectText}"`);
    },
    hint: 'Check which CA has issued it',
  },
  {
    id: 'weak-signature',
    code: 'CERT_WEAK',
    finding: (context) => {
      const { name, weak } = context.certificate.signatureAlgorithm;
      return when(weak && !(isAnchor(context) && context.certificate.isSelfIssued), `is signed by ${name}`);
    },
    hint: REISSUE,
  },
  {
    id: 'weak-key',
    code: 'CERT_WEAK',
    finding: ({ certificate }) => {
      const bits = /^rsa(?:-pss)?-(\d+)$/.exec(certificate.keyDescription)?.[1];
      return when(bits !== undefined && Number(bits) < 2048, `has an RSA key of ${bits} bits`);
    },
    hint: 'Issue it again with a key of 2048 bits or more, or an EC key',
  },
];

/** What only strict verifiers refuse: check_chain of OpenSSL with X509_V_FLAG_X509_STRICT, Python 3.13 by default. */
const STRICT_ONLY: readonly StrictRule[] = [
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

/** The name, by subjectAltName only (RFC 9525). */
const NAMES: readonly StrictRule[] = [
  {
    id: 'no-subject-alt-name',
    code: 'CERT_NO_SAN',
    finding: (context) => {
      const { certificate, name } = context;
      const none = !certificate.subjectAltNames.some(({ type }) => type === 'dns' || type === 'ip');
      return when(isLeaf(context) && name !== undefined && none, 'has no host name in its subjectAltName');
    },
    hint: 'Issue it again with dns:<host name>; verifiers of today do not read the common name',
  },
  {
    id: 'name-mismatch',
    code: 'CERT_NAME_MISMATCH',
    finding: (context) => {
      const { certificate, name } = context;
      const names = certificate.subjectAltNames.filter(({ type }) => type === 'dns' || type === 'ip');
      const broken =
        isLeaf(context) &&
        name !== undefined &&
        names.length > 0 &&
        !nameMatches(certificate, name, { commonName: false });
      return when(
        broken,
        `is for ${names
          .slice(0, 20)
          .map(({ value }) => value)
          .join(', ')}, not for ${name}`,
      );
    },
    hint: 'Connect by one of these names, or issue a certificate that has the name',
  },
];

export const STRICT_RULES: readonly StrictRule[] = [...COMMON, ...STRICT_ONLY, ...NAMES];
