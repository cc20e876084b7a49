import { codedError } from './errors';
import { CA_PROFILES, LEAF_PROFILES } from './profile-name';
import { shownValue } from './shown-value';

/** What a certificate of an inventory is; `expiring`: valid, and due for renewal by the CA's `renewBefore`. */
export const INVENTORY_STATUSES = ['valid', 'expiring', 'expired', 'revoked'] as const;

export type InventoryStatus = (typeof INVENTORY_STATUSES)[number];

/** Which certificates; all given conditions must hold. */
export interface InventoryQuery {
  /** `valid` takes those that are expiring too. */
  status?: InventoryStatus;
  profile?: string;
  /** Common name with `*` and `?`, without regard to case. */
  name?: string;
  expiresWithinDays?: number;
  /** False: without those that a newer certificate of the same name and profile has replaced; true: only these. */
  replaced?: boolean;
  limit?: number;
  offset?: number;
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
  replaced: { check: (value) => typeof value === 'boolean', expected: 'true or false' },
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

/** Longer than any field; the name of one that there is not may be of any length. */
const LONGEST_FIELD = 60;

function refuse(given: string, value: unknown, expected: string) {
  const field = given.slice(0, LONGEST_FIELD);
  return codedError(
    'INPUT_QUERY',
    `${field} is ${shownValue(value)}, expected ${expected}`,
    { field, value: shownValue(value) },
    `Fields of a query: ${Object.keys(FIELDS).join(', ')}`,
  );
}
