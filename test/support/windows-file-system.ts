import { win32 } from 'node:path';
import { MemoryDisk } from './memory-disk';
import type { FileFacts, FileHandle, FileSystem } from '../../src/store/file-system';

/** Of a single name. Whole paths may be longer: Node asks Windows by `\\\\?\\` (path.toNamespacedPath). */
const LONGEST_NAME = 255;
const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;
const FORBIDDEN = /[<>:"|?*/\u0000-\u001f]/; // eslint-disable-line no-control-regex

/**
 * A disk `C:` with the habits of Windows that matter to us (learn.microsoft.com, "Naming Files, Paths, and Namespaces";
 * libuv's fs.c): backslashes, reserved names; no owners, no modes, no fsync of folders; a virus scanner holds
 * every new file for a moment, and nothing can be renamed onto a file that is open.
 */
export class WindowsFileSystem implements FileSystem {
  /** Names that Windows would refuse, or take for a device. */
  readonly refused: string[] = [];
  /** How often the scanner was in the way. */
  held = 0;
  readonly #disk = new MemoryDisk();
  readonly #open = new Map<string, number>();
  readonly #scanned = new Set<string>();

  /** All files, by their path without drive. */
  files(): Map<string, string> {
    return this.#disk.files();
  }

  async open(path: string, flags: string): Promise<FileHandle> {
    const key = this.#key(path);
    const handle = await this.#disk.open(key, flags);
    this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
    const isFolder = (await this.#disk.stat(key)).isDirectory();
    return {
      read: (...args) => handle.read(...args),
      write: (...args) => handle.write(...args),
      truncate: (length) => handle.truncate(length),
      stat: async () => facts(await handle.stat()),
      chmod: async () => undefined,
      chown: async () => undefined,
      sync: () => (isFolder ? Promise.reject(failure('EPERM', path)) : handle.sync()),
      close: async () => {
        this.#open.set(key, (this.#open.get(key) ?? 1) - 1);
        await handle.close();
      },
    };
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [this.#key(from), this.#key(to)];
    if ((this.#open.get(target) ?? 0) > 0 || (this.#open.get(source) ?? 0) > 0) throw failure('EPERM', to);
    if (!this.#scanned.has(target)) {
      this.#scanned.add(target);
      this.held += 1;
      throw failure('EPERM', to);
    }
    await this.#disk.rename(source, target);
  }

  link(existing: string, path: string): Promise<void> {
    return this.#disk.link(this.#key(existing), this.#key(path));
  }

  unlink(path: string): Promise<void> {
    return this.#disk.unlink(this.#key(path));
  }

  mkdir(path: string): Promise<unknown> {
    return this.#disk.mkdir(this.#key(path));
  }

  readdir(path: string): Promise<string[]> {
    return this.#disk.readdir(this.#key(path));
  }

  async stat(path: string): Promise<FileFacts> {
    return facts(await this.#disk.stat(this.#key(path)));
  }

  async lstat(path: string): Promise<FileFacts> {
    return facts(await this.#disk.lstat(this.#key(path)));
  }

  async realpath(path: string): Promise<string> {
    const real = await this.#disk.realpath(this.#key(path));
    return `C:${real.replaceAll('/', '\\')}`;
  }

  /** The path on the disk below. @throws ENOENT as Windows does for a path that it cannot mean */
  #key(path: string): string {
    // Windows takes both kinds of slashes.
    const parts = win32.normalize(path).split('\\');
    const wrong = (part: string) =>
      DEVICE.test(part) || FORBIDDEN.test(part) || /[. ]$/.test(part) || part.length > LONGEST_NAME;
    if (!/^[a-z]:$/i.test(parts[0] ?? '') || parts.slice(1).some(wrong)) {
      this.refused.push(path);
      throw failure('ENOENT', path);
    }
    // One file, whatever the case; the memory disk tells cases apart, so all are written as the code first wrote them.
    return `/${parts.slice(1).join('/')}`;
  }
}

/** Windows knows no owner and only one bit of the mode. */
function facts(found: FileFacts): FileFacts {
  const mode = (found.isDirectory() ? 0o040000 : 0o100000) | 0o666;
  return {
    size: found.size,
    mtimeMs: found.mtimeMs,
    ino: found.ino,
    mode,
    uid: 0,
    gid: 0,
    isFile: () => found.isFile(),
    isDirectory: () => found.isDirectory(),
    isSymbolicLink: () => found.isSymbolicLink(),
  };
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
