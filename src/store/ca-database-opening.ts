import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { codedError } from '../model/errors';
import { Certificate } from '../pki/certificate';
import { AppendFile } from './append-file';
import { isTemporaryName } from './atomic-file';
import { CaDatabase, type JournalAuthor, type NewCertificate } from './ca-database';
import type { CaFolder } from './ca-folder';
import { profileOf, toInventoryRecord } from './certificate-record';
import { listFolder, removeFile } from './folder';
import type { FolderLock } from './folder-lock';
import { describe, isDescribed, undescribed } from './index-record';
import { parseIndexRow, type IndexRow } from './index-row';
import { Inventory, type InventoryRecord } from './inventory';
import { readCertificateDetails, readStatusChange, type CertificateDetails, type StatusChange } from './journal-row';
import { forEachLine, wholeLines } from './line-reader';
import { lostRevocations } from './lost-revocation';

export interface DatabaseOpening {
  folder: CaFolder;
  lock: FolderLock;
  /** The CA certificate: files of others in `certs/` are left alone. */
  authority: Certificate;
  /** Further certificates of this CA whose leaves count, while its key is being replaced. */
  otherKeys?: readonly Certificate[];
  author: JournalAuthor;
  now: number;
}

/**
 * Read the database of a CA folder and mend what a crash or another program left behind:
 *
 * - a torn last line of index or journal is cut off;
 * - a certificate of this CA that has no line in the index gets one (it may never have been handed out, but it was
 *   signed, so it must be possible to revoke it), revoked when journal or CRL say that it was;
 * - a certificate file that was never finished, and a private key without certificate, are removed: they have no line,
 *   so they were never handed out;
 * - a line of `openssl ca` that the journal does not know is completed from the certificate.
 *
 * @throws CA_CORRUPT (a damaged line, a serial number twice), STORE_…
 */
export async function openCaDatabase(opening: DatabaseOpening): Promise<CaDatabase> {
  const { folder, lock } = opening;
  await sweepTemporaryFiles(folder);
  const index = await readIndex(folder);
  const { records } = index;
  const journal = await readJournal(folder, records);
  const certificateFiles = await folder.certificateFiles();
  const { keys, temporary } = await folder.keyFiles();
  for (const path of temporary) await removeFile(folder.fs, path);
  const keysWithoutLine = new Set(keys.filter((serialNumber) => !markKey(records.get(serialNumber))));

  const inventory = new Inventory();
  let count = 0;
  for (const record of records.values()) {
    inventory.add(isDescribed(record) ? record : await completed(folder, record));
    count += 1;
    if (count % 1000 === 0) await nextTurn();
  }

  const database = new CaDatabase({ folder, inventory, lock, index: index.file, journal: journal.file });
  const unlisted = certificateFiles.filter((serialNumber) => !records.has(serialNumber));
  const adopted: NewCertificate[] = [];
  const lostRevocation =
    unlisted.length > 0 ? await lostRevocations(folder, opening.authority, journal.changes) : () => undefined;
  for (const serialNumber of unlisted) {
    const details = journal.unlisted.get(serialNumber);
    const found = await adoptable(opening, serialNumber, keysWithoutLine.has(serialNumber), details?.profile);
    keysWithoutLine.delete(serialNumber);
    if (!found) continue;
    const revocation = lostRevocation(serialNumber);
    adopted.push({ record: revocation ? { ...found, revocation } : found, certificatePem: '', event: 'adopted' });
  }
  for (const serialNumber of keysWithoutLine) await removeFile(folder.fs, folder.privateKeyPath(serialNumber));
  if (adopted.length > 0) await database.adopt(adopted, opening.author, opening.now);
  return database;
}

async function sweepTemporaryFiles(folder: CaFolder): Promise<void> {
  for (const name of await listFolder(folder.fs, folder.path)) {
    if (isTemporaryName(name)) await removeFile(folder.fs, join(folder.path, name));
  }
}

/** Note that there is a key. False without a record. */
function markKey(record: InventoryRecord | undefined): boolean {
  if (record) record.hasKey = true;
  return record !== undefined;
}

/** Describes the records of the index; what it says of certificates without a line is kept aside. */
async function readJournal(folder: CaFolder, records: ReadonlyMap<string, InventoryRecord>) {
  const bytes = (await folder.readIfThere('journal.jsonl')) ?? (await createEmpty(folder, 'journal.jsonl'));
  const { whole, torn } = wholeLines(bytes);
  const unlisted = new Map<string, CertificateDetails>();
  const changes = new Map<string, StatusChange>();
  await forEachLine(whole, (line) => {
    const row = readCertificateDetails(line);
    const record = row && records.get(row.serialNumber);
    if (record) describe(record, row.details);
    else if (row) unlisted.set(row.serialNumber, row.details);
    const change = row ? undefined : readStatusChange(line);
    if (change) changes.set(change.serialNumber, change);
  });
  return { unlisted, changes, file: await cutTornLine(folder, 'journal.jsonl', whole, torn) };
}

