import { isKnownExtension } from './extension-reader';
import { referenceMismatch } from './issuer-reference';
import { violationBy } from './name-constraint-check';
import { nameMatches } from './name-matching';
import { OID } from './object-identifiers';
import {
  isAnchor,
  isLeaf,
  REISSUE,
  REISSUE_CA,
  when,
  type VerificationContext,
  type VerificationRule,
} from './verification-rule';

/** Key usage bits of which TLS needs one, as OpenSSL's purposes sslserver and sslclient do. */
const TLS_USAGES = {
  server: ['digitalSignature', 'keyEncipherment', 'keyAgreement'],
  client: ['digitalSignature', 'keyAgreement'],
};

/** CAs between this one and the leaf that count for pathLen: those that are not self-issued (RFC 5280 §4.2.1.9). */
function casBelow({ chain, index }: VerificationContext): number {
  return chain.slice(1, index).filter((certificate) => !certificate.isSelfIssued).length;
}

/** What every verifier refuses (RFC 5280 §6). */
export const PATH_RULES: readonly VerificationRule[] = [
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
    finding: ({ certificate: { nameConstraints }, chain, index }) => {
      if (!nameConstraints) return undefined;
      const below = chain.slice(0, index);
      const offence = below.map((one, at) => violationBy(nameConstraints, one, at === 0)).find((found) => found);
      return offence && `does not allow ${offence}`;
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
    // OpenSSL reads that of CAs too: it limits what they may issue.
    finding: ({ certificate: { extendedKeyUsage }, purpose }) => {
      const wanted = purpose === 'server' ? 'serverAuth' : 'clientAuth';
      const broken = !!extendedKeyUsage && !extendedKeyUsage.includes(wanted);
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
    id: 'netscape-type',
    code: 'CERT_PURPOSE',
    // OpenSSL still reads what easy-rsa 2 wrote: a BIT STRING, bit 0 for a client and 1 for a server.
    finding: (context) => {
      const type = context.certificate.extensions.find(({ oid }) => oid === OID.netscapeCertType);
      const bits = type?.value.at(-1) ?? 0xff;
      const fits = (bits & (context.purpose === 'server' ? 0x40 : 0x80)) !== 0;
      return when(isLeaf(context) && !fits, `has a Netscape certificate type that is not for a ${context.purpose}`);
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
    id: 'issuer-reference',
    code: 'CERT_ISSUER_UNKNOWN',
    finding: ({ certificate, chain, index }) => {
      const issuer = chain[index + 1] ?? (certificate.isSelfIssued ? certificate : undefined);
      return issuer && referenceMismatch(certificate, issuer);
    },
    hint: 'Issue the certificate again with the CA certificate that is trusted',
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

/** The name, by subjectAltName only (RFC 9525). */
export const NAME_RULES: readonly VerificationRule[] = [
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
        isLeaf(context) && name !== undefined && names.length > 0 && !nameMatches(certificate, name, { strict: true });
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
