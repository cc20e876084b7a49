import type { KeyObject } from 'node:crypto';
import { checkDistinguishedName, type DistinguishedName } from '../model/distinguished-name';
import type { NameConstraints } from '../model/name-constraints';
import type { ProfileName } from '../model/profile-name';
import type { SubjectAltName } from '../model/subject-alt-name';
import { der } from '../encoding/der-writer';
import { Certificate } from './certificate';
import { checkIssuing } from './certificate-rules';
import { encodeName } from './distinguished-name-der';
import { extensions } from './extension-writer';
import { PROFILES } from './profiles';
import { keyIdentifier, keyTypeOf, spkiOf } from './public-key';
import { signAndRead, signatureAlgorithmFor } from './signature-algorithm';

export interface CertificateParameters {
  profile: ProfileName;
  /** Hex as `newSerialNumber` makes it. */
  serialNumber: string;
  subject: DistinguishedName;
  /** Canonical, from `parseSubjectAltName`. */
  subjectAltNames: SubjectAltName[];
  /** The key to certify; of a private key the public half is taken. */
  publicKey: KeyObject;
  /** Fractions of seconds are cut off. */
  notBefore: Date;
  notAfter: Date;
  issuer: { certificate: Certificate; privateKey: KeyObject } | { selfSignedWith: KeyObject };
  /** For CA profiles: how many CAs may follow. Absent: what the profile says; `any`: no limit of its own. */
  pathLength?: number | 'any';
  /**
   * An earlier certificate of the same CA and key: name, key identifier and path length are copied from it byte by
   * byte. Another string type in the name, or an identifier made in another way, and no leaf would fit any more.
   */
  like?: Certificate;
  nameConstraints?: NameConstraints;
  /** Write every address also as a dNSName: the one form that lets an ESP8266 or ESP32 connect by IP (FACTS §3). */
  ipAsDns?: boolean;
}

/**
 * Build and sign a certificate. The signature is verified in the thread pool, and the strict reader reads the
 * result back, before anybody gets it.
 *
 * Everything that would make a certificate wrong is refused here once more, whatever the callers checked before.
 *
 * @throws INPUT_SUBJECT, INPUT_COMMON_NAME, INPUT_SUBJECT_ALT_NAME, KEY_UNSUPPORTED, KEY_MISMATCH, CERT_NOT_A_CA,
 *         CERT_CONSTRAINT, CERT_SIGNATURE
 */
export async function buildCertificate(parameters: CertificateParameters): Promise<Certificate> {
  const subject = checkDistinguishedName(parameters.subject);
  const { issuer } = parameters;
  const issuerKey = 'certificate' in issuer ? issuer.privateKey : issuer.selfSignedWith;
  const subjectBytes = parameters.like?.subjectBytes ?? encodeName(subject);
  checkIssuing(parameters, subject, subjectBytes, issuerKey);

  const toBeSigned = der.sequence(
    der.explicit(0, der.integer(2)), // version 3
    der.integer(Buffer.from(parameters.serialNumber, 'hex')),
    signatureAlgorithmFor(issuerKey),
    // The CA's name is copied: another string type would be another name for GnuTLS and Go.
    'certificate' in issuer ? issuer.certificate.subjectBytes : subjectBytes,
    der.sequence(der.time(parameters.notBefore), der.time(parameters.notAfter)),
    subjectBytes,
    spkiOf(parameters.publicKey),
    der.explicit(3, der.sequence(...extensionsOf(parameters, Object.keys(subject).length === 0))),
  );
  return signAndRead(toBeSigned, issuerKey, (bytes) => Certificate.fromDer(bytes));
}

function extensionsOf(parameters: CertificateParameters, subjectIsEmpty: boolean): Buffer[] {
  const profile = PROFILES[parameters.profile];
  const names = parameters.ipAsDns ? withAddressesAsDns(parameters.subjectAltNames) : parameters.subjectAltNames;
  const usages = profile.keyUsage[keyTypeOf(parameters.publicKey).startsWith('rsa-') ? 'rsa' : 'ec'];
  const list = [extensions.basicConstraints(profile.ca, pathLengthOf(parameters)), extensions.keyUsage(usages)];
  if (profile.extendedKeyUsage.length > 0) list.push(extensions.extendedKeyUsage(profile.extendedKeyUsage));
  if (profile.subjectKeyIdentifier) {
    const copied = parameters.like?.subjectKeyId;
    list.push(extensions.subjectKeyIdentifier(copied ?? keyIdentifier(spkiOf(parameters.publicKey))));
  }
  if (profile.authorityKeyIdentifier) list.push(extensions.authorityKeyIdentifier(issuerKeyIdentifier(parameters)));
  if (names.length > 0) list.push(extensions.subjectAltName(names, subjectIsEmpty));
  if (parameters.nameConstraints) list.push(extensions.nameConstraints(parameters.nameConstraints));
  return list;
}

function pathLengthOf({ profile, pathLength, like }: CertificateParameters): number | undefined {
  if (like) return like.basicConstraints?.pathLength;
  return pathLength === 'any' ? undefined : (pathLength ?? PROFILES[profile].pathLength);
}

/** The CA's own identifier as it wrote it: computed anew with another method it would not match. */
function issuerKeyIdentifier({ issuer, publicKey }: CertificateParameters): Buffer {
  if (!('certificate' in issuer)) return keyIdentifier(spkiOf(publicKey));
  return issuer.certificate.subjectKeyId ?? keyIdentifier(issuer.certificate.spki);
}

function withAddressesAsDns(names: readonly SubjectAltName[]): SubjectAltName[] {
  const addresses = names.filter((name) => name.type === 'ip');
  return [...names, ...addresses.map(({ value }) => ({ type: 'dns' as const, value }))];
}
