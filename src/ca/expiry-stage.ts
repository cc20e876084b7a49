import { AUTHORITY_DUE_DAYS, DAY_MS, renewAt, type RenewalThreshold } from '../model/duration';
import type { Certificate } from '../pki/certificate';
import type { Inventory, InventoryRecord } from '../store/inventory';
import type { AuthorityCore } from './authority-core';
import type { AuthorityEventName } from './authority-event';
import { newestValid } from './certificate-choice';
import { renewalTimes } from './renewal-time';
import { standsInFor } from './replacement';

/** The stages of a certificate's end: `due` for renewal, `expiring` (it becomes urgent), `expired`. */
export const EXPIRY_STAGES = ['due', 'expiring', 'expired'] as const satisfies readonly AuthorityEventName[];
export type ExpiryStage = (typeof EXPIRY_STAGES)[number];

/** When a certificate reaches each of {@link EXPIRY_STAGES}; milliseconds since 1970, ascending. */
export function stageTimes(inventory: Inventory, record: InventoryRecord, renewBefore: RenewalThreshold): number[] {
  const { due, expiring } = renewalTimes(inventory, record, renewBefore);
  return [due, expiring, record.notAfter];
}

/**
 * No stage is reached before this, in milliseconds since 1970. Nearly all of 100,000 certificates are told by it alone:
 * neither in a stage nor the next to reach one.
 */
export function firstStageFrom({ notBefore, notAfter }: InventoryRecord, renewBefore: RenewalThreshold): number {
  return Math.min(renewAt(renewBefore, notBefore, notAfter), notAfter);
}

/**
 * True when another certificate of the same name counts instead (see `standsInFor`): the newest valid one, or the one that
 * ended last. The end of this one then matters to nobody.
 */
export function isReplaced(
  { database, kept }: Pick<AuthorityCore, 'database' | 'kept'>,
  record: InventoryRecord,
  now: number,
): boolean {
  const named = database.inventory.named(record.commonName);
  if (named.length === 1 || kept.has(record.serialNumber)) return false;
  const alike = named.filter((other) => !other.revocation && standsInFor(other, record));
  return (newestValid(alike, now) ?? lastToEnd(alike)) !== record;
}

function lastToEnd(records: readonly InventoryRecord[]): InventoryRecord | undefined {
  let last: InventoryRecord | undefined;
  for (const record of records) if (!last || record.notAfter >= last.notAfter) last = record;
  return last;
}

/** When a CA is `ca-expiring`; milliseconds since 1970. */
export function authorityDueAt({ notAfter }: Certificate): number {
  return notAfter.getTime() - AUTHORITY_DUE_DAYS * DAY_MS;
}
