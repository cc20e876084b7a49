import type { CertificateAuthority, InventoryEntry } from '../ca/certificate-authority';

/** A certificate of the inventory, and whose it is. */
export interface CertificateRow extends InventoryEntry {
  /** Id of the tls-ca node. */
  ca: string;
}

/** All certificates of one CA, in the order they were issued. Leaves turns of the event loop to others. */
export async function certificateRows(ca: string, authority: CertificateAuthority): Promise<CertificateRow[]> {
  const { items } = await authority.listInTurns();
  return items.map((entry) => ({ ...entry, ca }));
}
