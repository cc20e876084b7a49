import { renewAt, type RenewalThreshold } from '../model/duration';
import type { Inventory, InventoryRecord } from '../store/inventory';
import type { IssuePlan } from './issue-plan';

/** Certificates that end within the same hour; so few are renewed in a second or two, whatever the machine. */
const FEW = 10;
/** More of them get this much room each: about one renewal a minute. */
const ROOM_MS = 60_000;
/** The share of the lifetime that is left when a certificate is `expiring`; tls-probe calls this critical. */
const EXPIRING_SHARE = 0.1;

/** When a certificate is to be renewed and when that becomes urgent; milliseconds since 1970. */
export interface RenewalTimes {
  /** From here on it is `due` and renewed by whoever renews by itself. */
  due: number;
  /** A tenth of the lifetime is left; less where the policy renews later than that: what is not yet due is not urgent. */
  expiring: number;
}

/**
 * The policy of the CA, with the renewals of a crowd spread: a thousand devices certified in one message would else all
 * be due in the same second, and come for new keys and a new connection together. The place of each follows from its
 * fingerprint, so it is the same after a restart. Never before the policy says, and never later than half way
 * to `expiring`.
 */
export function renewalTimes(
  inventory: Inventory,
  record: InventoryRecord,
  renewBefore: RenewalThreshold,
): RenewalTimes {
  const { notBefore, notAfter, fingerprint256 } = record;
  const threshold = renewAt(renewBefore, notBefore, notAfter);
  const expiring = notAfter - Math.min((notAfter - notBefore) * EXPIRING_SHARE, (notAfter - threshold) / 2);
  const crowd = inventory.endingAround(notAfter);
  if (crowd <= FEW) return { due: threshold, expiring };
  const room = Math.min(crowd * ROOM_MS, (expiring - threshold) / 2);
  return { due: Math.floor(threshold + room * placeOf(fingerprint256)), expiring };
}

/** 0 to 1, evenly spread: a fingerprint is a hash, while foreign serial numbers may be counted up. */
function placeOf(fingerprint256: string): number {
  return (Number.parseInt(fingerprint256.slice(0, 8), 16) || 0) / 2 ** 32;
}

/**
 * Whether a new certificate would last noticeably longer. What lives for less than a third of a day is `due` when it is
 * issued, because it counts from a day before (DESIGN §1.8); and in the last days of a CA all ends with it. To renew
 * then would renew for ever.
 */
export function isWorthRenewing(record: InventoryRecord, plan: IssuePlan, now: number): boolean {
  const end = plan.notAfter.getTime();
  return end - record.notAfter >= (end - now) / 2;
}
