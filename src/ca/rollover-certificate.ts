import { createPublicKey, type KeyObject } from 'node:crypto';
import type { DistinguishedName } from '../model/distinguished-name';
import { DAY_MS } from '../model/duration';
import { codedError } from '../model/errors';
import type { Certificate } from '../pki/certificate';
import { buildCertificate } from '../pki/certificate-builder';
import { newSerialNumber } from '../pki/serial-number-source';
import { wholeSeconds, type AuthorityCore } from './authority-core';

/** Clocks of devices are often behind; see issue-plan.ts. */
const BACKDATED_MS = DAY_MS;
const LONGEST_COMMON_NAME = 64;

/**
 * A new certificate for the key of a CA or for the one that shall follow it. A root signs itself; an intermediate is
 * signed, and entered in the index, by the CA above.
 *
 * @param like the certificate that is renewed; name and key identifier stay. Absent for a new key
 * @throws INPUT_CONFIG (the CA above is not chosen), CA_EXPIRED and others of the CA above
 */
export async function certifyAuthority(
  core: AuthorityCore,
  secretKey: KeyObject,
  { subject, like }: { subject: DistinguishedName; like?: Certificate },
): Promise<Certificate> {
  const { settings, clock, random, issuer } = core;
  const { nameConstraints, basicConstraints } = core.certificate;
  const publicKey = createPublicKey(secretKey);
  const copied = {
    ...(nameConstraints && { nameConstraints }),
    // A new key may do what the old one may: with a shorter path all that is issued below a CA below would be refused.
    pathLength: basicConstraints?.pathLength ?? ('any' as const),
    ...(like && { like }),
  };
  if (!core.certificate.isSelfIssued) {
    if (!issuer) throw issuerMissing(core.certificate);
    const { validityDays } = settings;
    return (await issuer.issueIntermediate({ subject, publicKey, validityDays, ...copied })).certificate;
  }
  const now = wholeSeconds(clock);
  return buildCertificate({
    profile: 'root',
    serialNumber: newSerialNumber(random),
    subject,
    subjectAltNames: [],
    publicKey,
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + settings.validityDays * DAY_MS),
    issuer: { selfSignedWith: secretKey },
    ...copied,
  });
}

/**
 * The key of a new root certified by the one it replaces (RFC 4210 §4.4), so that whoever trusts only the old root
 * accepts what the new one issues until the old one ends.
 *
 * @returns undefined when the old root allows no CA below itself, and for intermediates: the root above them stays
 */
export async function crossCertify(core: AuthorityCore, next: Certificate): Promise<Certificate | undefined> {
  const { certificate: old, secretKey, clock, random } = core;
  if (!old.isSelfIssued || old.basicConstraints?.pathLength !== undefined) return undefined;
  const { nameConstraints } = next;
  const now = wholeSeconds(clock);
  if (now >= old.notAfter.getTime()) return undefined;
  return buildCertificate({
    profile: 'intermediate',
    serialNumber: newSerialNumber(random),
    subject: next.subject,
    subjectAltNames: [],
    publicKey: next.publicKey,
    notBefore: new Date(Math.max(now - BACKDATED_MS, old.notBefore.getTime())),
    notAfter: new Date(Math.min(next.notAfter.getTime(), old.notAfter.getTime())),
    issuer: { certificate: old, privateKey: secretKey },
    like: next,
    ...(nameConstraints && { nameConstraints }),
  });
}

/**
 * The name of the CA after this one: `Home CA`, `Home CA G2`, `Home CA G3`. Two keys under one name is what verifiers
 * confuse (FACTS §5: `CERT_ISSUER_REPLACED`).
 */
export function nextName(subject: DistinguishedName): DistinguishedName {
  const name = subject.commonName ?? 'CA';
  const [, base = name, generation = '1'] = /^(.*) G(\d{1,4})$/.exec(name) ?? [];
  const suffix = ` G${Number(generation) + 1}`;
  return { ...subject, commonName: base.slice(0, LONGEST_COMMON_NAME - suffix.length).trimEnd() + suffix };
}

function issuerMissing({ issuerText }: Certificate) {
  return codedError(
    'INPUT_CONFIG',
    `the CA was issued by ${issuerText}, which its node does not name`,
    { field: 'issuer', value: '', expected: issuerText },
    'Choose the CA above in the node of this CA, deploy, and try again',
  );
}
