import { join } from 'node:path';
import { codedError, warning, type Warning } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { CA_SUBFOLDERS, type CaFolder } from './ca-folder';
import { PRIVATE_FOLDER_MODE } from './folder';
import { factsIfThere } from './file-facts';
import type { FileSystem } from './file-system';
import { storing } from './store-error';

/** The path stands in openssl.cnf, which has no way to write them. */
// eslint-disable-next-line no-control-regex -- control characters are exactly what must not pass
const LINE_BREAKING = /[\u0000-\u001f\u007f]/;
/** Whatever a folder was made with, other users may not put files or links into it. */
const NOT_FOR_ALL = 0o775;

/**
 * Take the folder of a CA that is to be made: nobody else may look into it, and none of the folders in it is a link, which would put
 * keys into a place of somebody else. The folder may have been made beforehand, by whomever.
 *
 * @throws INPUT_FOLDER (a line break in its path), STORE_LINK, STORE_PERMISSION, STORE_IO
 */
export async function takeFolder({ fs, path }: CaFolder): Promise<void> {
  if (LINE_BREAKING.test(path)) throw unfitName(path);
  await closeFolder(fs, path, PRIVATE_FOLDER_MODE);
  for (const name of CA_SUBFOLDERS) {
    const inside = join(path, name);
    const found = await factsIfThere(fs, inside);
    if (!found) continue;
    if (found.isSymbolicLink()) throw link(inside);
    await closeFolder(fs, inside, PRIVATE_FOLDER_MODE);
  }
}

/**
 * Look at the folder of a CA that is there: a copy or an unpacked archive often gives everybody a look at the keys.
 *
 * @returns a remark for each that cannot be closed: the disk knows no owners (FAT, some network drives), or it is somebody else's
 * @throws STORE_PERMISSION, STORE_IO
 */
export async function closeAgain(folder: CaFolder): Promise<Warning[]> {
  const open: Warning[] = [];
  for (const [path, mayKeep] of [
    [folder.path, NOT_FOR_ALL],
    [folder.pathOf('private'), PRIVATE_FOLDER_MODE],
  ] as const) {
    if (!(await closeFolder(folder.fs, path, mayKeep))) open.push(stillOpen(path));
  }
  return open;
}

/** @returns false when it cannot be closed */
function closeFolder(fs: FileSystem, path: string, mayKeep: number): Promise<boolean> {
  // Windows has other rights, and opens no folder.
  if (process.platform === 'win32') return Promise.resolve(true);
  return storing('look at', path, async () => {
    const folder = await fs.open(path, 'r');
    try {
      const { mode } = await folder.stat();
      if ((mode & 0o777 & ~mayKeep) === 0) return true;
      await folder.chmod(mode & mayKeep).catch(() => undefined);
      return ((await folder.stat()).mode & 0o777 & ~mayKeep) === 0;
    } finally {
      await folder.close();
    }
  });
}

function unfitName(path: string) {
  const value = shownValue(path);
  return codedError(
    'INPUT_FOLDER',
    `the path of the CA folder ${value} holds a control character`,
    { field: 'folder', value },
    'Type the path again: something invisible was pasted with it',
  );
}

function stillOpen(path: string): Warning {
  return warning(
    'STORE_PERMISSION',
    `other users of this machine can look into ${path}, or change what is in it, and its rights cannot be changed`,
    { path },
    'Move the CA to a disk that knows owners and rights, or give the folder to the user that runs Node-RED',
  );
}

function link(path: string) {
  return codedError(
    'STORE_LINK',
    `${path} is a link, and a new CA does not put its keys behind one`,
    { path },
    'Remove the link, or choose another folder',
  );
}
