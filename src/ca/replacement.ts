import type { Inventory, InventoryRecord } from '../store/inventory';
import type { KeptCertificates } from './kept-certificates';

type Names = Pick<InventoryRecord, 'profile' | 'subjectAltNames'>;

/**
 * True when a certificate of the same common name can take the place of another one: same profile, and all its names. Two
 * servers of one host may have different names beside it, and then both certificates are needed.
 */
export function standsInFor(one: Names, other: Names): boolean {
  return one.profile === other.profile && other.subjectAltNames.every((name) => one.subjectAltNames.includes(name));
}

/**
 * Which certificates were replaced: the newest valid one that {@link standsInFor} them counts instead, unless somebody
 * keeps them. The rule of one look at an inventory; what changes meanwhile is seen by the next one.
 */
export class Replacements {
  /** By profile and names; only of common names that several certificates have. */
  readonly #newest = new Map<string, InventoryRecord | undefined>();

  /** @param now milliseconds since 1970 */
  constructor(
    private readonly inventory: Pick<Inventory, 'named'>,
    private readonly now: number,
    private readonly kept: Pick<KeptCertificates, 'has'>,
  ) {}

  /** The serial number of the certificate that counts instead of this one; undefined: it counts itself. */
  of(record: InventoryRecord): string | undefined {
    const named = this.inventory.named(record.commonName);
    // Nearly all names are unique: a list of 100,000 does nothing else.
    if (named.length < 2 || this.kept.has(record.serialNumber)) return undefined;
    const newest = this.#newestFor(record, named);
    if (!newest || newest === record) return undefined;
    const isLater =
      newest.notBefore === record.notBefore
        ? named.indexOf(newest) > named.indexOf(record)
        : newest.notBefore > record.notBefore;
    return isLater ? newest.serialNumber : undefined;
  }

  /** Of two made in the same second the one issued later. */
  #newestFor(record: InventoryRecord, named: readonly InventoryRecord[]): InventoryRecord | undefined {
    const key = [record.profile, record.commonName, ...record.subjectAltNames].join('\n');
    if (this.#newest.has(key)) return this.#newest.get(key);
    let newest: InventoryRecord | undefined;
    for (const one of named) {
      if (one.revocation || one.notAfter <= this.now || !standsInFor(one, record)) continue;
      if (!newest || one.notBefore >= newest.notBefore) newest = one;
    }
    this.#newest.set(key, newest);
    return newest;
  }
}
