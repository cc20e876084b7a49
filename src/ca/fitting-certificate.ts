import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { formatSubjectAltName } from '../model/subject-alt-name';
import type { InventoryRecord } from '../store/inventory';
import type { AuthorityCore } from './authority-core';
import { newestValid } from './certificate-choice';
import type { IssuePlan } from './issue-plan';
import type { IssueRequest } from './issue-request';

/**
 * The newest valid certificate that is what a request asks for, and whose private key is in the folder.
 *
 * @throws CERT_REVOKED when there is none but one on hold: whoever suspends a client does not want it to come back with a
 *   new certificate (docs/decisions/0011-a-hold-suspends-the-name.md)
 */
export function fittingCertificate(
  { database, clock }: AuthorityCore,
  plan: IssuePlan,
  request: IssueRequest,
): InventoryRecord | undefined {
  const wanted = comparable(namesOf(plan));
  const fitting = database.inventory.named(plan.subject.commonName ?? '').filter((record) => {
    if (record.profile !== plan.profile || !record.hasKey) return false;
    if (request.keyType !== undefined && record.keyType !== request.keyType) return false;
    return comparable(record.subjectAltNames) === wanted;
  });
  const now = clock.now();
  const newest = newestValid(fitting, now);
  const held = fitting.findLast(({ revocation, notAfter }) => {
    return revocation?.reason === 'certificateHold' && notAfter > now;
  });
  if (!newest && held) throw onHold(held);
  return newest;
}

function onHold({ serialNumber, commonName }: InventoryRecord) {
  return codedError(
    'CERT_REVOKED',
    `the certificate ${shownValue(commonName)} with serial number ${serialNumber} is on hold`,
    { serialNumber, commonName, reason: 'certificateHold' },
    'Take the hold back with tls revoke (reason removeFromCRL); a new one is issued only when it is revoked for another reason',
  );
}

/** Two requests with the same identity are met by the same certificate. */
export function identityOf(plan: IssuePlan, request: IssueRequest): string {
  return JSON.stringify([plan.profile, plan.subject, comparable(namesOf(plan)), request.keyType ?? null]);
}

/** The names as they will stand in the certificate. */
function namesOf({ subjectAltNames, ipAsDns }: IssuePlan): string[] {
  const names = subjectAltNames.map(formatSubjectAltName);
  const addresses = subjectAltNames.filter(({ type }) => ipAsDns && type === 'ip');
  return [...names, ...addresses.map(({ value }) => `dns:${value}`)];
}

function comparable(names: readonly string[]): string {
  return JSON.stringify([...names].sort());
}
