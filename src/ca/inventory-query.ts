import { DAY_MS, type RenewalThreshold } from '../model/duration';
import { codedError, type ErrorCode } from '../model/errors';
import { CA_PROFILES, LEAF_PROFILES } from '../model/profile-name';
import { shownValue } from '../model/shown-value';
import type { InventoryRecord } from '../store/inventory';
import { INVENTORY_STATUSES, statusAt, toInventoryEntry, type InventoryEntry } from './inventory-entry';

/** Which certificates; all given conditions must hold. */
export interface InventoryQuery {
  /** `valid` takes those that are expiring too. */
  status?: InventoryEntry['status'];
  profile?: string;
  /** Common name with `*` and `?`, without regard to case. */
  name?: string;
  expiresWithinDays?: number;
  limit?: number;
  offset?: number;
}

export interface InventoryList {
  /** Certificates that match, also those beyond `limit`. */
  total: number;
  /** In the order they were issued. */
  items: InventoryEntry[];
}

type Check = (value: unknown) => boolean;
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const PROFILE_NAMES: readonly unknown[] = [...LEAF_PROFILES, ...CA_PROFILES, 'unknown'];

const FIELDS: Record<keyof InventoryQuery, { check: Check; expected: string }> = {
  status: {
    check: (value) => (INVENTORY_STATUSES as readonly unknown[]).includes(value),
    expected: INVENTORY_STATUSES.join(', '),
  },
  profile: { check: (value) => PROFILE_NAMES.includes(value), expected: PROFILE_NAMES.join(', ') },
  name: { check: (value) => typeof value === 'string' && value.length <= 256, expected: 'a name with * and ?' },
  expiresWithinDays: {
    check: (value) => Number.isFinite(value) && (value as number) >= 0,
    expected: 'days, 0 or more',
  },
  limit: { check: isCount, expected: 'a whole number, 0 or more' },
  offset: { check: isCount, expected: 'a whole number, 0 or more' },
};

/**
 * Check a query as a message or a node gives it; empty values count as not given.
 *
 * @throws INPUT_QUERY
 */
export function readInventoryQuery(value: unknown): InventoryQuery {
  if (value === undefined || value === null || value === '') return {};
  if (typeof value !== 'object' || Array.isArray(value) || ArrayBuffer.isView(value))
    throw refuse('query', value, 'an object');
  const query: Record<string, unknown> = {};
  for (const [field, given] of Object.entries(value)) {
    if (given === undefined || given === null || given === '') continue;
    if (!Object.hasOwn(FIELDS, field))
      throw refuse(field, given, `one of the fields ${Object.keys(FIELDS).join(', ')}`);
    const { check, expected } = FIELDS[field as keyof InventoryQuery];
    if (!check(given)) throw refuse(field, given, expected);
    query[field] = given;
  }
  return query;
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

function refuse(field: string, value: unknown, expected: string) {
  const code: ErrorCode = 'INPUT_QUERY';
  return codedError(
    code,
    `${field} is ${shownValue(value)}, expected ${expected}`,
    { field, value: shownValue(value) },
    'Fields of a query: status, profile, name, expiresWithinDays, limit, offset',
  );
}
