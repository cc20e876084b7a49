import { codedError } from '../model/errors';
import { isRevocationReason, REVOCATION_REASONS, type RevocationReason } from '../model/revocation-reason';
import type { Selector } from '../model/selector';
import { shownValue } from '../model/shown-value';
import type { Revocation } from '../store/index-row';
import type { InventoryRecord } from '../store/inventory';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { eventOf } from './authority-event';
import { notFound } from './certificate-choice';

export interface RevokeOptions {
  /** RFC 5280 name; default `unspecified`. `removeFromCRL` takes a `certificateHold` back. */
  reason?: RevocationReason;
  /** Revoke every valid certificate of the name. */
  all?: boolean;
}

export interface RevokedEntry {
  serialNumber: string;
  commonName: string;
  /** ISO 8601. */
  revokedAt: string;
  reason: RevocationReason;
}

/** What a revocation did, and the list that tells of it. */
export interface RevokeResult {
  revoked: RevokedEntry[];
  crlPem: string;
  crlNumber: string;
  nextUpdate: Date;
}

/** Only a hold may be taken back or become final (RFC 5280 §5.3.1). */
const REVERSIBLE: RevocationReason = 'certificateHold';

/**
 * Change the status of certificates in inventory and index. The new CRL is made by the caller.
 *
 * @throws INPUT_REASON, CERT_NOT_FOUND, CERT_STATUS, INPUT_AMBIGUOUS, CA_LOCKED, STORE_…
 */
export function revokeCertificates(
  core: AuthorityCore,
  selector: Selector,
  { reason = 'unspecified', all = false }: RevokeOptions,
): Promise<RevokedEntry[]> {
  if (!isRevocationReason(reason)) throw unknownReason(reason);
  return core.commits.run(async () => {
    const now = wholeSeconds(core.clock);
    const records = chooseRecords(core, selector, reason, all);
    const revocation: Revocation | undefined = reason === 'removeFromCRL' ? undefined : { at: now, reason };
    await core.database.setRevocations(new Map(records.map(({ serialNumber }) => [serialNumber, revocation])));
    const ca = core.certificate.subject.commonName ?? '';
    for (const record of records) core.announce(eventOf('revoked', record, ca, now));
    const event = revocation ? 'revoked' : 'released';
    const rows = records.map(({ serialNumber }) => ({ at: now, event, ...core.author, serialNumber, reason }) as const);
    // The index counts; a journal that cannot be written now must not hold up the CRL.
    await core.database.log(rows).catch(() => undefined);
    return records.map(({ serialNumber, commonName }) => {
      return { serialNumber, commonName, revokedAt: new Date(now).toISOString(), reason };
    });
  });
}

function chooseRecords(
  core: AuthorityCore,
  selector: Selector,
  reason: RevocationReason,
  all: boolean,
): readonly InventoryRecord[] {
  const { inventory } = core.database;
  if (selector.by === 'serial') {
    const record = inventory.get(selector.value);
    if (!record) throw notFound(selector);
    if (!mayChange(record, reason)) throw wrongStatus(record, reason);
    return [record];
  }
  const named = inventory.named(selector.value);
  const [first] = named;
  if (!first) throw notFound(selector);
  const now = core.clock.now();
  const candidates = named.filter((record) => record.notAfter > now && mayChange(record, reason));
  if (candidates.length === 0) throw wrongStatus(named.findLast((record) => record.revocation) ?? first, reason);
  if (candidates.length > 1 && !all) throw ambiguous(selector.value, candidates);
  return candidates;
}

function mayChange({ revocation }: InventoryRecord, reason: RevocationReason): boolean {
  if (reason === 'removeFromCRL') return revocation?.reason === REVERSIBLE;
  return revocation === undefined || (revocation.reason === REVERSIBLE && reason !== REVERSIBLE);
}

function wrongStatus(record: InventoryRecord, reason: RevocationReason) {
  const { serialNumber, commonName, revocation } = record;
  const status = revocation
    ? `was revoked at ${new Date(revocation.at).toISOString()} (${revocation.reason})`
    : reason === 'removeFromCRL'
      ? 'is not on hold'
      : `expired at ${new Date(record.notAfter).toISOString()}`;
  return codedError(
    'CERT_STATUS',
    `the certificate ${shownValue(commonName)} with serial number ${serialNumber} ${status}`,
    {
      serialNumber,
      commonName,
      status: revocation ? 'revoked' : reason === 'removeFromCRL' ? 'valid' : 'expired',
      ...(revocation && { revokedAt: new Date(revocation.at).toISOString(), reason: revocation.reason }),
    },
    'Only a certificateHold can be taken back (removeFromCRL) or made final',
  );
}

function ambiguous(name: string, candidates: readonly InventoryRecord[]) {
  const serialNumbers = candidates.map(({ serialNumber }) => serialNumber);
  return codedError(
    'INPUT_AMBIGUOUS',
    `${candidates.length} valid certificates are named ${shownValue(name)}: ${serialNumbers.slice(0, 10).join(', ')}`,
    { name, serialNumbers },
    'Name one as serial:<hex>, or send all: true to revoke every one',
  );
}

function unknownReason(reason: unknown) {
  return codedError(
    'INPUT_REASON',
    `${shownValue(reason)} is not a reason for a revocation`,
    { value: shownValue(reason), known: Object.keys(REVOCATION_REASONS) },
    `Use one of ${Object.keys(REVOCATION_REASONS).join(', ')}`,
  );
}
