import type { InventoryStatus } from '../../model/inventory-query';

/** What of all certificates is shown, and in which order. Empty: everything. */
export interface Filter {
  text: string;
  status: InventoryStatus | '';
  /** Id of a tls-ca node. */
  ca: string;
  /** Days, as text. */
  withinDays: string;
  /** A bar of the time line. */
  bar: string;
  sort: 'name' | 'profile' | 'serial' | 'notAfter';
  order: 'up' | 'down';
}

export const NO_FILTER: Filter = {
  text: '',
  status: '',
  ca: '',
  withinDays: '',
  bar: '',
  sort: 'notAfter',
  order: 'up',
};

/** A filter as the routes read it. */
export function queryOf(filter: Filter): URLSearchParams {
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(filter)) if (value !== '') query.set(field, value);
  return query;
}

/** True when a filter hides something. */
export function isNarrow({ text, status, ca, withinDays, bar }: Filter): boolean {
  return [text, status, ca, withinDays, bar].some((value) => value !== '');
}
