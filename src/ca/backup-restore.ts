import { codedError, isCodedError, warning } from '../model/errors';
import { gunzipped } from '../encoding/gzip';
import { openSealedMessage, SEALED_LIMIT } from '../encoding/sealed-message';
import { readTarInTurns, type ArchivedFile } from '../encoding/tar';
import { Certificate } from '../pki/certificate';
import { secretStoredKeyPem } from '../pki/key-encryption';
import { keyBelongsTo, readPrivateKey } from '../pki/private-key';
import { readBounded } from '../store/bounded-file';
import type { CaFolder } from '../store/ca-folder';
import { FILE_CONCURRENCY, inParallel } from '../store/parallel';
import { forEachLine } from '../store/line-reader';
import { parseIndexRow } from '../store/index-row';
import { wholeSeconds } from './authority-core';
import { ARCHIVE_LIMIT } from './backup';
import { otherIssuer } from './authority-options';
import type { ImportOptions, ImportPlan } from './import-plan';
import { formatCrlNumber, parseCrlNumber } from './revocation-list-keeper';
import { formatJournalRow } from '../store/journal-row';

/** 100,000 certificates with their keys, and as many again. */
const MOST_FILES = 500_000;
/** Lists that were made after the backup have higher numbers; nobody makes so many. */
const CRL_NUMBER_GAP = 65_536n;
/** `ca.json` is written last of all; without `crl.der` a new list is made at once, because the old one may be out of date. */
const LEFT_OUT = ['ca.json', 'crl.der'];
const NEEDED = ['ca.json', 'ca.pem', 'private/ca.key.pem', 'index.txt', 'chain.pem', 'trust.pem'];

/**
 * The plan for a CA that comes back from a backup: the same CA with everything it had then.
 *
 * @throws KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, STORE_CORRUPT, STORE_TOO_LARGE, KEY_MISMATCH, CA_MISMATCH, STORE_…
 */
export async function planRestore(path: string, options: ImportOptions): Promise<ImportPlan> {
  const { fs, passphrase } = options;
  const sealed = await readBounded(fs, path, { limit: SEALED_LIMIT, what: 'the backup' });
  return planOwn(path, await unpack(sealed, passphrase), options);
}

/** The plan for a CA all of whose files are at hand. @throws as {@link planRestore} */
export async function planOwn(
  path: string,
  content: readonly ArchivedFile[],
  options: ImportOptions,
): Promise<ImportPlan> {
  const { passphrase, issuer } = options;
  const files = new Map(content.map((file) => [file.name, file]));
  for (const name of NEEDED) if (!files.has(name)) throw incomplete(path, name);
  const contentOf = (name: string) => files.get(name)?.content ?? Buffer.alloc(0);
  const certificate = Certificate.fromPem(contentOf('ca.pem'));
  if (!keyBelongsTo(readPrivateKey(contentOf('private/ca.key.pem'), passphrase), certificate)) throw mismatch(path);
  if (issuer && !issuer.hasIssued(certificate)) throw otherIssuer(path, certificate, issuer);
  await forEachLine(contentOf('index.txt'), (line, number) => line && parseIndexRow(line, number));
  const state = stateOf(path, contentOf('ca.json'));
  return {
    certificate,
    findings: [...state.findings, restored(path, state.backedUpAt)],
    write: (folder) => writeFiles(folder, files, options),
  };
}

async function unpack(sealed: Buffer, passphrase: string | undefined): Promise<ArchivedFile[]> {
  const zipped = await openSealedMessage(sealed, passphrase);
  const tar = await gunzipped(zipped, ARCHIVE_LIMIT);
  return readTarInTurns(tar, { maxFiles: MOST_FILES });
}

async function writeFiles(folder: CaFolder, files: ReadonlyMap<string, ArchivedFile>, options: ImportOptions) {
  const at = wholeSeconds(options.clock);
  const { nodeId: node, actor } = options;
  const counted = parseCrlNumber(files.get('crlnumber')?.content.toString('latin1') ?? '');
  const journal = files.get('journal.jsonl')?.content ?? Buffer.alloc(0);
  const replaced = new Map<string, Buffer>([
    ['crlnumber', Buffer.from(formatCrlNumber(counted + CRL_NUMBER_GAP))],
    [
      'journal.jsonl',
      Buffer.concat([journal, Buffer.from(formatJournalRow({ at, event: 'restored', node, ...(actor && { actor }) }))]),
    ],
  ]);
  const written = [...files.values()].filter(({ name }) => !LEFT_OUT.includes(name) && !replaced.has(name));
  await inParallel(written, FILE_CONCURRENCY, async ({ name, content }) => {
    await folder.writeArchived(name, await withPassphrase(name, content, options.passphrase));
  });
  for (const [name, content] of replaced) await folder.writeArchived(name, content);
  await folder.syncAll();
}

/** Keys that lay in clear are encrypted now: the passphrase that opened the backup is that of the restored CA. */
async function withPassphrase(name: string, content: Buffer, passphrase: string | undefined): Promise<Buffer> {
  if (!name.endsWith('.key.pem') || content.includes('ENCRYPTED')) return content;
  return Buffer.from(await secretStoredKeyPem(readPrivateKey(content, passphrase), passphrase));
}

function stateOf(path: string, bytes: Buffer) {
  try {
    const { findings, backedUpAt } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    return {
      findings: Array.isArray(findings) ? (findings as ReturnType<typeof warning>[]) : [],
      backedUpAt: String(backedUpAt ?? ''),
    };
  } catch (error) {
    if (isCodedError(error)) throw error;
    throw incomplete(path, 'ca.json');
  }
}

function restored(path: string, backedUpAt: string) {
  return warning(
    'CERT_STATUS',
    backedUpAt
      ? `the CA was restored from a backup of ${backedUpAt}: it does not know what was issued or revoked after that`
      : `the CA was copied from ${path}: it does not know what is issued or revoked there from now on`,
    { path, backedUpAt },
    'Revoke again what was revoked since then, by its serial number; devices that got certificates since then keep working, but cannot be revoked',
  );
}

function incomplete(path: string, name: string) {
  return codedError(
    'STORE_CORRUPT',
    `${path} holds no usable ${name}`,
    { path, missing: name },
    'Use another backup, or a whole copy of the folder',
  );
}

function mismatch(path: string) {
  return codedError(
    'KEY_MISMATCH',
    `the private key in ${path} does not belong to its CA certificate`,
    { path },
    'Use another backup, or a whole copy of the folder',
  );
}
