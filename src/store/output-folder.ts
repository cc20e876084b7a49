import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { systemClock, type Clock } from '../model/clock';
import { codedError, isCodedError } from '../model/errors';
import { isTemporaryName, putInPlace, writeTemporarily, type WriteOptions } from './atomic-file';
import { checkRelativePath } from './file-name';
import { factsIfThere } from './file-facts';
import type { FileSystem } from './file-system';
import { ensureFolder, listFolder, syncFolder } from './folder';
import { FolderLock } from './folder-lock';
import { realPathOf } from './known-authorities';
import { EXPORT_LOCK } from './lock-kind';
import type { ProcessTable } from './process-identity';
import { storing } from './store-error';

/** Others may look into it: an export is for a broker, often another user. */
const FOLDER_MODE = 0o755;
/** Older than any file that somebody, perhaps another Node-RED, is just writing beside ours. */
const ABANDONED_MS = 10 * 60_000;
/**
 * How long another Node-RED may write into the folder before we give up: longer than a lock needs to become stale, and than a broker
 * takes to show a new certificate and to get its old one back.
 */
const PATIENCE_MS = 60_000;
const TRY_AGAIN_MS = 200;

export interface OutputFolderOptions {
  clock?: Clock;
  /** Tells whether the owner of a lock is alive. */
  processes?: ProcessTable;
}

/**
 * Writes files below one folder: never outside, whatever their names say, and never through a link, so that nobody who
 * may write there can turn an export against another file.
 */
export class OutputFolder {
  /** Absolute path, as given. */
  readonly folder: string;
  readonly #fs: FileSystem;
  /** What lies above this is taken as it is: the user directory may well be behind a link. */
  readonly #base: string;
  readonly #options: OutputFolderOptions & { clock: Clock };
  /** Held while {@link alone} works. */
  #lock: FolderLock | undefined;
  readonly #swept = new Set<string>();

  /**
   * @param folder made with the first file when it is missing; comes from the settings of a node, not from a message
   * @param base a folder above it whose own path is trusted; without it only the folder itself must not be a link
   */
  constructor(fs: FileSystem, folder: string, base?: string, options: OutputFolderOptions = {}) {
    this.#fs = fs;
    this.#options = { clock: systemClock, ...options };
    this.folder = resolve(folder);
    this.#base = base !== undefined && isBelow(this.folder, resolve(base)) ? resolve(base) : dirname(this.folder);
  }

