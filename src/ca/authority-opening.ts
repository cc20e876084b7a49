import { join, resolve } from 'node:path';
import { codedError } from '../model/errors';
import { systemClock } from '../model/clock';
import { Certificate } from '../pki/certificate';
import { keyBelongsTo, readPrivateKey } from '../pki/private-key';
import { isTemporaryName } from '../store/atomic-file';
import { openCaDatabase } from '../store/ca-database-opening';
import { CA_SUBFOLDERS, CaFolder } from '../store/ca-folder';
import { closeAgain } from '../store/closed-folder';
import { nodeFileSystem } from '../store/file-system';
import { ensureFolder, isFolder, listFolder } from '../store/folder';
import { storing } from '../store/store-error';
import { FolderLock, isLockName } from '../store/folder-lock';
import { KnownAuthorities } from '../store/known-authorities';
import { readAs, readChain, refreshChain } from './authority-chain';
import { mendGenerations, refreshTrust } from './authority-generations';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { createAuthority } from './authority-creation';
import { refreshOpeningFiles } from './authority-files';
import { otherIssuer, type AuthorityOptions } from './authority-options';
import { folderOfTwin, twinRemark } from './authority-twin';
import { planImport } from './import-plan';
import { requireRoomBelow } from './intermediate-plan';
import { KeptCertificates } from './kept-certificates';
import { readState, writeState, type AuthorityState } from './authority-state';
import { CertificateAuthority } from './certificate-authority';
import { CommitQueue } from './commit-queue';
import { ancestorOf, generationOf, type Ancestor, type Generation } from './generation';
import { readGenerations } from './generation-store';
import { settlePassphrase } from './passphrase-change';
import { RevocationListKeeper } from './revocation-list-keeper';
import { readTwins } from './serial-twins';

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

async function readAuthority(
  folder: CaFolder,
  lock: FolderLock,
  state: AuthorityState,
  options: AuthorityOptions & Required<Pick<AuthorityOptions, 'fs' | 'clock'>>,
  remembered: readonly string[],
): Promise<CertificateAuthority> {
  const { settings, issuer, clock, nodeId, actor, random, passphrase } = options;
  // A copy of the folder may lack those that were empty.
  await folder.ensure();
  const open = await closeAgain(folder);
  const settled = await settlePassphrase(folder, passphrase);
  const kept = (await readGenerations(folder, passphrase)) ?? (await readOnlyGeneration(folder, passphrase));
  const { generations, ancestors } = kept;
  const { certificate, secretKey } = generationOf(generations, 'current');
  const expected = [state.fingerprint256, ...remembered, options.expectedFingerprint256 ?? ''];
  checkFingerprint(folder, certificate, ancestors, expected);
  if (issuer && !issuer.hasIssued(certificate)) throw otherIssuer(folder.path, certificate, issuer);

  await refreshChain(folder, certificate, issuer);
  const { chain, trustAnchors } = await readChain(folder, certificate);
  await refreshOpeningFiles(folder, certificate, settings);
  const author = { node: nodeId, ...(actor && { actor }) };
  const otherKeys = generations.slice(1).map((generation) => generation.certificate);
  const database = await openCaDatabase({ folder, lock, authority: certificate, otherKeys, author, now: clock.now() });

  const twin = await folderOfTwin(
    options.fs,
    new KnownAuthorities(options.fs, options.userDir),
    folder.path,
    ancestors,
  );
  const remarks = [...(twin === undefined ? [] : [twinRemark(certificate.subjectText, twin, folder.path)]), ...open];

  // The parts announce what happens through the authority that is made of them.
  const emitter: { authority?: CertificateAuthority } = {};
  const core: AuthorityCore = {
    certificate,
    secretKey,
    ...(kept.keysEncrypted && { secretPassphrase: passphrase }),
    passphrasePending: settled.pending,
    twins: await readTwins(folder),
    findings: [...remarks, ...(state.findings ?? [])],
    chain,
    trustAnchors,
    generations,
    ancestors,
    ...(issuer && { issuer }),
    database,
    commits: new CommitQueue(),
    reservedSerialNumbers: new Set(),
    kept: new KeptCertificates(),
    author,
    clock,
    ...(random && { random }),
    settings,
    announce: (event) => {
      try {
        emitter.authority?.emit(event.event, event);
      } catch (error) {
        // A listener's fault must not make a durable change look failed.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    },
    announceChange: () => emitter.authority?.tellChange(),
    remember: async (fingerprint256) => {
      const { createdAt } = state;
      const known = new KnownAuthorities(options.fs, options.userDir);
      await known.remember(folder.path, { fingerprint256, nodeId, createdAt }, resolve(options.folder));
    },
  };
  if (settled.changed) await database.log([{ at: wholeSeconds(clock), event: 'passphrase', ...author }]);
  refreshTrust(core);
  await mendGenerations(core);
  emitter.authority = new CertificateAuthority(core, await RevocationListKeeper.load(core));
  return emitter.authority;
}

/** The CA as it is before anybody renews or replaces it. */
async function readOnlyGeneration(folder: CaFolder, passphrase: string | undefined) {
  const certificate = await readAs(folder, 'ca.pem', (bytes) => Certificate.fromPem(bytes.toString('utf8')));
  const { keyPem, secretKey } = await readAs(folder, 'private/ca.key.pem', (bytes) => {
    return { keyPem: bytes, secretKey: readPrivateKey(bytes, passphrase) };
  });
  if (!keyBelongsTo(secretKey, certificate)) throw keyMismatch(folder);
  const generations: Generation[] = [{ role: 'current', certificate, secretKey }];
  return { generations, ancestors: [ancestorOf(certificate)], keysEncrypted: keyPem.includes('ENCRYPTED') };
}

/** A flow, or the user directory, may still name a certificate that was renewed or replaced here. */
function checkFingerprint(
  folder: CaFolder,
  certificate: Certificate,
  ancestors: readonly Ancestor[],
  expected: readonly string[],
): void {
  const found = certificate.fingerprint256;
  const own = new Set(ancestors.map(({ fingerprint256 }) => fingerprint256));
  const other = expected.find((fingerprint) => fingerprint !== '' && !own.has(fingerprint.toUpperCase()));
  if (other === undefined) return;
  throw codedError(
    'CA_MISMATCH',
    `the folder ${folder.path} holds the CA ${found}, expected is ${other}`,
    { folder: folder.path, found, expected: other },
    'Restore the folder from a backup, choose the right folder, or forget the old CA in the node if this one is meant',
  );
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

function keyMismatch(folder: CaFolder) {
  return codedError(
    'KEY_MISMATCH',
    `private/ca.key.pem does not belong to ca.pem in ${folder.path}`,
    { folder: folder.path, files: ['ca.pem', 'private/ca.key.pem'] },
    'Restore both files from the same backup',
  );
}
