import { randomBytes } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { SECRET_FILE_MODE, writeAtomically } from './atomic-file';
import type { FileSystem } from './file-system';
import { ensureFolder, listFolder, removeFile } from './folder';
import { STATE_FOLDER } from './known-authorities';
import { storing } from './store-error';

const DAY_MS = 86_400_000;
const FOLDER = 'imports';

/**
 * Keep what somebody uploads in order to import it, until the deploy that imports it. What was never deployed goes after a day:
 * it may be a private key in clear.
 *
 * @returns path relative to the user directory, with `/`; fit for `importPath`
 */
export async function keepUpload(fs: FileSystem, userDir: string, bytes: Uint8Array, now: number): Promise<string> {
  const folder = join(userDir, STATE_FOLDER, FOLDER);
  await ensureFolder(fs, folder);
  for (const name of await listFolder(fs, folder)) {
    const path = join(folder, name);
    const { mtimeMs } = await storing('look at', path, () => fs.lstat(path));
    if (now - mtimeMs > DAY_MS) await removeFile(fs, path);
  }
  // No name comes from the client.
  const name = `${randomBytes(8).toString('hex')}.upload`;
  await writeAtomically(fs, join(folder, name), bytes, { mode: SECRET_FILE_MODE });
  return `${STATE_FOLDER}/${FOLDER}/${name}`;
}

/** Remove an upload that was imported; any other path is left alone. */
export async function removeUpload(fs: FileSystem, userDir: string, path: string): Promise<void> {
  if (dirname(resolve(path)) === resolve(userDir, STATE_FOLDER, FOLDER)) await removeFile(fs, path);
}
