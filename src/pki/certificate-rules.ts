import type { KeyObject } from 'node:crypto';
import { codedError, type CodedError } from '../model/errors';
import type { DistinguishedName } from '../model/distinguished-name';
import { CA_PROFILES } from '../model/profile-name';
import { MAX_SUBJECT_ALT_NAMES } from '../model/subject-alt-name';
import { readDer } from '../encoding/der-reader';
import type { Certificate } from './certificate';
import type { CertificateParameters } from './certificate-builder';
import { readName } from './distinguished-name-der';
import { constraintViolation } from './name-constraint-check';
import { PROFILES } from './profiles';
import { keyTypeOf, spkiOf } from './public-key';

function constraint(message: string, facts: Record<string, unknown>, hint = ''): CodedError {
  return codedError('CERT_CONSTRAINT', message, facts, hint);
}

/**
 * Refuse to build what RFC 5280 or our profile table forbids.
 *
 * @throws see `buildCertificate`
 */
export function checkIssuing(
  parameters: CertificateParameters,
  subject: DistinguishedName,
  subjectBytes: Buffer,
  issuerKey: KeyObject,
): void {
  keyTypeOf(parameters.publicKey);
  checkSerialNumber(parameters.serialNumber);
  checkNames(parameters, subject);
  checkPeriod(parameters.notBefore, parameters.notAfter);
  checkCaFields(parameters);
  if ('certificate' in parameters.issuer) {
    checkIssuer(parameters.issuer.certificate, issuerKey, parameters, subjectBytes);
  } else if (parameters.profile !== 'root') {
    throw codedError('CERT_NOT_A_CA', `a ${parameters.profile} certificate cannot sign itself`, {}, 'Name its CA');
  } else if (!spkiOf(issuerKey).equals(spkiOf(parameters.publicKey))) {
    throw codedError('KEY_MISMATCH', 'a root must be signed with the key it certifies');
  }
}

/** 1 to 20 octets, positive, not zero, no leading zero octet (RFC 5280 §4.1.2.2). */
function checkSerialNumber(serialNumber: string): void {
  if (!/^(?!00)[0-7][0-9A-F]([0-9A-F]{2}){0,19}$/.test(serialNumber)) {
    throw constraint('the serial number is not 1 to 20 octets with a first octet of 01 to 7F', { serialNumber });
  }
}

function checkNames({ profile, subjectAltNames }: CertificateParameters, subject: DistinguishedName): void {
  const rule = PROFILES[profile].subjectAltNames;
  const count = subjectAltNames.length;
  if (rule === 'required' && !subjectAltNames.some(({ type }) => type === 'dns' || type === 'ip')) {
    const hint = 'Add dns:<host name> or ip:<address>: clients compare nothing else with the host they connect to';
    throw codedError('INPUT_SUBJECT_ALT_NAME', `a ${profile} certificate needs a DNS name or an IP address`, {}, hint);
  }
  if ((rule === 'none' && count > 0) || count > MAX_SUBJECT_ALT_NAMES) {
    throw codedError('INPUT_SUBJECT_ALT_NAME', `a ${profile} certificate cannot carry ${count} names`, {
      count,
      profile,
    });
  }
  // A host name of more than 64 characters fits into no common name: then the names alone must do.
  if (!subject.commonName && rule !== 'required') {
    throw codedError('INPUT_COMMON_NAME', 'the common name is missing', { profile }, 'Give the certificate a name');
  }
}

/** Certificates know whole seconds. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function checkPeriod(notBefore: Date, notAfter: Date): void {
  if (!(seconds(notBefore) < seconds(notAfter))) {
    throw codedError('INPUT_VALIDITY', 'the certificate would end before it begins', {
      notBefore: String(notBefore.getTime()),
      notAfter: String(notAfter.getTime()),
    });
  }
}

function checkCaFields({ profile, pathLength, nameConstraints }: CertificateParameters): void {
  const isCa = (CA_PROFILES as readonly string[]).includes(profile);
  if (!isCa && (pathLength !== undefined || nameConstraints)) {
    throw constraint(`a ${profile} certificate cannot limit CAs`, { profile });
  }
  const limited = typeof pathLength === 'number';
  if (limited && !(Number.isInteger(pathLength) && pathLength >= 0 && pathLength <= 100)) {
    throw constraint(`the path length ${pathLength} is not a whole number from 0 to 100`, { pathLength });
  }
  // RFC 5280 §4.2.1.10: an empty sequence is not allowed.
  if (nameConstraints && nameConstraints.permitted.length + nameConstraints.excluded.length === 0) {
    throw codedError('INPUT_NAME_CONSTRAINTS', 'the name constraints are empty');
  }
}

function checkIssuer(
  issuer: Certificate,
  issuerKey: KeyObject,
  parameters: CertificateParameters,
  subjectBytes: Buffer,
): void {
  const { profile, notBefore, notAfter } = parameters;
  if (profile === 'root') throw constraint('a root has no issuer', { profile });
  if (!issuer.isCa || (issuer.keyUsage && !issuer.keyUsage.includes('keyCertSign'))) {
    throw codedError('CERT_NOT_A_CA', `"${issuer.subjectText}" may not sign certificates`, {
      issuer: issuer.subjectText,
    });
  }
  if (!spkiOf(issuerKey).equals(spkiOf(issuer.publicKey))) {
    throw codedError('KEY_MISMATCH', 'the private key does not belong to the CA certificate', {
      issuer: issuer.subjectText,
    });
  }
  // A leaf named like its CA looks self-signed to every chain builder.
  if (readName(readDer(subjectBytes), 'subject').canonical === issuer.subjectCanonical) {
    throw constraint(
      `the subject is the same as the CA's: ${issuer.subjectText}`,
      { subject: issuer.subjectText },
      'Give the certificate another common name',
    );
  }
  if (seconds(notAfter) > seconds(issuer.notAfter) || seconds(notBefore) < seconds(issuer.notBefore)) {
    throw constraint(
      'the certificate would be valid outside the validity of its CA',
      {
        notBefore: notBefore.toISOString(),
        notAfter: notAfter.toISOString(),
        issuerNotBefore: issuer.notBefore.toISOString(),
        issuerNotAfter: issuer.notAfter.toISOString(),
      },
      'Shorten the validity, or renew the CA first',
    );
  }
  checkPath(issuer, parameters);
  const violation = constraintViolation(issuer.nameConstraints, parameters.subjectAltNames);
  if (violation) {
    throw constraint(`the CA may not issue for ${violation}`, { name: violation }, 'Use a name within its constraints');
  }
}

function checkPath(issuer: Certificate, { profile, pathLength }: CertificateParameters): void {
  const left = issuer.basicConstraints?.pathLength;
  if (profile !== 'intermediate' || left === undefined) return;
  // No limit of its own is none beyond that of the issuer (RFC 5280 §6.1.4 l, m).
  const wanted = pathLength === 'any' ? 0 : (pathLength ?? PROFILES.intermediate.pathLength ?? 0);
  if (left === 0 || wanted > left - 1) {
    throw constraint(
      `the CA allows ${left} more CAs below it, the new one would allow as many or more`,
      { pathLength: left },
      'Choose a smaller path length, or the root as issuer',
    );
  }
}
