import { join } from 'node:path';
import { codedError, isCodedError } from '../model/errors';
import { PUBLIC_FILE_MODE } from './atomic-file';
import { readBoundedIfThere } from './bounded-file';
import { checkFileName } from './file-name';
import { factsIfThere } from './file-facts';
import type { FileSystem } from './file-system';
import { removeFile, syncFolder } from './folder';
import type { OutputFolder } from './output-folder';
import { errnoOf, storing } from './store-error';

/** Which files are being replaced; there from before the first one is touched until the new ones have been proved. */
export const REPLACEMENT_JOURNAL = '.secure-mqtt-replacing.json';
const JOURNAL_LIMIT = 4 * 1024 * 1024;
const VERSION = 1;

/** A file system without hard links, or a file that somebody else owns (Linux: fs.protected_hardlinks). */
const NO_LINK = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'UNKNOWN']);

/** A file as it shall be. */
export interface NewFile {
  /** A plain file name. */
  name: string;
  content: Uint8Array;
  /** Permission bits; those for the group are taken from the file that is there. */
  mode: number;
}

interface JournalEntry {
  name: string;
  /** False: there was no such file before. */
  existed: boolean;
}

/**
 * Several files of one folder that change together and can be put back: a broker's certificate and its key.
 *
 * Until {@link keep} the old files stay beside the new ones as `.<name>.previous`, the same files (owner, permissions, inode) under a
 * second name. After a crash at any instant {@link recoverReplacement} leaves the folder exactly as it was before, or, after
 * {@link keep}, as it is now: never a certificate beside the key of another one.
 */
export class FileReplacement {
  private readonly folder: string;

  private constructor(
    private readonly fs: FileSystem,
    private readonly output: OutputFolder,
    private readonly files: readonly JournalEntry[],
  ) {
    this.folder = output.folder;
  }

  /** True when at least one file was there before. */
  get replaces(): boolean {
    return this.files.some(({ existed }) => existed);
  }

  /**
   * Write every file as `<name>.new`, then rename all of them into place. The journal goes first: killed at any moment, nothing is
   * left that nobody knows of, and one of the files is a private key.
   *
   * The new files get owner and group of the old ones where this user may give them away, so that a broker can go on
   * reading them.
   *
   * @throws STORE_*, INPUT_FOLDER; nothing has changed then
   */
  static async begin(fs: FileSystem, output: OutputFolder, files: readonly NewFile[]): Promise<FileReplacement> {
    const { folder } = output;
    await recoverReplacement(fs, folder);
    const entries: JournalEntry[] = [];
    for (const { name } of files) {
      checkFileName(name);
      entries.push({ name, existed: (await factsIfThere(fs, join(folder, name))) !== undefined });
    }
    await forgetOld(fs, folder, entries);
    const replacement = new FileReplacement(fs, output, entries);
    try {
      // This write makes the folder, and all of them refuse links.
      await replacement.writeJournal();
      for (const file of files) await replacement.stage(output, file);
      await syncFolder(fs, folder);
      for (const { name, existed } of entries) if (existed) await replacement.keepOld(name);
      await syncFolder(fs, folder);
      for (const { name } of entries) {
        const path = join(folder, name);
        await output.stillThere();
        await storing('replace', path, () => fs.rename(staged(folder, name), path));
      }
      await syncFolder(fs, folder);
      return replacement;
    } catch (error) {
      await replacement.rollBack().catch(() => undefined);
      throw error;
    }
  }

  /**
   * The new files have proved themselves: forget the old ones. From here on nothing goes back.
   *
   * @throws STORE_* while the old files can still be put back, STORE_OUTSIDE when the folder was exchanged for a link; never afterwards
   */
  async keep(): Promise<void> {
    await this.output.stillThere();
    await removeFile(this.fs, join(this.folder, REPLACEMENT_JOURNAL));
    try {
      await syncFolder(this.fs, this.folder);
      await forgetOld(this.fs, this.folder, this.files);
    } catch {
      // Old files that cannot be removed now stay hidden, and go with the next replacement.
    }
  }

  /** Put the old files back exactly as they were; files that were not there before are removed. */
  async rollBack(): Promise<void> {
    // Files of the same names may lie where a link leads to, and are none of ours.
    await this.output.stillThere();
    return rollBack(this.fs, this.folder, this.files);
  }

  private async stage(output: OutputFolder, { name, content, mode }: NewFile): Promise<void> {
    const path = join(this.folder, name);
    const old = await factsIfThere(this.fs, path);
    if (old && !old.isFile()) throw noFile(path);
    await output.write(`${name}.new`, content, { mode, ...(old && { like: old }) });
  }

