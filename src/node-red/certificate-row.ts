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
  return items.map((entry, index) => {
    const counts = newest.get(nameOf(entry));
    return { ...entry, ca, ...(counts !== undefined && counts > index && { replacedBy: items[counts]?.serialNumber }) };
  });
}

/** The place of the newest valid one of each name and profile; of two made in the same second the one issued later. */
function newestByName(entries: readonly InventoryEntry[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    if (entry.status === 'revoked' || entry.status === 'expired') continue;
    const known = newest.get(nameOf(entry));
    if (known === undefined || entry.notBefore >= (entries[known]?.notBefore ?? '')) newest.set(nameOf(entry), index);
  }
  return newest;
}

function nameOf({ profile, commonName }: InventoryEntry): string {
  return `${profile} ${commonName}`;
}
