import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuthorityCore } from './authority-core';
import { eventOf, type AuthorityEvent, type AuthorityEventName } from './authority-event';
import { authorityDueAt, EXPIRY_STAGES, firstStageFrom, isReplaced, stageTimes } from './expiry-stage';
import type { RevocationListKeeper } from './revocation-list-keeper';

/** Some milliseconds of work. */
const RECORDS_PER_TURN = 2000;

/** How things stand with a CA. What is revoked, or replaced by a newer certificate, is left out. */
export interface Outlook {
  /** The last stage that each certificate has reached, `ca-expiring` and `crl-overdue` where they hold. */
  reached: AuthorityEvent[];
  /** The stage that is reached next. */
  next?: Upcoming;
}

export interface Upcoming {
  event: AuthorityEvent;
  /** Milliseconds since 1970. */
  at: number;
}

/**
 * Look at all certificates, the CA and its CRL. Unlike the events this tells the same to whoever comes late: a listener
 * that was stopped while something was reached finds it here.
 *
 * @param wanted the events among which the next one is sought
 */
export async function takeOutlook(
  core: AuthorityCore,
  revocationList: RevocationListKeeper,
  wanted: ReadonlySet<AuthorityEventName>,
): Promise<Outlook> {
  const { clock, certificate, database, settings } = core;
  const now = clock.now();
  const ca = certificate.subject.commonName ?? '';
  const reached: AuthorityEvent[] = [];
  let next: { name: AuthorityEventName; about: Parameters<typeof eventOf>[1]; at: number } | undefined;

  const authority = {
    serialNumber: certificate.serialNumber,
    commonName: ca,
    notAfter: certificate.notAfter.getTime(),
  };
  const authorityDue = authorityDueAt(certificate);
  if (now >= authorityDue) reached.push(eventOf('ca-expiring', authority, ca, now));
  else if (wanted.has('ca-expiring')) next = { name: 'ca-expiring', about: authority, at: authorityDue };
  if (revocationList.overdue) reached.push(revocationList.overdue);

  let count = 0;
  for (const record of database.inventory.all()) {
    count += 1;
    if (count % RECORDS_PER_TURN === 0) await nextTurn();
    if (record.revocation) continue;
    const first = firstStageFrom(record, settings.renewBefore);
    if (now < first && first >= (next?.at ?? Infinity)) continue;
    const times = stageTimes(database.inventory, record, settings.renewBefore);
    const stages = times.filter((time) => now >= time).length;
    const following = EXPIRY_STAGES.findIndex((name, index) => index >= stages && wanted.has(name));
    const at = times[following] ?? Infinity;
    const isNext = at < (next?.at ?? Infinity);
    if ((stages === 0 && !isNext) || isReplaced(core, record, now)) continue;
    const stage = EXPIRY_STAGES[stages - 1];
    if (stage) reached.push(eventOf(stage, record, ca, now));
    const name = EXPIRY_STAGES[following];
    if (isNext && name) next = { name, about: record, at };
  }
  return { reached, ...(next && { next: { event: eventOf(next.name, next.about, ca, now), at: next.at } }) };
}
