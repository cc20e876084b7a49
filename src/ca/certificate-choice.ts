import { codedError } from '../model/errors';
import type { Selector } from '../model/selector';
import { shownValue } from '../model/shown-value';
import type { Inventory, InventoryRecord } from '../store/inventory';

/**
 * The certificate a selector stands for: the one with the serial number whatever its status, or the newest valid one
 * of the name.
 *
 * @throws CERT_NOT_FOUND
 */
export function chooseRecord(inventory: Inventory, selector: Selector, now: number): InventoryRecord {
  if (selector.by === 'serial') {
    const record = inventory.get(selector.value);
    if (record) return record;
    throw notFound(selector);
  }
  const named = inventory.named(selector.value);
  const newest = newestValid(named, now);
  if (newest) return newest;
  const statuses = named.map(({ serialNumber, revocation }) => `${serialNumber} ${revocation ? 'revoked' : 'expired'}`);
  throw notFound(selector, statuses);
}

/** Of two made in the same second the one issued later. */
export function newestValid(records: readonly InventoryRecord[], now: number): InventoryRecord | undefined {
  let newest: InventoryRecord | undefined;
  for (const record of records) {
    if (record.revocation || record.notAfter <= now) continue;
    if (!newest || record.notBefore >= newest.notBefore) newest = record;
  }
  return newest;
}

export function notFound({ by, value }: Selector, others: readonly string[] = []) {
  const what = by === 'serial' ? `with serial number ${value}` : `named ${shownValue(value)}`;
  return codedError(
    'CERT_NOT_FOUND',
    others.length === 0
      ? `this CA has issued no certificate ${what}`
      : `no certificate ${what} is valid: ${others.slice(0, 10).join(', ')}`,
    { by, value, ...(others.length > 0 && { others: others.slice(0, 100) }) },
    others.length === 0
      ? 'Look it up in the inventory; names are compared letter by letter'
      : 'Issue a new certificate, or name an old one as serial:<hex>',
  );
}
