import { codedError, isCodedError, warning, type Warning } from '../model/errors';
import { isRevocationReason, REVOCATION_REASONS, type RevocationReason } from '../model/revocation-reason';
import type { Selector } from '../model/selector';
import { shownValue } from '../model/shown-value';
import type { Revocation } from '../store/index-row';
import type { InventoryRecord } from '../store/inventory';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { eventOf } from './authority-event';
import { notFound } from './certificate-choice';
import { checkTwins, recordsOfTwin } from './serial-twins';
import type { RevocationListKeeper } from './revocation-list-keeper';

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

/** One of the revocations of a call. */
export interface RevokeRequest extends RevokeOptions {
  selector: Selector;
}

/** What a revocation did, and the list that tells of it. */
export interface RevokeResult {
  revoked: RevokedEntry[];
  crlPem: string;
  crlNumber: string;
  nextUpdate: Date;
  warnings: Warning[];
}

/** Only a hold may be taken back or become final (RFC 5280 §5.3.1). */
const REVERSIBLE: RevocationReason = 'certificateHold';
/** After these the other certificates of a name are meant to go on. */
const OTHERS_GO_ON: readonly RevocationReason[] = ['superseded', 'removeFromCRL'];

/**
 * Revoke, all or none, and make one new CRL. When the CRL cannot be written the revocation stands all the same and the
 * CRL is made as soon as the disk allows.
 *
 * @throws INPUT_REASON, CERT_NOT_FOUND, CERT_STATUS, INPUT_AMBIGUOUS (also for a serial number that several imported ones have), of several requests with `cause.index` of the
 *   first bad one; CA_LOCKED, STORE_…
 */
export async function revokeAndList(
  core: AuthorityCore,
  revocationList: RevocationListKeeper,
  requests: readonly RevokeRequest[],
): Promise<RevokeResult> {
  const revoked = await revokeCertificates(core, requests);
  try {
    const { pem, number, nextUpdate } = await revocationList.refresh();
    return { revoked, crlPem: pem, crlNumber: number, nextUpdate, warnings: warningsOf(core, revoked) };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    throw codedError(error.code, `revoked, but no new CRL: ${error.message}`, { ...error.cause, revoked }, error.hint);
  }
}

/** Change the status of certificates in inventory and index, all in one rewriting. */
function revokeCertificates(core: AuthorityCore, requests: readonly RevokeRequest[]): Promise<RevokedEntry[]> {
  return core.commits.run(async () => {
    const now = wholeSeconds(core.clock);
    const chosen = chooseAll(core, requests);
    const changes = new Map<string, Revocation | undefined>();
    for (const [{ serialNumber }, reason] of chosen) {
      changes.set(serialNumber, reason === 'removeFromCRL' ? undefined : { at: now, reason });
    }
    await core.database.setRevocations(changes);
    const ca = core.certificate.subject.commonName ?? '';
    for (const record of chosen.keys()) core.announce(eventOf('revoked', record, ca, now));
    const rows = [...chosen].map(([{ serialNumber }, reason]) => {
      const event = reason === 'removeFromCRL' ? 'released' : 'revoked';
      return { at: now, event, ...core.author, serialNumber, reason } as const;
    });
    // The index counts; a journal that cannot be written now must not hold up the CRL.
    await core.database.log(rows).catch(() => undefined);
    return [...chosen].map(([{ serialNumber, commonName }, reason]) => {
      return { serialNumber, commonName, revokedAt: new Date(now).toISOString(), reason };
    });
  });
}

/** The certificates of all requests with the reason for each, before one of them is changed. */
function chooseAll(core: AuthorityCore, requests: readonly RevokeRequest[]): Map<InventoryRecord, RevocationReason> {
  const chosen = new Map<InventoryRecord, RevocationReason>();
  for (const [index, { selector, reason = 'unspecified', all = false }] of requests.entries()) {
    try {
      if (!isRevocationReason(reason)) throw unknownReason(reason);
      for (const record of chooseRecords(core, selector, reason, all)) {
        const earlier = chosen.get(record) ?? reason;
        if (earlier !== reason) throw twoReasons(record, earlier, reason);
        chosen.set(record, reason);
      }
    } catch (error) {
      if (requests.length === 1 || !isCodedError(error)) throw error;
      throw codedError(error.code, `item ${index}: ${error.message}`, { index, ...error.cause }, error.hint);
    }
  }
  return chosen;
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
    checkTwins(core.twins, [record], all);
    return [record];
  }
  const others = recordsOfTwin(core.twins, selector.value, (serialNumber) => inventory.get(serialNumber));
  const named = [...new Set([...inventory.named(selector.value), ...others])];
  const [first] = named;
  if (!first) throw notFound(selector);
  const now = core.clock.now();
  const candidates = named.filter((record) => record.notAfter > now && mayChange(record, reason));
  if (candidates.length === 0) throw wrongStatus(named.findLast((record) => record.revocation) ?? first, reason);
  if (candidates.length > 1 && !all) throw ambiguous(selector.value, candidates);
  checkTwins(core.twins, candidates, all);
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

/** Whoever revokes a stolen device by its serial number must know that it holds another certificate. */
function warningsOf(core: AuthorityCore, revoked: readonly RevokedEntry[]): Warning[] {
  const { inventory } = core.database;
  const now = core.clock.now();
  const gone = revoked.filter(({ reason }) => !OTHERS_GO_ON.includes(reason));
  const names = new Set(gone.map(({ commonName }) => commonName));
  const others = [...names].flatMap((name) =>
    inventory.named(name).filter(({ revocation, notAfter }) => !revocation && notAfter > now),
  );
  const [first] = others;
  if (!first) return [];
  const serialNumbers = others.map(({ serialNumber }) => serialNumber);
  return [
    warning(
      'INPUT_AMBIGUOUS',
      others.length === 1
        ? `another certificate named ${shownValue(first.commonName)} is still valid: ${first.serialNumber}`
        : `${others.length} other certificates of these names are still valid, the first is ${first.serialNumber}`,
      { serialNumbers: serialNumbers.slice(0, 100) },
      'If they are of the same device, revoke them as serial:<hex> too',
    ),
  ];
}

function twoReasons({ serialNumber, commonName }: InventoryRecord, first: RevocationReason, second: RevocationReason) {
  return codedError(
    'INPUT_REASON',
    `the certificate ${shownValue(commonName)} with serial number ${serialNumber} is named for ${first} and for ${second}`,
    { serialNumber, commonName, field: 'reason', value: second, earlier: first },
    'Name each certificate once',
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
    { field: 'reason', value: shownValue(reason), known: Object.keys(REVOCATION_REASONS) },
    `Use one of ${Object.keys(REVOCATION_REASONS).join(', ')}`,
  );
}
