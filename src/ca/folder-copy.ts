import { dirname, join } from 'node:path';
import { codedError, isCodedError } from '../model/errors';
import { CaFolder } from '../store/ca-folder';
import { listFolder } from '../store/folder';
import { readState } from './authority-state';
import { planOwn } from './backup-restore';
import { readGenerations } from './generation-store';
import type { ImportOptions, ImportPlan } from './import-plan';
import { readBridge } from './passphrase-bridge';

/**
 * The plan for a CA whose folder lies at another place: a copy of it, or that of another Node-RED. All of it comes along, the
 * keys of an unfinished replacement, too.
 *
 * @returns undefined when the folder is not one of this package
 * @throws KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, KEY_MISMATCH, CA_CORRUPT, CA_MISMATCH, CA_NOT_READY (its passphrase is being changed),
 *   STORE_LINK, STORE_…
 */
export async function planCopy(path: string, options: ImportOptions): Promise<ImportPlan | undefined> {
  const folder = new CaFolder(options.fs, path);
  if (!(await isOwn(folder))) return undefined;
  if (await readBridge(folder)) throw changing(path);
  // Opens all keys, so that nothing is made that could not be opened.
  await readGenerations(folder, options.passphrase);
  const files = await folder.readEverything();
  for (const name of new Set(files.flatMap((file) => [dirname(file.name), file.name]))) {
    if (name === '.') continue;
    if ((await options.fs.lstat(join(path, name))).isSymbolicLink()) throw linked(path, name);
  }
  return planOwn(path, files, options);
}

/** Other tools have files of that name, too: only what says it is a CA, with its key, counts. */
async function isOwn(folder: CaFolder): Promise<boolean> {
  // Listed first: of a folder that may not be read the folder is to be named, not a file that need not be there.
  if (!(await listFolder(folder.fs, folder.path)).includes('ca.json')) return false;
  try {
    return (
      (await readState(folder))?.state === 'ready' && (await folder.readIfThere('private/ca.key.pem')) !== undefined
    );
  } catch (error) {
    if (isCodedError(error) && error.code === 'CA_CORRUPT') return false;
    throw error;
  }
}

function changing(path: string) {
  return codedError(
    'CA_NOT_READY',
    `the passphrase of the CA in ${path} is being changed, its keys may be under the old or the new one`,
    { path },
    'Deploy the new passphrase in the Node-RED of that CA first, or import a backup of it',
  );
}

function linked(path: string, name: string) {
  return codedError(
    'STORE_LINK',
    `${name} in ${path} is a link, and links are not followed by an import`,
    { path, name },
    'Copy the folder with its files, or import a backup of the CA',
  );
}
