import { setImmediate as nextTurn } from 'node:timers/promises';
import { traitsOfOutline } from '../model/certificate-traits';
import { judgeUnder, type DeviceCompatibility } from '../model/device-rules';
import type { Certificate } from '../pki/certificate';
import { traitsOf } from '../pki/certificate-traits';
import { deviceCompatibility } from '../pki/device-compatibility';
import type { CertificateAuthority } from './certificate-authority';
import type { InventoryEntry } from './inventory-entry';

/** Entries between two turns of the event loop; some milliseconds of work. */
const ENTRIES_PER_TURN = 200;

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
  return judgedBy(judgeOf(authority))(entry);
}

/** As {@link judgedEntry}, leaving turns of the event loop to others; for lists of any length. */
export async function judgedEntries(entries: readonly InventoryEntry[], authority: Issuer): Promise<JudgedEntry[]> {
  const judged = judgedBy(judgeOf(authority));
  const all: JudgedEntry[] = [];
  for (const entry of entries) {
    all.push(judged(entry));
    if (all.length % ENTRIES_PER_TURN === 0) await nextTurn();
  }
  return all;
}

/** The CA and those above it, the root last. */
export function issuersOf({ certificate, chain, trustAnchors }: Issuer): Certificate[] {
  if (certificate.isSelfIssued) return [certificate];
  return withAnchor(certificate, chain, trustAnchors);
}

type Judge = ReturnType<typeof judgeUnder>;

function judgeOf(authority: Issuer): Judge {
  return judgeUnder(issuersOf(authority).map(traitsOf));
}

function judgedBy(judge: Judge): (entry: InventoryEntry) => JudgedEntry {
  return ({ marks, ...entry }) => {
    const notBefore = Date.parse(entry.notBefore);
    const notAfter = Date.parse(entry.notAfter);
    return { ...entry, compatibility: judge(traitsOfOutline({ ...entry, notBefore, notAfter, marks })) };
  };
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
