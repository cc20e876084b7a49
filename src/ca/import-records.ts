import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { codedError, isCodedError } from '../model/errors';
import { evenHex } from '../model/serial-number';
import type { Certificate } from '../pki/certificate';
import type { RevocationList } from '../pki/revocation-list';
import { profileOf, toInventoryRecord } from '../store/certificate-record';
import { parseIndexRow, type IndexRow, type Revocation } from '../store/index-row';
import type { InventoryRecord } from '../store/inventory';
import { forEachLine } from '../store/line-reader';
import { readOrNothing, type ImportChoice } from './import-choice';
import type { ImportMaterial } from './import-material';

/** A certificate that comes into the inventory; without DER when only the index or a revocation list knows of it. */
export interface ImportedRecord {
  record: InventoryRecord;
  der?: Buffer;
}

/** What the CA has issued, as far as it can be found out. */
export interface ImportedRecords {
  records: ImportedRecord[];
  /** Certificates whose serial number an earlier one has: they cannot stand in an index. */
  twins: Certificate[];
  /** Certificates with a serial number that no index and no revocation list can name (negative ones). */
  unlistable: Certificate[];
  /** The highest number of a revocation list that this CA has signed or was about to. */
  crlNumber: bigint;
}

/** A signature is checked for each. */
const CERTIFICATES_PER_TURN = 20;
/** At most 20 octets (RFC 5280 §4.1.2.2): no revocation list of ours names longer ones. */
const SERIAL_NUMBER = /^([0-9A-F]{2}){1,20}$/;

/**
 * Bring together the certificates that were found, the index and the revocation lists. What any of them says to be revoked is
 * revoked; a serial number that only one of them knows is kept, so that it stays revoked and is never given again.
 *
 * @throws CA_CORRUPT with file and line when the index cannot be read
 */
export async function readImportedRecords(material: ImportMaterial, choice: ImportChoice): Promise<ImportedRecords> {
  const { certificate: authority, secretKeys } = choice;
  const rows = await readIndex(material, choice.keyPath);
  const lists = material.lists.filter((list) => list.isSignedBy(authority));
  const revocations = revocationsOf(lists, rows);
  const bySerialNumber = new Map<string, ImportedRecord>();
  const twins: Certificate[] = [];
  const unlistable: Certificate[] = [];

  let count = 0;
  for (const { der } of material.certificates.values()) {
    count += 1;
    if (count % CERTIFICATES_PER_TURN === 0) await nextTurn();
    const certificate = readOrNothing(der);
    if (!certificate || !certificate.isSignedBy(authority) || isAuthorityItself(certificate, authority)) continue;
    const { serialNumber } = certificate;
    if (!SERIAL_NUMBER.test(serialNumber)) unlistable.push(certificate);
    else if (bySerialNumber.has(serialNumber)) twins.push(certificate);
    else {
      const hasKey = secretKeys.has(certificate.spki.toString('hex'));
      const record = toInventoryRecord(certificate, profileOf(certificate), hasKey);
      bySerialNumber.set(serialNumber, { record, der });
    }
  }
  const own = authority.isSelfIssued ? authority.serialNumber : undefined;
  for (const row of rows.values()) {
    if (!SERIAL_NUMBER.test(row.serialNumber)) continue;
    if (row.serialNumber !== own && !bySerialNumber.has(row.serialNumber)) {
      bySerialNumber.set(row.serialNumber, { record: recordOfRow(row) });
    }
  }
  for (const [serialNumber, revocation] of revocations) {
    const known = bySerialNumber.get(serialNumber) ?? { record: recordOfRevocation(serialNumber, authority) };
    if (serialNumber === own && !bySerialNumber.has(serialNumber)) continue;
    bySerialNumber.set(serialNumber, { ...known, record: { ...known.record, revocation } });
  }
  const records = [...bySerialNumber.values()].sort((a, b) => a.record.notBefore - b.record.notBefore);
  return { records, twins, unlistable, crlNumber: highestNumber(material, choice.keyPath, lists) };
}

/** The same key and name: also earlier certificates of a root that was renewed. */
function isAuthorityItself(certificate: Certificate, authority: Certificate): boolean {
  return certificate.spki.equals(authority.spki) && certificate.isSelfIssued;
}

