import type { Inventory, InventoryRecord } from '../store/inventory';

/**
 * Which certificates were replaced: the newest valid one of the same name and profile counts instead. The rule of one
 * look at an inventory; what changes meanwhile is seen by the next one.
 */
export class Replacements {
  /** By profile and name; only of names that several certificates have. */
  readonly #newest = new Map<string, InventoryRecord | undefined>();

  /** @param now milliseconds since 1970 */
  constructor(
    private readonly inventory: Pick<Inventory, 'named'>,
    private readonly now: number,
  ) {}

  /** The serial number of the certificate that counts instead of this one; undefined: it counts itself. */
  of(record: InventoryRecord): string | undefined {
    const named = this.inventory.named(record.commonName);
    // Nearly all names are unique: a list of 100,000 does nothing else.
    if (named.length < 2) return undefined;
    const newest = this.#newestOf(record, named);
    if (!newest || newest === record) return undefined;
    const isLater =
      newest.notBefore === record.notBefore
        ? named.indexOf(newest) > named.indexOf(record)
        : newest.notBefore > record.notBefore;
    return isLater ? newest.serialNumber : undefined;
  }

  /** Of two made in the same second the one issued later. */
  #newestOf({ profile, commonName }: InventoryRecord, named: readonly InventoryRecord[]): InventoryRecord | undefined {
    const key = `${profile} ${commonName}`;
    if (this.#newest.has(key)) return this.#newest.get(key);
    let newest: InventoryRecord | undefined;
    for (const one of named) {
      if (one.profile !== profile || one.revocation || one.notAfter <= this.now) continue;
      if (!newest || one.notBefore >= newest.notBefore) newest = one;
    }
    this.#newest.set(key, newest);
    return newest;
  }
}
