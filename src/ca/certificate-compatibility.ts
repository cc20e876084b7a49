import { setImmediate as nextTurn } from 'node:timers/promises';
import { traitsOfOutline } from '../model/certificate-traits';
import { judgeTraits, type DeviceCompatibility } from '../model/device-rules';
import type { Certificate } from '../pki/certificate';
import { traitsOf } from '../pki/certificate-traits';
import { deviceCompatibility } from '../pki/device-compatibility';
import type { CertificateAuthority } from './certificate-authority';
import type { InventoryEntry } from './inventory-entry';

/** Entries between two turns of the event loop; some milliseconds of work. */
const ENTRIES_PER_TURN = 500;

/** A certificate of a list and which devices and programs can use it. */
export type JudgedEntry = Omit<InventoryEntry, 'marks'> & { compatibility: DeviceCompatibility };

/** What a certificate of a list says of its CA. */
type Issuer = Pick<CertificateAuthority, 'certificate' | 'chain' | 'trustAnchors'>;

/** The verdicts on a certificate with the chain that is sent with it. */
export function compatibilityUnder(
  certificate: Certificate,
  chain: readonly Certificate[],
  anchors: readonly Certificate[],
): DeviceCompatibility {
  return deviceCompatibility(certificate, withAnchor(certificate, chain, anchors));
}

/** The verdicts on a certificate that is known by its entry only, under the CA as it is now. */
export function judgedEntry(entry: InventoryEntry, authority: Issuer): JudgedEntry {
  return judged(entry, issuersOf(authority));
}

/** As {@link judgedEntry}, leaving turns of the event loop to others; for lists of any length. */
export async function judgedEntries(entries: readonly InventoryEntry[], authority: Issuer): Promise<JudgedEntry[]> {
  const issuers = issuersOf(authority);
  const all: JudgedEntry[] = [];
  for (const entry of entries) {
    all.push(judged(entry, issuers));
    if (all.length % ENTRIES_PER_TURN === 0) await nextTurn();
  }
  return all;
}

/** The CA and those above it, the root last. */
export function issuersOf({ certificate, chain, trustAnchors }: Issuer): Certificate[] {
  if (certificate.isSelfIssued) return [certificate];
  return withAnchor(certificate, chain, trustAnchors);
}

function judged({ marks, ...entry }: InventoryEntry, issuers: readonly Certificate[]): JudgedEntry {
  const outline = {
    ...entry,
    notBefore: Date.parse(entry.notBefore),
    notAfter: Date.parse(entry.notAfter),
    marks,
  };
  return { ...entry, compatibility: judgeTraits(traitsOfOutline(outline), issuers.map(traitsOf)) };
}

/** The chain and the root above its end. By key identifier and name: a signature costs more than all the rest. */
function withAnchor(
  certificate: Certificate,
  chain: readonly Certificate[],
  anchors: readonly Certificate[],
): Certificate[] {
  const last = chain.at(-1) ?? certificate;
  const anchor = anchors.find((one) => last.isIssuedInNameOf(one) && hasKeyOf(last, one));
  return anchor ? [...chain, anchor] : [...chain];
}

function hasKeyOf({ authorityKeyId }: Certificate, { subjectKeyId }: Certificate): boolean {
  return !authorityKeyId || !subjectKeyId || authorityKeyId.equals(subjectKeyId);
}