  private async writeJournal(): Promise<void> {
    const text = `${JSON.stringify({ version: VERSION, files: this.files })}\n`;
    await this.output.write(REPLACEMENT_JOURNAL, text, { mode: PUBLIC_FILE_MODE });
  }

  private keepOld(name: string): Promise<void> {
    const path = join(this.folder, name);
    return storing('keep', path, async () => {
      await this.output.stillThere();
      try {
        await this.fs.link(path, kept(this.folder, name));
      } catch (error) {
        if (!NO_LINK.has(errnoOf(error) ?? '')) throw error;
        // For an instant there is no file of that name; the journal knows of it.
        await this.fs.rename(path, kept(this.folder, name));
      }
    });
  }
}

/**
 * Put back what a replacement left behind that was interrupted before {@link FileReplacement.keep}.
 *
 * @returns the names of the files that it was about; none when there was none
 * @throws STORE_CORRUPT for a journal that nobody can read, STORE_VERSION, STORE_*
 */
export async function recoverReplacement(fs: FileSystem, folder: string): Promise<string[]> {
  const path = join(folder, REPLACEMENT_JOURNAL);
  const bytes = await readBoundedIfThere(fs, path, { limit: JOURNAL_LIMIT, what: 'the journal of a replacement' });
  if (bytes === undefined) return [];
  const files = readJournal(path, bytes);
  await rollBack(fs, folder, files);
  return files.map(({ name }) => name);
}

/** Whether a replacement is under way in a folder, or was interrupted. @throws STORE_PERMISSION, STORE_IO */
export async function isReplacing(fs: FileSystem, folder: string): Promise<boolean> {
  return (await factsIfThere(fs, join(folder, REPLACEMENT_JOURNAL))) !== undefined;
}

/** Remove old files. A journal must be gone for good before: found again after a power cut, it asks for all of them. */
async function forgetOld(fs: FileSystem, folder: string, files: readonly JournalEntry[]): Promise<void> {
  const old: string[] = [];
  for (const { name } of files) if (await factsIfThere(fs, kept(folder, name))) old.push(kept(folder, name));
  if (old.length === 0) return;
  await syncFolder(fs, folder);
  for (const path of old) await removeFile(fs, path);
}

async function rollBack(fs: FileSystem, folder: string, files: readonly JournalEntry[]): Promise<void> {
  const journal = join(folder, REPLACEMENT_JOURNAL);
  const begun = (await factsIfThere(fs, journal)) !== undefined;
  for (const { name, existed } of files) {
    const [path, old] = [join(folder, name), kept(folder, name)];
    // Without a journal nothing was put in place yet.
    if (begun && existed && (await factsIfThere(fs, old))) {
      await storing('put back', path, () => fs.rename(old, path));
      // Two names of one file: rename does nothing then (POSIX rename(2)).
      await removeFile(fs, old);
    } else if (begun && !existed) {
      await removeFile(fs, path);
    }
    await removeFile(fs, staged(folder, name));
  }
  if (!begun) return;
  await syncFolder(fs, folder);
  await removeFile(fs, journal);
  await syncFolder(fs, folder);
}

function readJournal(path: string, bytes: Buffer): JournalEntry[] {
  try {
    const { version, files } = JSON.parse(bytes.toString('utf8')) as { version: number; files: JournalEntry[] };
    if (version > VERSION) throw newer(path, version);
    return files.map(({ name, existed }) => ({ name: checkFileName(name), existed: existed === true }));
  } catch (error) {
    if (isCodedError(error) && error.code === 'STORE_VERSION') throw error;
    throw codedError(
      'STORE_CORRUPT',
      `${path} cannot be read, so an interrupted replacement cannot be put back`,
      { path },
      'Look at the files named .*.previous beside it: they are the old ones. Put them right, then remove this file',
    );
  }
}

function staged(folder: string, name: string): string {
  return join(folder, `${name}.new`);
}

function kept(folder: string, name: string): string {
  return join(folder, `.${name}.previous`);
}

function noFile(path: string) {
  return codedError('STORE_CORRUPT', `${path} is no file`, { path }, 'Remove it, or choose another folder');
}

function newer(path: string, version: number) {
  return codedError(
    'STORE_VERSION',
    `${path} was written by a newer version of the package (version ${version}, this package knows ${VERSION})`,
    { path, found: version, known: VERSION },
    'Update @flowcerts/node-red-secure-mqtt in Manage palette',
  );
}
