import { setImmediate as nextTurn } from 'node:timers/promises';
import { DAY_MS, type RenewalThreshold } from '../model/duration';
import { readInventoryQuery, type InventoryQuery } from '../model/inventory-query';
import type { InventoryRecord } from '../store/inventory';
import { isDue, plainStatusAt, toInventoryEntry, type InventoryEntry, type InventoryMoment } from './inventory-entry';
import { namePattern } from './name-pattern';

export { readInventoryQuery, type InventoryQuery } from '../model/inventory-query';

export interface InventoryList {
  /** Certificates that match, also those beyond `limit`. */
  total: number;
  /** In the order they were issued. */
  items: InventoryEntry[];
}

/** Records between two turns of the event loop that are left to others; some milliseconds of work. */
const RECORDS_PER_TURN = 500;

/** Apply a query to all records. @throws INPUT_QUERY */
export function listInventory(
  records: Iterable<InventoryRecord>,
  query: InventoryQuery | undefined,
  moment: InventoryMoment,
): InventoryList {
  const list: InventoryList = { total: 0, items: [] };
  const take = collector(list, query, moment);
  for (const record of records) take(record);
  return list;
}

/** The same without stopping everything else: a list of 100,000 certificates takes a second or two. */
export async function listInventoryInTurns(
  records: Iterable<InventoryRecord>,
  query: InventoryQuery | undefined,
  moment: InventoryMoment,
): Promise<InventoryList> {
  const list: InventoryList = { total: 0, items: [] };
  const take = collector(list, query, moment);
  let count = 0;
  for (const record of records) {
    take(record);
    count += 1;
    if (count % RECORDS_PER_TURN === 0) await nextTurn();
  }
  return list;
}

/** Adds a record to the list if it matches. */
function collector(list: InventoryList, query: InventoryQuery | undefined, moment: InventoryMoment) {
  const { now, renewBefore, replacements } = moment;
  const {
    status,
    profile,
    name,
    expiresWithinDays,
    replaced,
    offset = 0,
    limit = Infinity,
  } = readInventoryQuery(query);
  const matches = name === undefined ? undefined : namePattern(name);
  return (record: InventoryRecord): void => {
    if (profile !== undefined && record.profile !== profile) return;
    if (matches && !matches(record.commonName)) return;
    if (status !== undefined && !hasStatus(record, status, now, renewBefore)) return;
    if (expiresWithinDays !== undefined) {
      const days = (record.notAfter - now) / DAY_MS;
      if (days > expiresWithinDays || days < 0) return;
    }
    if (replaced !== undefined && (replacements.of(record) !== undefined) !== replaced) return;
    list.total += 1;
    if (list.total > offset && list.items.length < limit) list.items.push(toInventoryEntry(record, moment));
  };
}

/** What is due is valid, too. Only that is told apart by dates of its own, and dates cost most of a list. */
function hasStatus(
  record: InventoryRecord,
  wanted: InventoryEntry['status'],
  now: number,
  renewBefore: RenewalThreshold,
): boolean {
  const status = plainStatusAt(record, now);
  return wanted === 'expiring' ? status === 'valid' && isDue(record, now, renewBefore) : status === wanted;
}
