import type { CertificateAuthority, InventoryEntry } from '../ca/certificate-authority';

/** A certificate of the inventory and how it stands to the others of its CA. */
export interface CertificateRow extends InventoryEntry {
  /** Id of the tls-ca node. */
  ca: string;
  /** Serial number of the certificate that counts instead: same name and profile, newer, and valid. */
  replacedBy?: string;
}

/** All certificates of one CA, in the order they were issued. Leaves turns of the event loop to others. */
export async function certificateRows(ca: string, authority: CertificateAuthority): Promise<CertificateRow[]> {
  const { items } = await authority.listInTurns();
  const newest = newestByName(items);
  return items.map((entry) => {
    const counts = newest.get(nameOf(entry));
    const isReplaced = counts !== undefined && counts !== entry && counts.notBefore >= entry.notBefore;
    return { ...entry, ca, ...(isReplaced && { replacedBy: counts.serialNumber }) };
  });
}

/** The newest valid one of each name and profile; of two made in the same second the one issued later. */
function newestByName(entries: readonly InventoryEntry[]): Map<string, InventoryEntry> {
  const newest = new Map<string, InventoryEntry>();
  for (const entry of entries) {
    if (entry.status === 'revoked' || entry.status === 'expired') continue;
    const known = newest.get(nameOf(entry));
    if (!known || entry.notBefore >= known.notBefore) newest.set(nameOf(entry), entry);
  }
  return newest;
}

function nameOf({ profile, commonName }: InventoryEntry): string {
  return `${profile} ${commonName}`;
}
