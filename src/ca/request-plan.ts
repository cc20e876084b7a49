import { NAME_FIELDS, type DistinguishedName } from '../model/distinguished-name';
import { warning, type Warning } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { formatSubjectAltName, type SubjectAltName } from '../model/subject-alt-name';
import type { CertificateRequest } from '../pki/certificate-request';
import { PROFILES } from '../pki/profiles';
import type { AuthorityCore } from './authority-core';
import { checkProfile, planNames, planValidity, type IssuePlan } from './issue-plan';
import type { SignOptions } from './issue-request';

/**
 * The plan for a certificate that a certificate request asks for. Only its key, subject and names count, or its key alone; what a
 * certificate may be used for is said by the profile, never by the request.
 *
 * @throws INPUT_PROFILE, INPUT_COMMON_NAME, INPUT_SUBJECT, INPUT_SUBJECT_ALT_NAME, INPUT_VALIDITY, CERT_CONSTRAINT, CA_EXPIRED
 */
export function planRequest(core: AuthorityCore, request: CertificateRequest, options: SignOptions): IssuePlan {
  checkProfile(options.profile);
  const ipAsDns = options.ipAsDns ?? false;
  const asked = options.keyOnly ? { subject: {}, subjectAltNames: [] } : request;
  const names = planNames(core, options.profile, {
    subject: { ...asked.subject, ...options.subject },
    subjectAltNames: options.subjectAltNames ?? asked.subjectAltNames,
    ipAsDns,
  });
  const period = planValidity(core, options.profile, options.validityDays);
  return {
    profile: options.profile,
    ...names,
    ipAsDns,
    key: { publicKey: request.publicKey },
    storeKey: false,
    ...period,
    warnings: [
      ...period.warnings,
      ...request.warnings,
      ...usageWarnings(request, options),
      ...subjectWarnings(request.subject, names.subject),
      ...nameWarnings(request.subjectAltNames, names.subjectAltNames),
    ],
  };
}

/** What the request wants to be used for beyond its profile. */
function usageWarnings(request: CertificateRequest, { profile }: SignOptions): Warning[] {
  const { basicConstraints, keyUsage = [], extendedKeyUsage = [] } = request.requested;
  const granted = PROFILES[profile];
  const kind = request.keyType.startsWith('rsa-') ? 'rsa' : 'ec';
  const refused = [
    ...(basicConstraints?.ca ? ['to be a CA'] : []),
    ...missing(keyUsage, granted.keyUsage[kind]).map((usage) => `the key usage ${usage}`),
    ...missing(extendedKeyUsage, granted.extendedKeyUsage).map((usage) => `the extended key usage ${usage}`),
  ];
  return refused.map((what) =>
    dropped(
      `the request asks ${what.startsWith('to ') ? what : `for ${what}`}, which a ${profile} certificate does not get`,
      { what },
    ),
  );
}

/** Fields of the subject that are not as requested. */
function subjectWarnings(requested: DistinguishedName, granted: DistinguishedName): Warning[] {
  return NAME_FIELDS.flatMap(({ field, label }) => {
    const [before, after] = [requested[field], granted[field]];
    if (before === after) return [];
    const what =
      before === undefined
        ? `the ${label} ${shownValue(after)} was added to what the request asks for`
        : `the ${label} ${shownValue(before)} of the request became ${shownValue(after ?? '')}`;
    return [dropped(what, { field, requested: before, granted: after })];
  });
}

/** Names the request has and the certificate has not, and the other way round. */
function nameWarnings(requested: readonly SubjectAltName[], granted: readonly SubjectAltName[]): Warning[] {
  const before = requested.map(formatSubjectAltName);
  const after = granted.map(formatSubjectAltName);
  return [
    ...missing(before, after).map((name) =>
      dropped(`the name ${name} of the request is not in the certificate`, { name }),
    ),
    ...missing(after, before).map((name) =>
      dropped(`the name ${name} was added to what the request asks for`, { added: name }),
    ),
  ];
}

function missing(wanted: readonly string[], granted: readonly string[]): string[] {
  return wanted.filter((item) => !granted.includes(item));
}

function dropped(message: string, facts: Record<string, unknown>): Warning {
  return warning('CSR_EXTENSION_DROPPED', message, facts, 'Choose another profile, or set the names in the node');
}
