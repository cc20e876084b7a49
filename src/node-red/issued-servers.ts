import type { CertificateAuthority, InventoryEntry } from '../ca/certificate-authority';
import type { SubjectAltName } from '../model/subject-alt-name';
import { nameMatches } from '../pki/name-matching';

/** Profiles whose certificates a broker can show. */
const SERVER_PROFILES = ['server', 'server-client'];
/** Names that a dialog offers at most. */
const MOST_NAMES = 8;

/** Whether a CA has issued what a broker must show under a name. */
export interface IssuedServers {
  /** The newest valid certificate for the name. */
  match: { commonName: string; serialNumber: string; notAfter: string } | null;
  /** Other names that would do, the last issued first. */
  names: string[];
}

/** @param host name or address as in the broker settings */
export async function issuedServers(authority: CertificateAuthority, host: string): Promise<IssuedServers> {
  const found = await Promise.all(
    SERVER_PROFILES.map((profile) => authority.listInTurns({ profile, status: 'valid' })),
  );
  // Lists are in the order of issuing; only the two of them have to be merged.
  const newestFirst = found
    .flatMap(({ items }) => [...items].reverse())
    .sort((one, other) => other.notBefore.localeCompare(one.notBefore));
  const match = newestFirst.find((entry) => isFor(entry, host));
  const names = newestFirst.flatMap(({ subjectAltNames }) => subjectAltNames.map((name) => name.replace(/^\w+:/, '')));
  return {
    match: match ? { commonName: match.commonName, serialNumber: match.serialNumber, notAfter: match.notAfter } : null,
    names: [...new Set(names)].slice(0, MOST_NAMES),
  };
}

function isFor({ subjectAltNames, commonName }: InventoryEntry, host: string): boolean {
  return nameMatches({ subjectAltNames: subjectAltNames.map(readName), subject: { commonName } }, host);
}

/** As the inventory writes it: `dns:broker.local`. */
function readName(text: string): SubjectAltName {
  const colon = text.indexOf(':');
  return { type: text.slice(0, colon), value: text.slice(colon + 1) } as SubjectAltName;
}
