import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { Certificate } from '../pki/certificate';
import type { CaFolder } from '../store/ca-folder';
import type { InventoryRecord } from '../store/inventory';

/**
 * Certificates in `imported/` whose serial number another one has, by that number. A CRL names numbers, so they can only be
 * revoked together; an index holds each number once, so only the first of them stands there.
 */
export type SerialTwins = ReadonlyMap<string, readonly string[]>;

export async function readTwins(folder: CaFolder): Promise<SerialTwins> {
  const twins = new Map<string, string[]>();
  for (const bytes of await folder.importedCertificates()) {
    const { serialNumber, subject } = Certificate.fromPem(bytes);
    const names = twins.get(serialNumber) ?? [];
    names.push(subject.commonName ?? '');
    twins.set(serialNumber, names);
  }
  return twins;
}

/** Records that stand for a certificate of this name, because it has their serial number. */
export function recordsOfTwin(
  twins: SerialTwins,
  commonName: string,
  find: (serialNumber: string) => InventoryRecord | undefined,
): InventoryRecord[] {
  return [...twins].flatMap(([serialNumber, names]) => {
    const record = names.includes(commonName) ? find(serialNumber) : undefined;
    return record ? [record] : [];
  });
}

/**
 * Whoever revokes one of several certificates with one number must know that all go.
 *
 * @throws INPUT_AMBIGUOUS unless `all`
 */
export function checkTwins(twins: SerialTwins, records: readonly InventoryRecord[], all: boolean): void {
  if (all) return;
  for (const { serialNumber, commonName } of records) {
    const others = twins.get(serialNumber);
    if (!others) continue;
    const commonNames = [commonName, ...others];
    throw codedError(
      'INPUT_AMBIGUOUS',
      `${commonNames.length} certificates have the serial number ${serialNumber}: ${commonNames.slice(0, 10).map(shownValue).join(', ')}`,
      { serialNumber, serialNumbers: [serialNumber], commonNames: commonNames.slice(0, 100) },
      'Send all: true to revoke every one of them: a revocation list names the number, not the certificate',
    );
  }
}
