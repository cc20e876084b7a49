import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import type { FileFacts, FileHandle, FileSystem } from './file-system';
import { syncFolder } from './folder';
import { errnoOf, storing } from './store-error';

export interface WriteOptions {
  /** Permission bits of the file; advisory on Windows. */
  mode: number;
  /** The file that is replaced: the new one gets its owner, its group and what the group may, as far as this user can. */
  like?: Pick<FileFacts, 'uid' | 'gid' | 'mode'>;
}

/** Keys and everything else that only the owner may read. */
export const SECRET_FILE_MODE = 0o600;
/** Certificates and configuration. */
export const PUBLIC_FILE_MODE = 0o644;

/** A virus scanner or indexer that looks at the file makes rename fail on Windows for some milliseconds. */
const BUSY_ERRNOS = new Set(['EPERM', 'EBUSY', 'EACCES']);
const BUSY_DELAYS_MS = [10, 20, 50, 100, 200, 400];

/** Not made from the name of the file, which may already be as long as names can be. */
const TEMPORARY_NAME = /^\.[0-9a-f]{16}\.tmp$/;

/** True for the name of a file that {@link writeAtomically} was writing when it was interrupted. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

/**
 * Replace a file so that at every instant, also after a power cut, either the old or the new content is there:
 * temporary file beside it, fsync, rename, fsync of the folder.
 *
 * @throws STORE_FULL, STORE_READ_ONLY, STORE_PERMISSION, STORE_NOT_FOUND (the folder), STORE_IO
 */
export async function writeAtomically(
  fs: FileSystem,
  path: string,
  content: string | Uint8Array,
  options: WriteOptions,
): Promise<void> {
  const temporary = await writeTemporarily(fs, path, content, options);
  await putInPlace(fs, temporary, path);
  await syncFolder(fs, dirname(path));
}

/** The first half of {@link writeAtomically}: the durable temporary file beside `path`; returns its path. */
export async function writeTemporarily(
  fs: FileSystem,
  path: string,
  content: string | Uint8Array,
  options: WriteOptions,
): Promise<string> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await storing('write', path, () => createFile(fs, temporary, content, options));
  } catch (error) {
    await discard(fs, temporary);
    throw error;
  }
  return temporary;
}

/** The second half: rename over `path`; the temporary file is removed when that fails. */
export async function putInPlace(fs: FileSystem, temporary: string, path: string): Promise<void> {
  try {
    await storing('replace', path, () => renameWhenFree(fs, temporary, path));
  } catch (error) {
    await discard(fs, temporary);
    throw error;
  }
}

/**
 * Write a file that must not exist yet, with fsync. Its entry in the folder is durable only after
 * {@link syncFolder}, so that many new files share one.
 *
 * @throws STORE_IO with errno EEXIST when it exists, else as {@link writeAtomically}
 */
export function writeNewFile(
  fs: FileSystem,
  path: string,
  content: string | Uint8Array,
  options: WriteOptions,
): Promise<void> {
  return storing('write', path, () => createFile(fs, path, content, options));
}

async function createFile(
  fs: FileSystem,
  path: string,
  content: string | Uint8Array,
  { mode, like }: WriteOptions,
): Promise<void> {
  const file = await fs.open(path, 'wx', mode);
  try {
    if (like) await adopt(file, mode, like);
    await writeFully(file, content, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * By the open file, never by its name: whoever may write into the folder could put a link in its place meanwhile and be given
 * the file behind it.
 */
async function adopt(file: FileHandle, mode: number, like: NonNullable<WriteOptions['like']>): Promise<void> {
  let own = await file.stat();
  if (own.uid !== like.uid || own.gid !== like.gid) {
    // Another owner only root may give, another group also a member of it.
    await file
      .chown(like.uid, like.gid)
      .catch(() => file.chown(own.uid, like.gid))
      .catch(() => undefined);
    own = await file.stat();
  }
  const given = own.mode & 0o777;
  // What one group might read is not for another one. What the umask took away comes back only where the old file had it.
  const others = mode & (given | like.mode) & 0o007;
  const wanted = own.gid === like.gid ? (mode & 0o700) | (like.mode & 0o070) | others : given;
  if (given !== wanted) await file.chmod(wanted);
}

/** `write` may write less than asked for (a nearly full disk does). */
export async function writeFully(file: FileHandle, content: string | Uint8Array, position: number): Promise<number> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
  return bytes.length;
}

async function renameWhenFree(fs: FileSystem, from: string, to: string): Promise<void> {
  const delaysMs = process.platform === 'win32' ? BUSY_DELAYS_MS : [];
  for (const delayMs of delaysMs) {
    try {
      return await fs.rename(from, to);
    } catch (error) {
      if (!BUSY_ERRNOS.has(errnoOf(error) ?? '')) throw error;
      await delay(delayMs);
    }
  }
  return fs.rename(from, to);
}

async function discard(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch {
    // The first error is the one to tell; what stays behind is swept when the folder is opened.
  }
}
