import { resolve } from 'node:path';
import { codedError } from '../model/errors';
import { Certificate } from '../pki/certificate';
import { keyBelongsTo, readPrivateKey } from '../pki/private-key';
import { openCaDatabase } from '../store/ca-database-opening';
import type { CaFolder } from '../store/ca-folder';
import { closeAgain } from '../store/closed-folder';
import type { FolderLock } from '../store/folder-lock';
import { KnownAuthorities } from '../store/known-authorities';
import { readAs, readChain, refreshChain } from './authority-chain';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { refreshOpeningFiles } from './authority-files';
import { mendGenerations, refreshTrust } from './authority-generations';
import { otherIssuer, type AuthorityOptions } from './authority-options';
import type { AuthorityState } from './authority-state';
import { folderOfTwin, twinRemark } from './authority-twin';
import { CertificateAuthority } from './certificate-authority';
import { CommitQueue } from './commit-queue';
import { ancestorOf, generationOf, type Ancestor, type Generation } from './generation';
import { readGenerations } from './generation-store';
import { KeptCertificates } from './kept-certificates';
import { settlePassphrase } from './passphrase-change';
import { RevocationListKeeper } from './revocation-list-keeper';
import { readTwins } from './serial-twins';

/**
 * The CA that lives in a folder, read and mended: what a crash, a copy or a step that was not finished has left behind.
 *
 * @param state what `ca.json` says
 * @param remembered fingerprints that the user directory knows for the folder
 * @throws CA_MISMATCH, CA_CORRUPT, KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, KEY_MISMATCH, STORE_…
 */
export async function readAuthority(
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

function keyMismatch(folder: CaFolder) {
  return codedError(
    'KEY_MISMATCH',
    `private/ca.key.pem does not belong to ca.pem in ${folder.path}`,
    { folder: folder.path, files: ['ca.pem', 'private/ca.key.pem'] },
    'Restore both files from the same backup',
  );
}
