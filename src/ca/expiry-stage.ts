import { DAY_MS, renewAt, type RenewalThreshold } from '../model/duration';
import type { Certificate } from '../pki/certificate';
import type { Inventory, InventoryRecord } from '../store/inventory';
import type { AuthorityEventName } from './authority-event';
import { newestValid } from './certificate-choice';

/** The stages of a certificate's end: `due` for renewal, `expiring` (a tenth is left), `expired`. */
export const EXPIRY_STAGES = ['due', 'expiring', 'expired'] as const satisfies readonly AuthorityEventName[];
export type ExpiryStage = (typeof EXPIRY_STAGES)[number];

/** The share of the lifetime that is left when a certificate is `expiring`; tls-probe calls this critical. */
const EXPIRING_SHARE = 0.1;
/** A CA is due a year ahead: every device needs the new root before the old one ends. */
const CA_DUE_DAYS = 365;

/** When a certificate reaches each of {@link EXPIRY_STAGES}; milliseconds since 1970, ascending. */
export function stageTimes({ notBefore, notAfter }: InventoryRecord, renewBefore: RenewalThreshold): number[] {
  const due = renewAt(renewBefore, new Date(notBefore), new Date(notAfter)).getTime();
  const expiring = notAfter - (notAfter - notBefore) * EXPIRING_SHARE;
  return [Math.min(due, expiring), expiring, notAfter];
}

/**
 * True when another certificate of the same name and profile counts instead: the newest valid one, or the one that ended
 * last. The end of this one then matters to nobody.
 */
export function isReplaced(inventory: Inventory, record: InventoryRecord, now: number): boolean {
  const named = inventory.named(record.commonName);
  if (named.length === 1) return false;
  const alike = named.filter(({ profile, revocation }) => profile === record.profile && !revocation);
  return (newestValid(alike, now) ?? lastToEnd(alike)) !== record;
}

function lastToEnd(records: readonly InventoryRecord[]): InventoryRecord | undefined {
  let last: InventoryRecord | undefined;
  for (const record of records) if (!last || record.notAfter >= last.notAfter) last = record;
  return last;
}

/** When a CA is `ca-expiring`; milliseconds since 1970. */
export function authorityDueAt({ notAfter }: Certificate): number {
  return notAfter.getTime() - CA_DUE_DAYS * DAY_MS;
}
