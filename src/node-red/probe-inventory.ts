import type { CertificateAuthority, InventoryEntry } from '../ca/certificate-authority';
import { codedError, type Warning } from '../model/errors';
import { parseIpAddress } from '../model/ip-address';
import type { Certificate } from '../pki/certificate';
import type { LeafSummary, ProbeReport } from '../tls/probe-report';
import { withCause, withRemark } from '../tls/report-finding';

/** More intermediates than one CA has in practice; each costs a file. */
const MOST_INTERMEDIATES = 20;

/** A report that says one of these is mended by loading the newer certificate, when there is one. */
const MENDED_BY_NEWER: readonly (string | null)[] = ['CERT_EXPIRED', 'CERT_REVOKED'];

/**
 * Compare what a server serves with what the CA has issued.
 *
 * The connection shows only what is served. The inventory knows whether that is what it should be: `CERT_REVOKED`
 * (critical, also where no list was checked), and `CERT_SUPERSEDED` when a newer certificate of the same name waits to
 * be loaded, which is how most certificates expire that were renewed in time.
 *
 * @returns the report with what was found; unchanged for a certificate of another CA
 */
export async function comparedWithInventory(
  report: ProbeReport,
  authority: CertificateAuthority,
): Promise<ProbeReport> {
  const served = report.leaf && entryOf(authority, report.leaf);
  if (!served) return report;
  const judged = served.status === 'revoked' ? withRevocation(report, served) : report;
  const newer = await newerThan(authority, served, report.servername);
  if (!newer) return judged;
  const remark = superseded(report, served, newer);
  const remarked = withRemark(judged, remark);
  return MENDED_BY_NEWER.includes(judged.code) ? { ...remarked, fix: remark.hint } : remarked;
}

/** The intermediates below and above a CA, so that one a server forgets to send can be named. */
export async function intermediatesOf(authority: CertificateAuthority): Promise<Certificate[]> {
  const issued = await authority.listInTurns({ profile: 'intermediate', limit: MOST_INTERMEDIATES });
  const loaded = issued.items.map(async ({ serialNumber }) => (await authority.load(serialNumber)).certificate);
  return [...authority.chain, ...(await Promise.all(loaded))];
}

/** By serial number and fingerprint: two CAs may use the same number. */
function entryOf(authority: CertificateAuthority, leaf: LeafSummary): InventoryEntry | undefined {
  if (authority.statusOf(leaf.serialNumber) === 'unknown') return undefined;
  const entry = authority.find({ by: 'serial', value: leaf.serialNumber });
  return entry.fingerprint256 === leaf.fingerprint256 ? entry : undefined;
}

function withRevocation(report: ProbeReport, served: InventoryEntry): ProbeReport {
  if (report.code === 'CERT_REVOKED') return report;
  const { serialNumber, commonName, revokedAt, reason } = served;
  const cause = codedError(
    'CERT_REVOKED',
    `the certificate "${commonName}" (serial ${serialNumber}) was revoked by its CA on ${revokedAt}, but is still served`,
    { serialNumber, commonName, revokedAt, reason },
    'Issue the server a new certificate and let it load that',
  ).toWarning();
  const revocation = { ok: false, code: cause.code, message: cause.message };
  return { ...withCause(report, 'chain', cause), verdicts: { ...report.verdicts, revocation } };
}

/** The newest valid certificate for the same purpose that could take the place of the one that is served. */
async function newerThan(
  authority: CertificateAuthority,
  served: InventoryEntry,
  name: string,
): Promise<InventoryEntry | undefined> {
  const newest = newestNamed(authority, served.commonName);
  if (!newest || newest.serialNumber === served.serialNumber) return undefined;
  // A client may have the name of its broker. The inventory is searched only for such a name.
  const candidate = newest.profile === served.profile ? newest : await newestOfProfile(authority, served);
  if (!candidate || candidate.serialNumber === served.serialNumber) return undefined;
  const isLater = candidate.notBefore >= served.notBefore;
  return isLater && replaces(candidate, served, name) ? candidate : undefined;
}

function newestNamed(authority: CertificateAuthority, commonName: string): InventoryEntry | undefined {
  try {
    return commonName ? authority.find({ by: 'name', value: commonName }) : undefined;
  } catch {
    return undefined; // none of that name is valid any more
  }
}

async function newestOfProfile(
  authority: CertificateAuthority,
  { commonName, profile }: InventoryEntry,
): Promise<InventoryEntry | undefined> {
  const { items } = await authority.listInTurns({ name: commonName, profile, status: 'valid' });
  return items.findLast((entry) => entry.commonName === commonName);
}

/**
 * Two brokers may share a common name, such as localhost. The newer certificate is for this one when it has the very
 * same names, as every renewal has, or when it has the name that the probe asked for in vain.
 */
function replaces(newer: InventoryEntry, served: InventoryEntry, name: string): boolean {
  const sameNames = new Set([...newer.subjectAltNames, ...served.subjectAltNames]).size;
  if (sameNames === newer.subjectAltNames.length && sameNames === served.subjectAltNames.length) return true;
  return !isFor(served, name) && isFor(newer, name);
}

function isFor({ subjectAltNames }: InventoryEntry, name: string): boolean {
  const address = parseIpAddress(name)?.text;
  return subjectAltNames.includes(address ? `ip:${address}` : `dns:${name.toLowerCase()}`);
}

function superseded({ target }: ProbeReport, served: InventoryEntry, newer: InventoryEntry): Warning {
  return codedError(
    'CERT_SUPERSEDED',
    `${target} still serves serial ${served.serialNumber} (until ${served.notAfter}), although a newer certificate "${newer.commonName}" was issued: serial ${newer.serialNumber}, valid from ${newer.notBefore} until ${newer.notAfter}`,
    { served: served.serialNumber, issued: newer.serialNumber, notBefore: newer.notBefore, notAfter: newer.notAfter },
    `Let the server load the newer certificate (serial ${newer.serialNumber}): export it, copy certificate and key to the server and have it read them again (Mosquitto: SIGHUP or restart)`,
  ).toWarning();
}
