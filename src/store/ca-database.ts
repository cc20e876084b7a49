import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AppendFile } from './append-file';
import { writeAtomically, PUBLIC_FILE_MODE, SECRET_FILE_MODE, writeNewFile } from './atomic-file';
import type { CaFolder } from './ca-folder';
import { removeFile, syncFolder } from './folder';
import type { FolderLock } from './folder-lock';
import { formatIndexRow, parseIndexRow, type Revocation } from './index-row';
import type { Inventory, InventoryRecord } from './inventory';
import { formatJournalRow, type CertificateDetails, type JournalRow } from './journal-row';
import { forEachLine, LINES_PER_TURN } from './line-reader';
import { FILE_CONCURRENCY, inParallel } from './parallel';
import { errnoOf } from './store-error';

/** A signed certificate on its way to the disk. */
export interface NewCertificate {
  record: InventoryRecord;
  certificatePem: string;
  secretKeyPem?: string;
  event: 'issued' | 'renewed' | 'adopted';
  /** Serial number of the certificate that this one renews. */
  renews?: string;
}

/** Who acts. */
export interface JournalAuthor {
  node: string;
  actor?: string;
}

/** The certificates of one CA on disk and in memory. Calls must not overlap; the CA's commit queue sees to that. */
export class CaDatabase {
  readonly folder: CaFolder;
  readonly inventory: Inventory;
  readonly #lock: FolderLock;
  readonly #index: AppendFile;
  readonly #journal: AppendFile;
  /** The last rewriting of the index failed half-way: which statuses it holds must be read again. */
  #statusesUnknown = false;

  constructor(parts: {
    folder: CaFolder;
    inventory: Inventory;
    lock: FolderLock;
    index: AppendFile;
    journal: AppendFile;
  }) {
    this.folder = parts.folder;
    this.inventory = parts.inventory;
    this.#lock = parts.lock;
    this.#index = parts.index;
    this.#journal = parts.journal;
  }

  /**
   * Make a group of certificates durable, all or none: files, then journal, then one line each in the index, which is
   * what counts. Four syncs and one per file, however many there are. A certificate whose line did not get written
   * was never handed out; its files are removed, here or when the folder is opened the next time.
   *
   * @throws CA_LOCKED, STORE_FULL, STORE_READ_ONLY, STORE_IO …
   */
  async add(group: readonly NewCertificate[], author: JournalAuthor, now: number): Promise<void> {
    await this.#prepare();
    const written: string[] = [];
    const write = async (path: string, content: string, mode: number) => {
      try {
        await writeNewFile(this.folder.fs, path, content, { mode });
      } catch (error) {
        // A file that was there before is not ours to remove.
        if (errnoOf(error) !== 'EEXIST') written.push(path);
        throw error;
      }
      written.push(path);
    };
    try {
      await inParallel(group, FILE_CONCURRENCY, async ({ record, certificatePem, secretKeyPem }) => {
        const { serialNumber } = record;
        if (secretKeyPem) await write(this.folder.privateKeyPath(serialNumber), secretKeyPem, SECRET_FILE_MODE);
        await write(this.folder.certificatePath(serialNumber), certificatePem, PUBLIC_FILE_MODE);
      });
      if (group.some(({ secretKeyPem }) => secretKeyPem)) {
        await syncFolder(this.folder.fs, this.folder.pathOf('private'));
      }
      await syncFolder(this.folder.fs, this.folder.pathOf('certs'));
      await this.#addLines(group, author, now);
    } catch (error) {
      // A line that may still be in the index needs its certificate.
      if (!this.#index.uncertain) await this.#discard(written);
      throw error;
    }
    for (const { record } of group) this.inventory.add(record);
  }

  /** Enter certificates whose files are there already. */
  async adopt(group: readonly NewCertificate[], author: JournalAuthor, now: number): Promise<void> {
    await this.#prepare();
    await this.#addLines(group, author, now);
    for (const { record } of group) this.inventory.add(record);
  }

  /**
   * Change the status of certificates; the index is rewritten beside the old one and put in its place.
   *
   * @param changes serial number to revocation, or to `undefined` when it is taken back
   */
  async setRevocations(changes: ReadonlyMap<string, Revocation | undefined>): Promise<void> {
    await this.#prepare();
    const bytes = await this.#indexWith(changes);
    try {
      await writeAtomically(this.folder.fs, this.#index.path, bytes, { mode: PUBLIC_FILE_MODE });
    } catch (error) {
      // The new index may be in place although its folder could not be synced.
      this.#statusesUnknown = true;
      await this.#prepare().catch(() => undefined);
      throw error;
    }
    this.#index.replacedBy(bytes.length);
    for (const [serialNumber, revocation] of changes) this.inventory.setRevocation(serialNumber, revocation);
  }

  /** Write events into the journal. */
  async log(rows: readonly JournalRow[]): Promise<void> {
    await this.#lock.assertOwned();
    await this.#journal.append(rows.map(formatJournalRow).join(''));
  }

  /** @throws CA_LOCKED when another process has taken the folder over */
  assertOwned(): Promise<void> {
    return this.#lock.assertOwned();
  }

  async #prepare(): Promise<void> {
    await this.#lock.assertOwned();
    if (!this.#statusesUnknown) return;
    const bytes = await this.folder.read('index.txt');
    await forEachLine(bytes, (line, lineNumber) => {
      const row = parseIndexRow(line, lineNumber);
      this.inventory.setRevocation(row.serialNumber, row.revocation);
    });
    this.#index.replacedBy(bytes.length);
    this.#statusesUnknown = false;
  }

  async #addLines(group: readonly NewCertificate[], author: JournalAuthor, now: number): Promise<void> {
    const journalLength = this.#journal.length;
    const rows = group.map(({ record, event, renews }): JournalRow => ({
      at: now,
      event,
      ...author,
      ...(renews && { renews }),
      serialNumber: record.serialNumber,
      certificate: detailsOf(record),
    }));
    await this.#journal.append(rows.map(formatJournalRow).join(''));
    try {
      await this.#index.append(group.map(({ record }) => `${formatIndexRow(record)}\n`).join(''));
    } catch (error) {
      await this.#journal.cutBackTo(journalLength);
      throw error;
    }
  }

  async #indexWith(changes: ReadonlyMap<string, Revocation | undefined>): Promise<Buffer> {
    const lines: string[] = [];
    for (const record of this.inventory.all()) {
      const { serialNumber, notAfter, subjectLine } = record;
      const revocation = changes.has(serialNumber) ? changes.get(serialNumber) : record.revocation;
      lines.push(`${formatIndexRow({ serialNumber, notAfter, subjectLine, ...(revocation && { revocation }) })}\n`);
      if (lines.length % LINES_PER_TURN === 0) await nextTurn();
    }
    return Buffer.from(lines.join(''));
  }

  async #discard(paths: readonly string[]): Promise<void> {
    for (const path of paths) await removeFile(this.folder.fs, path).catch(() => undefined);
  }
}

function detailsOf(record: InventoryRecord): CertificateDetails {
  const {
    commonName,
    profile,
    keyType,
    subjectAltNames,
    notBefore,
    fingerprint256,
    authorityKeyId,
    publicKeyId,
    marks,
  } = record;
  return {
    ...{ commonName, profile, keyType, subjectAltNames, notBefore, fingerprint256 },
    ...(authorityKeyId !== undefined && { authorityKeyId }),
    ...(publicKeyId !== undefined && { publicKeyId }),
    ...(marks !== undefined && { marks }),
  };
}
