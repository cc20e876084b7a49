import { codedError } from '../model/errors';
import { INVENTORY_STATUSES, type InventoryStatus } from '../model/inventory-query';
import { shownValue } from '../model/shown-value';
import type { CertificateRow } from './certificate-row';
import { isInBar, TIMELINE_BARS } from './expiry-timeline';

/** Which certificates of all CAs, in which order, and which part of them. All given conditions must hold. */
export interface CertificateQuery {
  /** Id of a tls-ca node. */
  ca?: string;
  /** Part of the common name, of another name or of the serial number, without regard to case. */
  text?: string;
  /** `valid` takes those that are expiring too. */
  status?: InventoryStatus;
  withinDays?: number;
  /** A bar of the time line. */
  bar?: string;
  sort: SortField;
  descending: boolean;
  offset: number;
  limit: number;
}

/**
 * What the grid can be sorted by. Each row gets its key once, and times are numbers: comparing 100,000 times as text held
 * everything else up for a second.
 */
const KEYS = {
  name: (row) => row.commonName.toLowerCase(),
  notAfter: (row) => Date.parse(row.notAfter),
  notBefore: (row) => Date.parse(row.notBefore),
  profile: (row) => row.profile,
  serial: (row) => row.serialNumber,
} satisfies Record<string, (row: CertificateRow) => string | number>;

export type SortField = keyof typeof KEYS;

/** Nearly every number holds an A, and every third one an A1. */
const SHORTEST_SERIAL = 4;
const LONGEST_TEXT = 256;
const LARGEST_PAGE = 200;

/** How a field of a request is read: undefined stands for "not acceptable". */
const FIELDS: Record<string, { read(text: string): string | number | undefined; expected: string }> = {
  ca: { read: (text) => text, expected: 'the id of a CA node' },
  text: { read: (text) => text.trim(), expected: 'text' },
  status: oneOf(INVENTORY_STATUSES),
  withinDays: wholeNumber(36_500),
  bar: oneOf(TIMELINE_BARS),
  sort: oneOf(Object.keys(KEYS)),
  order: oneOf(['up', 'down']),
  offset: wholeNumber(Number.MAX_SAFE_INTEGER),
  limit: wholeNumber(LARGEST_PAGE),
};

/**
 * Read the query of a request. Empty values count as not given.
 *
 * @throws INPUT_QUERY
 */
export function readCertificateQuery(given: Record<string, unknown>): CertificateQuery {
  const read: Record<string, string | number> = {};
  for (const [field, value] of Object.entries(given)) {
    // The editor's Ajax adds it against caches.
    if (field === '_' || value === '') continue;
    const known = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
    if (!known) throw refuse(field, value, `one of the fields ${Object.keys(FIELDS).join(', ')}`);
    const found = typeof value === 'string' && value.length <= LONGEST_TEXT ? known.read(value) : undefined;
    if (found === undefined) throw refuse(field, value, known.expected);
    read[field] = found;
  }
  const { order, ...rest } = { sort: 'notAfter', offset: 0, limit: 0, ...read } as Record<string, unknown>;
  return { ...rest, descending: order === 'down' } as unknown as CertificateQuery;
}

/** The certificates that match, in order. Does not look at offset and limit. */
export function selectRows(rows: readonly CertificateRow[], query: CertificateQuery, now: number): CertificateRow[] {
  const { status, withinDays, bar, sort, descending } = query;
  const latest = withinDays === undefined ? undefined : new Date(now + withinDays * 86_400_000).toISOString();
  const found = ofScope(rows, query).filter((row) => {
    if (status !== undefined && row.status !== status && !(status === 'valid' && row.status === 'expiring'))
      return false;
    if (latest !== undefined && (row.notAfter > latest || row.status === 'expired')) return false;
    return bar === undefined || isInBar(row, bar, now);
  });
  // Whoever asks what ends next would else read for years about what ended without anybody noticing.
  if (sort !== 'notAfter') return inOrder(found, sort, descending);
  const past = found.filter(isPast);
  const others = found.filter((row) => !isPast(row));
  return [...inOrder(others, sort, descending), ...inOrder(past, sort, descending)];
}

function inOrder(rows: readonly CertificateRow[], sort: SortField, descending: boolean): CertificateRow[] {
  const [before, after] = descending ? [1, -1] : [-1, 1];
  return rows
    .map((row) => ({ row, key: KEYS[sort](row) }))
    .sort((one, other) => (one.key < other.key ? before : one.key > other.key ? after : 0))
    .map(({ row }) => row);
}

/** Revoked or replaced: its end matters to nobody. One that expired and was never replaced is missed by somebody. */
function isPast({ status, replacedBy }: CertificateRow): boolean {
  return status === 'revoked' || replacedBy !== undefined;
}

/** What CA and text leave over: the certificates that the time line shows. */
export function ofScope(
  rows: readonly CertificateRow[],
  { ca, text }: Pick<CertificateQuery, 'ca' | 'text'>,
): CertificateRow[] {
  const wanted = text?.toLowerCase() ?? '';
  const serial = wanted.replaceAll(':', '').toUpperCase();
  return rows.filter((row) => {
    if (ca !== undefined && row.ca !== ca) return false;
    if (wanted === '' || row.commonName.toLowerCase().includes(wanted)) return true;
    if (serial.length >= SHORTEST_SERIAL && row.serialNumber.includes(serial)) return true;
    return row.subjectAltNames.some((name) => name.toLowerCase().includes(wanted));
  });
}

function oneOf(choices: readonly string[]) {
  return { read: (text: string) => choices.find((choice) => choice === text), expected: choices.join(', ') };
}

function wholeNumber(most: number) {
  const read = (text: string): number | undefined => {
    return /^\d{1,16}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
  };
  return { read, expected: `a whole number from 0 to ${most}` };
}

function refuse(field: string, value: unknown, expected: string) {
  return codedError(
    'INPUT_QUERY',
    `${shownValue(field)} is ${shownValue(value)}, expected ${expected}`,
    { field: shownValue(field), value: shownValue(value) },
    `Fields of a query: ${Object.keys(FIELDS).join(', ')}`,
  );
}
