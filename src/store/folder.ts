import { dirname } from 'node:path';
import type { FileSystem } from './file-system';
import { errnoOf, storing } from './store-error';

/** Only the owner may look inside. */
export const PRIVATE_FOLDER_MODE = 0o700;

/**
 * Windows cannot open a folder for fsync, some network file systems refuse the call. Neither has another way, and
 * both write folder entries on their own.
 */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
const NO_FOLDER_SYNC_ON_WINDOWS = new Set(['EPERM', 'EACCES', 'EISDIR', 'EBADF']);

/** Make the entries of a folder durable: a new or renamed file is found again after a power cut. */
export function syncFolder(fs: FileSystem, path: string): Promise<void> {
  return storing('sync', path, async () => {
    try {
      const folder = await fs.open(path, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch (error) {
      const errno = errnoOf(error) ?? '';
      if (NO_FOLDER_SYNC.has(errno)) return;
      if (process.platform === 'win32' && NO_FOLDER_SYNC_ON_WINDOWS.has(errno)) return;
      throw error;
    }
  });
}

/** Make a folder and what is missing above it, durable from the lowest existing one on. */
export async function ensureFolder(fs: FileSystem, path: string, mode = PRIVATE_FOLDER_MODE): Promise<void> {
  const parent = dirname(path);
  try {
    await makeFolder(fs, path, mode);
  } catch (error) {
    // EEXIST; Windows and read-only file systems answer otherwise for a folder that is there already.
    if (await isFolder(fs, path)) return;
    return storing('create the folder', path, () => Promise.reject(error));
  }
  await syncFolder(fs, parent);
}

async function makeFolder(fs: FileSystem, path: string, mode: number): Promise<void> {
  const parent = dirname(path);
  try {
    await fs.mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || parent === path) throw error;
    await ensureFolder(fs, parent, mode);
    // Once more and no oftener: /proc says ENOENT for ever, for a folder it does not let anybody make.
    await fs.mkdir(path, { mode });
  }
}

export async function isFolder(fs: FileSystem, path: string): Promise<boolean> {
  try {
    return (await fs.stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** Names in a folder; none when it does not exist. */
export function listFolder(fs: FileSystem, path: string): Promise<string[]> {
  return storing('list the folder', path, async () => {
    try {
      return await fs.readdir(path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

/** Remove a file; it is no error when there is none. */
export function removeFile(fs: FileSystem, path: string): Promise<void> {
  return storing('remove', path, async () => {
    try {
      await fs.unlink(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  });
}
