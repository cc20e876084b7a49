import type { KeyObject } from 'node:crypto';
import type { DistinguishedName } from '../model/distinguished-name';
import { codedError } from '../model/errors';
import type { NameConstraints } from '../model/name-constraints';
import type { Certificate } from '../pki/certificate';
import type { AuthorityCore } from './authority-core';
import { periodUnder, type IssuePlan } from './issue-plan';

/** Another CA that wants to stand below this one. */
export interface IntermediateRequest {
  subject: DistinguishedName;
  publicKey: KeyObject;
  validityDays: number;
  nameConstraints?: NameConstraints;
  /** How many CAs may stand below it, `any` as many as this CA allows; default 0. */
  pathLength?: number | 'any';
  /** Its certificate, when it is renewed with its key. */
  like?: Certificate;
}

/**
 * The plan for the certificate of an intermediate CA. Unless asked for, it may not have CAs below itself (path length 0).
 *
 * @throws CERT_CONSTRAINT (this CA may have none below it), CA_EXPIRED
 */
export function planIntermediate(core: AuthorityCore, request: IntermediateRequest): IssuePlan {
  const { pathLength = 0 } = request;
  requireRoomBelow(core.certificate, pathLength);
  return {
    profile: 'intermediate',
    pathLength,
    subject: request.subject,
    subjectAltNames: [],
    key: { publicKey: request.publicKey },
    storeKey: false,
    ipAsDns: false,
    ...(request.like && { like: request.like }),
    ...(request.nameConstraints && { nameConstraints: request.nameConstraints }),
    ...periodUnder(core, request.validityDays),
  };
}

/**
 * Whether another CA may stand below this one.
 *
 * @param pathLength how many CAs it wants below itself
 * @throws CERT_CONSTRAINT
 */
export function requireRoomBelow({ basicConstraints, subjectText }: Certificate, pathLength: number | 'any' = 0): void {
  const allowed = basicConstraints?.pathLength;
  if (allowed === undefined) return;
  if (allowed === 0) {
    throw codedError(
      'CERT_CONSTRAINT',
      `the CA ${subjectText} may not have CAs below it (path length 0)`,
      { issuer: subjectText, pathLength: 0 },
      'Choose the root as issuer; for three tiers make the one in the middle anew, with 1 under "CAs below"',
    );
  }
  if (pathLength === 'any' || pathLength < allowed) return;
  throw codedError(
    'CERT_CONSTRAINT',
    `the CA ${subjectText} allows ${allowed} CAs below it, this one and ${pathLength} below it are more`,
    { issuer: subjectText, pathLength: allowed, wanted: pathLength },
    'Choose a smaller number of CAs below this one, or another issuer',
  );
}
