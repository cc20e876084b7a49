import type { Certificate } from '../pki/certificate';
import { readRevocationList, type RevocationList } from '../pki/revocation-list';
import type { CaFolder } from './ca-folder';
import type { Revocation } from './index-row';
import type { StatusChange } from './journal-row';

/** Tells the revocation of a certificate whose line in the index is lost. */
export type LostRevocation = (serialNumber: string) => Revocation | undefined;

/**
 * A certificate without a line in the index may have been revoked before the line got lost. The journal says so, and so
 * does the last CRL when the journal is lost too; of the two, the later one counts.
 *
 * @param changes the last change of status by serial number, from the journal
 */
export async function lostRevocations(
  folder: CaFolder,
  authority: Certificate,
  changes: ReadonlyMap<string, StatusChange>,
): Promise<LostRevocation> {
  const list = (await ownList(folder, 'crl.der', authority)) ?? (await ownList(folder, 'crl.pem', authority));
  return (serialNumber) => {
    const told = changes.get(serialNumber);
    const listed = list?.find(serialNumber);
    const at = listed?.revokedAt.getTime() ?? 0;
    if (!listed || listed.reason === 'removeFromCRL' || (told && told.at >= at)) return told?.revocation;
    return { at, reason: listed.reason };
  };
}

/** A list that is unreadable or of another CA says nothing. */
async function ownList(
  folder: CaFolder,
  name: 'crl.der' | 'crl.pem',
  authority: Certificate,
): Promise<RevocationList | undefined> {
  const bytes = await folder.readIfThere(name);
  try {
    const list = bytes && readRevocationList(bytes);
    return list?.isSignedBy(authority) ? list : undefined;
  } catch {
    return undefined;
  }
}
