import type { FileFacts, FileSystem } from './file-system';
import { errnoOf, storing } from './store-error';

/**
 * What stands at a path, a link itself and not what it leads to.
 *
 * @param path absolute
 * @returns undefined where nothing is
 * @throws STORE_PERMISSION, STORE_IO, STORE_LINK, STORE_CORRUPT
 */
export async function factsIfThere(fs: FileSystem, path: string): Promise<FileFacts | undefined> {
  try {
    return await fs.lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    return storing('look at', path, () => Promise.reject(error));
  }
}
