import { join, resolve } from 'node:path';
import { systemClock } from '../model/clock';
import { codedError } from '../model/errors';
import { isTemporaryName } from '../store/atomic-file';
import { CA_SUBFOLDERS, CaFolder } from '../store/ca-folder';
import { nodeFileSystem } from '../store/file-system';
import { ensureFolder, isFolder, listFolder } from '../store/folder';
import { FolderLock, isLockName } from '../store/folder-lock';
import { KnownAuthorities } from '../store/known-authorities';
import { storing } from '../store/store-error';
import { createAuthority } from './authority-creation';
import type { AuthorityOptions } from './authority-options';
import { readAuthority } from './authority-reading';
import { readState, writeState, type AuthorityState } from './authority-state';
import type { CertificateAuthority } from './certificate-authority';
import { planImport } from './import-plan';
import { requireRoomBelow } from './intermediate-plan';

/** What systems put into folders on their own. */
const HARMLESS_NAMES = new Set(['lost+found', '.DS_Store', 'Thumbs.db', 'desktop.ini', '.gitkeep', '.gitignore']);

export interface OpenedAuthority {
  authority: CertificateAuthority;
  lock: FolderLock;
}

/**
 * Open the CA of a folder, or create one when the folder is empty and no CA is known for it. A CA that is known but
 * gone is never replaced: its devices would all have to be provided anew.
 *
 * @param realPath of the folder
 * @throws CA_MISSING, CA_MISMATCH, CA_FOREIGN, CA_LOCKED, CA_CORRUPT, KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG,
 *   KEY_MISMATCH, STORE_…
 */
export async function openAuthority(realPath: string, given: AuthorityOptions): Promise<OpenedAuthority> {
  const options = { ...given, fs: given.fs ?? nodeFileSystem, clock: given.clock ?? systemClock };
  const { fs, clock } = options;
  const folder = new CaFolder(fs, realPath);
  const known = new KnownAuthorities(fs, options.userDir);
  const configuredPath = resolve(options.folder);
  const remembered = await known.expected(realPath, configuredPath);
  const expected = remembered[0] ?? options.expectedFingerprint256 ?? '';

  const found = await readState(folder);
  // Judged to the end before anything is made.
  const plan = found?.state !== 'ready' && options.settings.source === 'import' ? await planImport(options) : undefined;
  // A CA that is gone may come back from a backup or a copy; another one does not take its place.
  const wanted = plan?.certificate.fingerprint256 === expected.toUpperCase() ? '' : expected;
  const isToBeMade = found?.state !== 'ready' && !plan && !wanted;
  if (isToBeMade && options.issuer) requireRoomBelow(options.issuer.certificate, options.settings.pathLength);
  if (!(await isFolder(fs, realPath))) {
    if (wanted) throw missing(folder, wanted);
    await ensureFolder(fs, realPath);
  }
  await checkContent(folder, found, wanted);

  const lock = await FolderLock.acquire(realPath, {
    fs,
    clock,
    ...(options.processes && { processes: options.processes }),
  });
  try {
    // Once more: it may have been created while we waited for the lock.
    const there = await readState(folder);
    await checkContent(folder, there, wanted);
    const isNew = there?.state !== 'ready';
    const state = isNew ? await createAuthority(folder, options, plan) : there;
    const authority = await readAuthority(folder, lock, state, options, remembered);
    if (isNew) await writeState(folder, state);
    const { fingerprint256 } = authority;
    const { createdAt } = state;
    await known.remember(realPath, { fingerprint256, nodeId: options.nodeId, createdAt }, configuredPath);
    return { authority, lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function checkContent(folder: CaFolder, state: AuthorityState | undefined, expected: string): Promise<void> {
  if (state?.state === 'ready') return;
  if (expected) throw missing(folder, expected);
  if (state?.state === 'creating') return;
  const names: string[] = [];
  for (const name of await listFolder(folder.fs, folder.path)) if (!(await isOurs(folder, name))) names.push(name);
  if (names.length > 0) throw foreign(folder, names);
}

/** What an attempt to take the folder, a CA that was removed, or the system leaves where there is no `ca.json`. */
async function isOurs(folder: CaFolder, name: string): Promise<boolean> {
  if (HARMLESS_NAMES.has(name) || isLockName(name) || isTemporaryName(name)) return true;
  const path = join(folder.path, name);
  if (!(CA_SUBFOLDERS as readonly string[]).includes(name)) return false;
  // Neither a file nor a link, behind which keys would be written.
  if (!(await storing('look at', path, () => folder.fs.lstat(path))).isDirectory()) return false;
  return (await listFolder(folder.fs, path)).length === 0;
}

function missing(folder: CaFolder, expected: string) {
  return codedError(
    'CA_MISSING',
    `the CA ${expected} belongs into ${folder.path}, but it is not there`,
    { folder: folder.path, expected },
    'Mount the disk or restore the folder from a backup; only if the CA is lost for good, forget it in the node',
  );
}

function foreign(folder: CaFolder, names: readonly string[]) {
  return codedError(
    'CA_FOREIGN',
    `the folder ${folder.path} is not empty and holds no CA of ours: ${names.slice(0, 5).join(', ')}`,
    { folder: folder.path, names: names.slice(0, 20) },
    'Choose an empty or new folder',
  );
}
