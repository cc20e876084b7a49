import { DAY_MS, type RenewalThreshold } from '../model/duration';
import type { InventoryQuery } from '../model/inventory-query';
import type { InventoryRecord } from '../store/inventory';
import { statusAt, toInventoryEntry, type InventoryEntry } from './inventory-entry';

export { readInventoryQuery, type InventoryQuery } from '../model/inventory-query';

export interface InventoryList {
  /** Certificates that match, also those beyond `limit`. */
  total: number;
  /** In the order they were issued. */
  items: InventoryEntry[];
}

/** Apply a query to all records. */
export function listInventory(
  records: Iterable<InventoryRecord>,
  query: InventoryQuery,
  { now, renewBefore }: { now: number; renewBefore: RenewalThreshold },
): InventoryList {
  const { status, profile, name, expiresWithinDays, offset = 0, limit = Infinity } = query;
  const matches = name === undefined ? undefined : globMatcher(name);
  const items: InventoryEntry[] = [];
  let total = 0;
  for (const record of records) {
    if (profile !== undefined && record.profile !== profile) continue;
    if (matches && !matches(record.commonName)) continue;
    if (status !== undefined && !hasStatus(record, status, now, renewBefore)) continue;
    if (expiresWithinDays !== undefined) {
      const days = (record.notAfter - now) / DAY_MS;
      if (days > expiresWithinDays || days < 0) continue;
    }
    total += 1;
    if (total > offset && items.length < limit) items.push(toInventoryEntry(record, now, renewBefore));
  }
  return { total, items };
}

function hasStatus(
  record: InventoryRecord,
  wanted: InventoryEntry['status'],
  now: number,
  renewBefore: RenewalThreshold,
): boolean {
  const status = statusAt(record, now, renewBefore);
  return status === wanted || (wanted === 'valid' && status === 'expiring');
}

/** `*` and `?` without a regular expression: a hostile pattern must not cost exponential time. */
function globMatcher(pattern: string): (text: string) => boolean {
  const glob = [...pattern.toLowerCase()];
  return (value) => {
    const text = [...value.toLowerCase()];
    let at = 0;
    let star = -1;
    let retry = 0;
    let from = 0;
    while (from < text.length) {
      if (glob[at] === '*') {
        star = at;
        retry = from;
        at += 1;
      } else if (glob[at] === '?' || glob[at] === text[from]) {
        at += 1;
        from += 1;
      } else if (star !== -1) {
        at = star + 1;
        retry += 1;
        from = retry;
      } else return false;
    }
    while (glob[at] === '*') at += 1;
    return at === glob.length;
  };
}