/** The index that lies where the key lies, or one folder above: another one is of another CA. */
async function readIndex({ indexes }: ImportMaterial, keyPath: string): Promise<Map<string, IndexRow>> {
  const found = besideKey(indexes, keyPath);
  const rows = new Map<string, IndexRow>();
  if (!found) return rows;
  const path = found.folder ? `${found.folder}/index.txt` : 'index.txt';
  const text = found.value;
  const whole = text.at(-1) === LINE_FEED || text.length === 0 ? text : Buffer.concat([text, Buffer.from('\n')]);
  await forEachLine(whole, (given, lineNumber) => {
    const line = given.endsWith('\r') ? given.slice(0, -1) : given;
    if (line === '' || line.startsWith('#')) return;
    const row = parseLine(line, lineNumber, path);
    const earlier = rows.get(row.serialNumber);
    // Twice the same number: what is revoked in one of them is revoked.
    if (!earlier || (row.revocation && !earlier.revocation)) rows.set(row.serialNumber, row);
  });
  return rows;
}

const LINE_FEED = 0x0a;
/** Octets; what no list of ours can name is passed over, and does not keep the others out. */
const LONGEST_FOREIGN_SERIAL_NUMBER = 1000;

function parseLine(line: string, lineNumber: number, path: string): IndexRow {
  const fields = line.split('\t');
  // Tools write lower case, and some forget the leading zero.
  if (/^[0-9a-fA-F]{1,128}$/.test(fields[3] ?? '')) fields[3] = evenHex(fields[3] ?? '');
  try {
    return parseIndexRow(fields.join('\t'), lineNumber, LONGEST_FOREIGN_SERIAL_NUMBER);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    throw codedError(
      error.code,
      error.message.replace('index.txt', path),
      { ...error.cause, file: path },
      'Mend the line in a copy of the folder, or leave index.txt out of it: then every certificate found counts as valid',
    );
  }
}

function besideKey<T>(byFolder: ReadonlyMap<string, T>, keyPath: string): { folder: string; value: T } | undefined {
  const own = folderOf(keyPath);
  for (const folder of own === '' ? [''] : [own, folderOf(own)]) {
    const value = byFolder.get(folder);
    if (value !== undefined) return { folder, value };
  }
  return undefined;
}

function folderOf(path: string): string {
  return path.includes('/') ? dirname(path) : '';
}

function revocationsOf(lists: readonly RevocationList[], rows: ReadonlyMap<string, IndexRow>): Map<string, Revocation> {
  const found = new Map<string, Revocation>();
  const add = (serialNumber: string, revocation: Revocation) => {
    const known = found.get(serialNumber);
    if (!known || revocation.at < known.at) found.set(serialNumber, revocation);
  };
  const newest = [...lists].sort((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())[0];
  // Only the last list counts: a hold that was taken back stands in the earlier ones.
  for (const { serialNumber, revokedAt, reason } of newest?.revoked() ?? []) {
    if (!SERIAL_NUMBER.test(serialNumber) || reason === 'removeFromCRL') continue;
    const row = rows.get(serialNumber);
    if (row && !row.revocation && reason === 'certificateHold') continue;
    add(serialNumber, { at: revokedAt.getTime(), reason });
  }
  for (const { serialNumber, revocation } of rows.values())
    if (revocation && SERIAL_NUMBER.test(serialNumber)) add(serialNumber, revocation);
  return found;
}

function recordOfRow(row: IndexRow): InventoryRecord {
  const commonName = /\/CN=([^/]*)/.exec(row.subjectLine)?.[1] ?? '';
  return { ...row, ...UNKNOWN, commonName };
}

/** All that is known is that it must stay revoked: it ends with the CA at the latest. */
function recordOfRevocation(serialNumber: string, authority: Certificate): InventoryRecord {
  return {
    ...UNKNOWN,
    serialNumber,
    notAfter: authority.notAfter.getTime(),
    commonName: '',
    subjectLine: '/CN=unknown',
  };
}

const UNKNOWN = {
  profile: 'unknown',
  keyType: 'unknown',
  subjectAltNames: [],
  notBefore: 0,
  fingerprint256: '',
  hasKey: false,
} as const;

function highestNumber({ crlNumbers }: ImportMaterial, keyPath: string, lists: readonly RevocationList[]): bigint {
  const text = besideKey(crlNumbers, keyPath)?.value ?? '';
  const hex = /^\s*([0-9a-fA-F]{1,38})\s*$/.exec(text)?.[1];
  // The file holds the next number.
  const counted = hex === undefined ? 0n : BigInt(`0x${hex}`);
  return lists.reduce((highest, { number = 0n }) => (number > highest ? number : highest), counted);
}
