import type { KeyObject } from 'node:crypto';
import { checkDistinguishedName, toOpensslOneLine, type DistinguishedName } from '../model/distinguished-name';
import { DAY_MS } from '../model/duration';
import { codedError, warning, type Warning } from '../model/errors';
import { parseIpAddress } from '../model/ip-address';
import { isKeyType, KEY_TYPES, type KeyType } from '../model/key-type';
import { isLeafProfile, LEAF_PROFILES, type LeafProfile, type ProfileName } from '../model/profile-name';
import { shownValue } from '../model/shown-value';
import { formatSubjectAltName, parseSubjectAltName, toDnsName, type SubjectAltName } from '../model/subject-alt-name';
import type { NameConstraints } from '../model/name-constraints';
import type { Certificate } from '../pki/certificate';
import { constraintViolation } from '../pki/name-constraint-check';
import { PROFILES } from '../pki/profiles';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { checkDays, type AuthoritySettings } from './authority-options';
import type { IssueRequest } from './issue-request';

/** A request that passed every check: nothing in it can be refused any more. */
export interface IssuePlan {
  profile: ProfileName;
  subject: DistinguishedName;
  subjectAltNames: SubjectAltName[];
  /** A key to make, or the public key to certify with the PEM of its private key if the folder holds it. */
  key: { make: KeyType } | { publicKey: KeyObject; secretPem?: string };
  storeKey: boolean;
  notBefore: Date;
  notAfter: Date;
  ipAsDns: boolean;
  /** `any`: no limit of its own. */
  pathLength?: number | 'any';
  nameConstraints?: NameConstraints;
  /** Of a CA that is renewed with its key; see `buildCertificate`. */
  like?: Certificate;
  /** Serial number of the certificate that this one renews. */
  renews?: string;
  warnings: Warning[];
}

/** The property that says how long a profile lives. */
const VALIDITY_SETTING: Record<LeafProfile, 'leafValidityDays' | 'deviceValidityDays'> = {
  server: 'leafValidityDays',
  client: 'leafValidityDays',
  'server-client': 'leafValidityDays',
  device: 'deviceValidityDays',
};

/** Clocks of devices and brokers are often behind, by a day where a time zone was taken for UTC. */
const BACKDATED_MS = DAY_MS;
const LONGEST_COMMON_NAME = 64;

/**
 * Check a request and fill in what it leaves open.
 *
 * @throws INPUT_PROFILE, INPUT_KEY_TYPE, INPUT_VALIDITY, INPUT_COMMON_NAME, INPUT_SUBJECT, INPUT_SUBJECT_ALT_NAME,
 *   CERT_CONSTRAINT, CA_EXPIRED, CERT_NOT_YET_VALID (the clock is before the CA)
 */
export function planIssue(core: AuthorityCore, request: IssueRequest): IssuePlan {
  const { profile } = request;
  checkProfile(profile);
  const keyType = request.keyType ?? core.settings.keyType;
  if (!isKeyType(keyType)) throw unknownChoice('INPUT_KEY_TYPE', 'keyType', keyType, KEY_TYPES);
  const { subject, subjectAltNames } = planNames(core, profile, request);
  return {
    profile,
    subject,
    subjectAltNames,
    key: { make: keyType },
    storeKey: request.storeKey ?? true,
    ipAsDns: request.ipAsDns ?? false,
    ...planValidity(core, profile, request.validityDays),
  };
}

export function checkProfile(profile: unknown): asserts profile is LeafProfile {
  if (!isLeafProfile(profile)) throw unknownChoice('INPUT_PROFILE', 'profile', profile, LEAF_PROFILES);
}

/**
 * The names of a certificate. A server is found by its subjectAltNames: the common name joins them when it is a name
 * or address, and is taken from them when there is none. Clients and devices are known by their common name.
 */
export function planNames(
  core: AuthorityCore,
  profile: LeafProfile,
  given: { subject: DistinguishedName; subjectAltNames?: SubjectAltName[]; ipAsDns?: boolean },
): { subject: DistinguishedName; subjectAltNames: SubjectAltName[] } {
  const subject = checkDistinguishedName(given.subject);
  const names = new Map<string, SubjectAltName>();
  for (const name of given.subjectAltNames ?? []) {
    const checked = parseSubjectAltName(formatSubjectAltName(name), { allowWildcard: true });
    names.set(formatSubjectAltName(checked), checked);
  }
  if (PROFILES[profile].subjectAltNames === 'required') {
    const own = subject.commonName === undefined ? undefined : hostName(subject.commonName);
    const all = [...new Map(own ? [[formatSubjectAltName(own), own], ...names] : names).values()];
    if (!all.some(({ type }) => type === 'dns' || type === 'ip')) throw namesMissing(profile, subject.commonName);
    // A host name of more than 64 characters fits into no common name: then the names alone must do.
    const commonName = subject.commonName ?? firstHostName(all);
    return checkAgainstIssuer(core, { ...subject, ...(commonName && { commonName }) }, all, given.ipAsDns);
  }
  if (subject.commonName === undefined) throw commonNameMissing(profile);
  return checkAgainstIssuer(core, subject, [...names.values()], given.ipAsDns);
}

