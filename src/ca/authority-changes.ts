import type { InventoryRecord } from '../store/inventory';
import type { AuthorityCore } from './authority-core';
import { eventOf, type AuthorityEvent, type AuthorityEventName } from './authority-event';
import type { RevocationListKeeper } from './revocation-list-keeper';

/** How far somebody has followed a CA; plain data for a state file. */
export interface AuthorityMark {
  /** Certificates known, and the serial number of the last one of them. */
  count: number;
  last: string;
  /** When each revoked certificate was revoked; milliseconds since 1970, by serial number. */
  revoked: Record<string, number>;
  /** Decimal; empty when there was no CRL. */
  crlNumber: string;
}

export interface AuthorityChanges {
  /** `issued`, `revoked`, `crl-refreshed`, each certificate in the order it was issued. */
  events: AuthorityEvent[];
  /** To ask with the next time. */
  mark: AuthorityMark;
}

/**
 * What happened in a CA since somebody asked last. Unlike the events this misses nothing that happened while nobody
 * listened, be it done by another program. A renewal is an `issued` here: only its event knows better.
 *
 * @param mark of the last call; without one, or when it is of another folder, nothing counts as a change
 */
export function changesSince(
  core: AuthorityCore,
  revocationList: RevocationListKeeper,
  mark?: AuthorityMark,
): AuthorityChanges {
  const { clock, certificate, database } = core;
  const now = clock.now();
  const ca = certificate.subject.commonName ?? '';
  const added: InventoryRecord[] = [];
  let count = 0;
  let last = '';
  let known = mark?.count === 0;
  for (const record of database.inventory.all()) {
    count += 1;
    last = record.serialNumber;
    if (known) added.push(record);
    else if (count === mark?.count) known = last === mark.last;
  }
  const revoked: Record<string, number> = {};
  for (const { serialNumber, revocation } of database.inventory.revoked()) revoked[serialNumber] = revocation?.at ?? 0;
  const { latest } = revocationList;
  const next = { count, last, revoked, crlNumber: latest?.number ?? '' };
  if (!mark || !known) return { events: [], mark: next };

  const tell = (event: AuthorityEventName, record: InventoryRecord) => eventOf(event, record, ca, now);
  const events = added.map((record) => tell('issued', record));
  for (const record of database.inventory.revoked()) {
    const at = record.revocation?.at;
    if (mark.revoked[record.serialNumber] !== at) events.push(tell('revoked', record));
  }
  if (latest && latest.number !== mark.crlNumber) events.push(latest.event);
  return { events, mark: next };
}
