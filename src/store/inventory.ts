import type { IndexRow, Revocation } from './index-row';
import type { CertificateDetails } from './journal-row';

/** All that is known about one certificate without opening its file. */
export interface InventoryRecord extends CertificateDetails, IndexRow {
  /** Its private key lies in the folder. */
  hasKey: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * The certificates of a CA in memory, in the order they were issued: by serial number and by name without a search,
 * so that a CA of 100,000 devices answers at once.
 */
export class Inventory {
  readonly #bySerialNumber = new Map<string, InventoryRecord>();
  /** One record where a name is unique, which is nearly always: an array for each would double the memory. */
  readonly #byName = new Map<string, InventoryRecord | InventoryRecord[]>();

  /** Only of keys that the folder does not hold. */
  readonly #byKey = new Map<string, InventoryRecord[]>();
  readonly #revoked = new Map<string, InventoryRecord>();
  /** Number of certificates by the hour of their end. */
  readonly #endings = new Map<number, number>();

  get size(): number {
    return this.#bySerialNumber.size;
  }

  get(serialNumber: string): InventoryRecord | undefined {
    return this.#bySerialNumber.get(serialNumber);
  }

  /** Records of a common name, oldest first. */
  named(commonName: string): readonly InventoryRecord[] {
    const found = this.#byName.get(commonName);
    return found === undefined ? [] : Array.isArray(found) ? found : [found];
  }

  /** Records of a key that the folder does not hold. @param publicKeyId as in the records */
  ofKey(publicKeyId: string): readonly InventoryRecord[] {
    return this.#byKey.get(publicKeyId) ?? [];
  }

  /** How many end within the same hour, the revoked and replaced among them. @param notAfter milliseconds since 1970 */
  endingAround(notAfter: number): number {
    return this.#endings.get(Math.floor(notAfter / HOUR_MS)) ?? 0;
  }

  all(): IterableIterator<InventoryRecord> {
    return this.#bySerialNumber.values();
  }

  /** Records that stand in the next CRL. */
  revoked(): InventoryRecord[] {
    return [...this.#revoked.values()];
  }

  add(record: InventoryRecord): void {
    this.#bySerialNumber.set(record.serialNumber, record);
    if (record.revocation) this.#revoked.set(record.serialNumber, record);
    this.#endings.set(Math.floor(record.notAfter / HOUR_MS), this.endingAround(record.notAfter) + 1);
    if (record.publicKeyId !== undefined) {
      this.#byKey.set(record.publicKeyId, [...this.ofKey(record.publicKeyId), record]);
    }
    const known = this.#byName.get(record.commonName);
    if (known === undefined) this.#byName.set(record.commonName, record);
    else if (Array.isArray(known)) known.push(record);
    else this.#byName.set(record.commonName, [known, record]);
  }

  setRevocation(serialNumber: string, revocation: Revocation | undefined): void {
    const record = this.#bySerialNumber.get(serialNumber);
    if (record === undefined) return;
    if (revocation) {
      record.revocation = revocation;
      this.#revoked.set(serialNumber, record);
    } else {
      delete record.revocation;
      this.#revoked.delete(serialNumber);
    }
  }
}