/** What the chain above would make a verifier refuse must not be issued. */
function checkAgainstIssuer(
  core: AuthorityCore,
  subject: DistinguishedName,
  subjectAltNames: SubjectAltName[],
  ipAsDns = false,
) {
  if (toOpensslOneLine(subject) === core.certificate.subjectOneLine) throw namedLikeIssuer(subject);
  const addresses = subjectAltNames.filter(({ type }) => ipAsDns && type === 'ip');
  const written = [...subjectAltNames, ...addresses.map(({ value }) => ({ type: 'dns' as const, value }))];
  for (const authority of [core.certificate, ...core.chain, ...core.trustAnchors]) {
    const violation = constraintViolation(authority.nameConstraints, written);
    if (violation) throw constrained(violation, authority.subjectText);
  }
  return { subject, subjectAltNames };
}

/** The period of a certificate, never beyond that of its issuer. */
export function planValidity(
  core: Pick<AuthorityCore, 'certificate' | 'clock' | 'settings'>,
  profile: LeafProfile,
  validityDays: number | undefined,
): { notBefore: Date; notAfter: Date; warnings: Warning[] } {
  const days = validityDays ?? core.settings[VALIDITY_SETTING[profile] satisfies keyof AuthoritySettings];
  return periodUnder(core, checkDays('validityDays', days));
}

/** From a day ago for so many days from now, within the issuer's period. */
export function periodUnder(
  { certificate: issuer, clock }: Pick<AuthorityCore, 'certificate' | 'clock'>,
  days: number,
) {
  const now = wholeSeconds(clock);
  if (now >= issuer.notAfter.getTime()) {
    throw codedError(
      'CA_EXPIRED',
      `the CA certificate expired at ${issuer.notAfter.toISOString()}, it is ${new Date(now).toISOString()} now`,
      { notAfter: issuer.notAfter.toISOString(), now: new Date(now).toISOString() },
      'Renew the CA with the same key in its dialog and give everybody the new root certificate; or correct the clock of this machine',
    );
  }
  if (now < issuer.notBefore.getTime()) {
    throw codedError(
      'CERT_NOT_YET_VALID',
      `the CA is valid from ${issuer.notBefore.toISOString()}, but it is ${new Date(now).toISOString()} on this machine`,
      { notBefore: issuer.notBefore.toISOString(), now: new Date(now).toISOString() },
      'Correct the clock of this machine (NTP), then try again',
    );
  }
  const wanted = Math.floor(now + days * DAY_MS);
  const notAfter = new Date(Math.min(Math.floor(wanted / 1000) * 1000, issuer.notAfter.getTime()));
  const notBefore = new Date(Math.max(now - BACKDATED_MS, issuer.notBefore.getTime()));
  return { notBefore, notAfter, warnings: notAfter.getTime() < wanted - 999 ? [clamped(wanted, notAfter)] : [] };
}

function clamped(wanted: number, notAfter: Date): Warning {
  const asked = new Date(wanted).toISOString();
  return warning(
    'CERT_VALIDITY_CLAMPED',
    `the certificate ends with its CA at ${notAfter.toISOString()} instead of ${asked}`,
    { requested: asked, notAfter: notAfter.toISOString() },
    'Ask for a shorter period, or renew the CA with the same key in its dialog (or by tls issue)',
  );
}

/** The name or address a common name is, if it is one. */
function hostName(commonName: string): SubjectAltName | undefined {
  const address = parseIpAddress(commonName);
  if (address) return { type: 'ip', value: address.text };
  const dnsName = toDnsName(commonName);
  return dnsName === undefined ? undefined : { type: 'dns', value: dnsName };
}

function firstHostName(names: readonly SubjectAltName[]): string | undefined {
  const fitting = names.filter(({ value }) => value.length <= LONGEST_COMMON_NAME);
  const first = fitting.find(({ type }) => type === 'dns') ?? fitting.find(({ type }) => type === 'ip');
  return first?.value;
}

/** Most verifiers take a certificate named like its issuer for self-signed. */
function namedLikeIssuer(subject: DistinguishedName) {
  return codedError(
    'INPUT_SUBJECT',
    `the subject ${shownValue(subject.commonName)} is the name of the CA itself`,
    { field: 'commonName', value: shownValue(subject.commonName) },
    'Choose another common name',
  );
}

function constrained(name: string, authority: string) {
  return codedError(
    'CERT_CONSTRAINT',
    `the CA ${authority} may not issue for ${name}`,
    { field: 'subjectAltNames', value: name, authority },
    'Use a name within the name constraints of the CA',
  );
}

function namesMissing(profile: LeafProfile, commonName: string | undefined) {
  const named = commonName === undefined ? '' : ` named ${shownValue(commonName)}`;
  return codedError(
    'INPUT_SUBJECT_ALT_NAME',
    `a ${profile} certificate${named} needs the host names or addresses that clients connect to`,
    { field: 'subjectAltNames', value: [], ...(commonName !== undefined && { commonName }) },
    'Add subjectAltNames such as dns:broker.local or ip:192.168.0.10',
  );
}

function commonNameMissing(profile: LeafProfile) {
  return codedError(
    'INPUT_COMMON_NAME',
    `a ${profile} certificate needs a common name`,
    { field: 'commonName', value: '' },
    'Give the name of the device or user; a broker takes it as client id or user name',
  );
}

function unknownChoice(
  code: 'INPUT_PROFILE' | 'INPUT_KEY_TYPE',
  field: string,
  value: unknown,
  known: readonly string[],
) {
  return codedError(
    code,
    `${field} is ${shownValue(value)}, expected one of ${known.join(', ')}`,
    { field, value: shownValue(value), known: [...known] },
    `Use one of ${known.join(', ')}`,
  );
}