  /**
   * Replace one file atomically.
   *
   * @param name a file name, or a relative path with `/`
   * @param options.mode permission bits; 0600 for private keys
   * @param options.like a file whose owner and group the new one gets where this user may give it away
   * @returns its absolute path
   * @throws INPUT_FOLDER (the name), STORE_LINK, STORE_OUTSIDE, STORE_CORRUPT (a folder in the place of a file),
   *   STORE_FULL, STORE_READ_ONLY, STORE_PERMISSION, STORE_IO
   */
  async write(name: string, content: string | Uint8Array, options: WriteOptions): Promise<string> {
    const parts = checkRelativePath(name);
    const above = relative(this.#base, this.folder).split(sep);
    await this.#checkWay(this.#base, [...above, ...parts]);
    const target = join(this.folder, ...parts);
    const place = dirname(target);
    await ensureFolder(this.#fs, place, FOLDER_MODE);
    const temporary = await writeTemporarily(this.#fs, target, content, options);
    // A folder may have been exchanged for a link between the check and the write.
    try {
      await this.#checkPlace(place);
    } catch (error) {
      await this.#fs.unlink(temporary).catch(() => undefined);
      throw error;
    }
    await putInPlace(this.#fs, temporary, target);
    await syncFolder(this.#fs, place);
    await this.#sweep(place, target);
    return target;
  }

  /**
   * Work while no other process does in this folder: a certificate of one and the key of another are worse than none. Calls of one
   * process must take turns (`inTurn`). The folder is made; nothing is left in it.
   *
   * @throws INPUT_FOLDER in the folder of a CA; STORE_LOCKED when another process holds the folder for a minute; STORE_LINK, STORE_OUTSIDE, STORE_FULL, STORE_READ_ONLY …
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    await this.#checkWay(this.#base, [...relative(this.#base, this.folder).split(sep), EXPORT_LOCK.name]);
    await this.#checkAuthority();
    await ensureFolder(this.#fs, this.folder, FOLDER_MODE);
    await this.#checkPlace(this.folder);
    const lock = await this.#lockInTime();
    this.#lock = lock;
    try {
      return await work();
    } finally {
      this.#lock = undefined;
      await lock.release();
    }
  }

  /** Its ca.pem and crl.pem have the names that exports have: also of a CA of another Node-RED, and by whatever way one gets there. */
  async #checkAuthority(): Promise<void> {
    const real = await realPathOf(this.#fs, this.folder);
    for (const place of [real, dirname(real)]) {
      const marks = [join(place, 'ca.json'), join(place, 'private', 'ca.key.pem')];
      const found = await Promise.all(marks.map((path) => this.#fs.lstat(path).catch(() => undefined)));
      if (found.every((facts) => facts?.isFile())) throw inAuthority(this.folder, place);
    }
  }

  async #lockInTime(): Promise<FolderLock> {
    const { clock } = this.#options;
    let over = false;
    const patience = clock.setTimer(PATIENCE_MS, () => (over = true));
    try {
      for (;;) {
        try {
          return await FolderLock.acquire(this.folder, { fs: this.#fs, kind: EXPORT_LOCK, ...this.#options });
        } catch (error) {
          if (over || !isCodedError(error) || error.code !== 'STORE_LOCKED') throw error;
          await new Promise<void>((resolve) => void clock.setTimer(TRY_AGAIN_MS, resolve));
        }
      }
    } finally {
      patience.cancel();
    }
  }

  /**
   * Look again whether the folder is the one it was, and still ours: before each step on files that were written into it earlier.
   *
   * @throws STORE_OUTSIDE when it, or a folder above it, was exchanged for a link; STORE_LOCKED when this process slept so long that
   *   another one took over
   */
  async stillThere(): Promise<void> {
    await this.#checkPlace(this.folder);
    await this.#lock?.assertOwned();
  }

  /** Permission bits that a file here really has: the umask may take some away. Advisory on Windows: as asked for. */
  async modeOf(path: string, asked: number): Promise<number> {
    if (process.platform === 'win32') return asked;
    const facts = await this.#fs.lstat(path).catch(() => undefined);
    return facts === undefined ? asked : facts.mode & 0o777;
  }

  async #checkPlace(place: string): Promise<void> {
    const real = await this.#realPath(place);
    const expected = join(await this.#realPath(this.#base), relative(this.#base, place));
    if (real !== expected) throw outside(place, real);
  }

  /**
   * Remove what a process that was killed left half written: it may be a private key, and nobody else would find it. Its age is
   * told by the clock of the disk, which wrote `fresh` just now.
   */
  async #sweep(place: string, fresh: string): Promise<void> {
    if (this.#swept.has(place)) return;
    this.#swept.add(place);
    try {
      // Whoever has the folder alone knows that nobody is writing beside it.
      const before = this.#lock ? Infinity : (await this.#fs.lstat(fresh)).mtimeMs - ABANDONED_MS;
      for (const name of (await listFolder(this.#fs, place)).filter(isTemporaryName)) {
        const path = join(place, name);
        if ((await this.#fs.lstat(path)).mtimeMs < before) await this.#fs.unlink(path);
      }
    } catch {
      // The next export tries again: what is asked for does not depend on it.
    }
  }

  /** Every part of the way is a plain folder, the last one a plain file, or not there yet. */
  async #checkWay(from: string, parts: readonly string[]): Promise<void> {
    let path = from;
    for (const [index, part] of parts.entries()) {
      path = join(path, part);
      const facts = await factsIfThere(this.#fs, path);
      if (facts === undefined) return;
      if (facts.isSymbolicLink()) throw link(path);
      const last = index === parts.length - 1;
      if (last ? !facts.isFile() : !facts.isDirectory()) throw wrongKind(path, last);
    }
  }

  #realPath(path: string): Promise<string> {
    return storing('look at', path, () => this.#fs.realpath(path));
  }
}

function isBelow(path: string, base: string): boolean {
  const way = relative(base, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function inAuthority(path: string, authority: string) {
  return codedError(
    'INPUT_FOLDER',
    `the folder ${path} lies in ${authority}, which holds the files of a CA`,
    { field: 'folder', path, authority },
    'Choose another folder in the export node, such as export/broker',
  );
}

function link(path: string) {
  return codedError('STORE_LINK', `${path} is a link`, { path }, 'Remove the link, or choose another folder');
}

function outside(path: string, real: string) {
  return codedError(
    'STORE_OUTSIDE',
    `${path} lies outside the folder, in ${real}`,
    { path, real },
    'Choose a folder that nobody else changes meanwhile',
  );
}

function wrongKind(path: string, file: boolean) {
  return codedError(
    'STORE_CORRUPT',
    `${path} is no ${file ? 'file' : 'folder'}`,
    { path },
    `Remove it, or choose another ${file ? 'file name' : 'folder'}`,
  );
}