/** The records in the order of the index, not described yet: one object for each of 100,000, not one for each file. */
async function readIndex(folder: CaFolder) {
  const { whole, torn } = wholeLines(await folder.read('index.txt'));
  const records = new Map<string, InventoryRecord>();
  await forEachLine(whole, (line, lineNumber) => {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    // OpenSSL skips comments (crypto/txt_db/txt_db.c).
    if (text === '' || text.startsWith('#')) return;
    const row = parseIndexRow(text, lineNumber);
    if (records.has(row.serialNumber)) throw duplicate(folder, row.serialNumber, lineNumber);
    records.set(row.serialNumber, undescribed(row));
  });
  const last = revokedRow(torn.toString('utf8'));
  if (last === undefined || records.has(last.serialNumber)) {
    return { records, file: await cutTornLine(folder, 'index.txt', whole, torn) };
  }
  records.set(last.serialNumber, undescribed(last));
  const file = new AppendFile(folder.fs, folder.pathOf('index.txt'), whole.length + torn.length);
  await file.append('\n');
  return { records, file };
}

/**
 * A revocation without line feed was not written by us or by OpenSSL (both replace the whole file) but left by an
 * editor: cutting it off would make the certificate valid again.
 */
function revokedRow(text: string): IndexRow | undefined {
  try {
    const row = parseIndexRow(text, 0);
    return row.revocation && row;
  } catch {
    return undefined;
  }
}

/**
 * A last line without line feed was never confirmed. OpenSSL would read it in silence, and with a line feed put behind
 * it refuse the whole file.
 */
async function cutTornLine(folder: CaFolder, name: 'index.txt' | 'journal.jsonl', whole: Buffer, torn: Buffer) {
  const file = new AppendFile(folder.fs, folder.pathOf(name), whole.length);
  if (torn.length > 0) await file.cutBackTo(whole.length);
  return file;
}

async function createEmpty(folder: CaFolder, name: 'journal.jsonl'): Promise<Buffer> {
  await folder.write(name, '');
  return Buffer.alloc(0);
}

/** The record of a line that the journal does not tell about. */
async function completed(folder: CaFolder, record: InventoryRecord): Promise<InventoryRecord> {
  const { serialNumber, notAfter, subjectLine, hasKey, revocation } = record;
  const certificate = readOrNothing(await folder.readCertificate(serialNumber));
  if (!certificate) return { ...record, commonName: /\/CN=([^/]*)/.exec(subjectLine)?.[1] ?? '' };
  return {
    ...toInventoryRecord(certificate, profileOf(certificate), hasKey),
    ...{ serialNumber, notAfter, subjectLine },
    ...(revocation && { revocation }),
  };
}

/** The record of a certificate file without a line, if it is one of this CA; an unfinished file is removed. */
async function adoptable(
  { folder, authority, otherKeys = [] }: DatabaseOpening,
  serialNumber: string,
  hasKey: boolean,
  profile: CertificateDetails['profile'] | undefined,
): Promise<InventoryRecord | undefined> {
  const certificate = readOrNothing(await folder.readCertificate(serialNumber));
  if (certificate === undefined) {
    await removeFile(folder.fs, folder.certificatePath(serialNumber));
    if (hasKey) await removeFile(folder.fs, folder.privateKeyPath(serialNumber));
    return undefined;
  }
  const ours =
    certificate.serialNumber === serialNumber && [authority, ...otherKeys].some((one) => certificate.isSignedBy(one));
  return ours ? toInventoryRecord(certificate, profile ?? profileOf(certificate), hasKey) : undefined;
}

function readOrNothing(pem: Buffer | undefined): Certificate | undefined {
  try {
    return pem && Certificate.fromPem(pem.toString('utf8'));
  } catch {
    return undefined;
  }
}

function duplicate(folder: CaFolder, serialNumber: string, line: number) {
  return codedError(
    'CA_CORRUPT',
    `serial number ${serialNumber} stands twice in index.txt, again in line ${line}`,
    { folder: folder.path, file: 'index.txt', serialNumber, line },
    'Restore index.txt from a backup, or remove the wrong line while Node-RED is stopped',
  );
}
