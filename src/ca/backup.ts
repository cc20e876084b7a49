import { codedError } from '../model/errors';
import { slug } from '../model/slug';
import { gzipped } from '../encoding/gzip';
import { sealMessage } from '../encoding/sealed-message';
import { tarSize, writeTarInTurns, type ArchivedFile } from '../encoding/tar';
import { checkPassphrase } from '../pki/private-key';
import type { AuthorityCore } from './authority-core';

/**
 * Octets of a backup before it is packed. 100,000 certificates with their keys are 304 MB with P-256 and 457 MB with RSA-2048, by the
 * measure of a few hundred; whatever is made can be restored.
 */
export const ARCHIVE_LIMIT = 512 * 1024 * 1024;

/** What a backup is called; any name will do for the way back. */
export function backupName(commonName: string, at: Date): string {
  return `${slug(commonName || 'ca')}-${at.toISOString().slice(0, 10)}.ca-backup.p7m`;
}

/**
 * The whole folder of a CA as one sealed file: a .tar.gz inside a CMS message that openssl can open, too (see
 * sealed-message.ts). Private keys are in it as they lie in the folder.
 *
 * A CA with a passphrase is sealed with that one and no other: there is one secret to write down, and whoever asks for the
 * backup shows that it was. A CA without one gets the passphrase when it is restored.
 *
 * @throws KEY_PASSPHRASE_WRONG, INPUT_PASSPHRASE, STORE_TOO_LARGE, STORE_…, CA_NOT_READY
 */
export async function sealedBackup(core: AuthorityCore, secretPassphrase: string): Promise<Buffer> {
  checkBackupPassphrase(core, secretPassphrase);
  // Nothing is issued or revoked meanwhile, so that index, journal and files tell the same story.
  const files = await core.commits.run(() => core.database.folder.readEverything());
  const size = tarSize(files);
  if (size > ARCHIVE_LIMIT) throw tooLarge(core, size);
  const at = new Date(core.clock.now());
  const tar = await writeTarInTurns(
    files.map((file) => dated(file, at)),
    at,
  );
  return sealMessage(await gzipped(tar), secretPassphrase);
}

/** The restored CA says of when it is. */
function dated(file: ArchivedFile, at: Date): ArchivedFile {
  if (file.name !== 'ca.json') return file;
  const state = JSON.parse(file.content.toString('utf8')) as object;
  return { ...file, content: Buffer.from(JSON.stringify({ ...state, backedUpAt: at.toISOString() })) };
}

function checkBackupPassphrase({ secretPassphrase: own }: AuthorityCore, given: string): void {
  if (own !== undefined && own !== given) {
    throw codedError(
      'KEY_PASSPHRASE_WRONG',
      'this is not the passphrase of the CA',
      {},
      'A backup is sealed with the passphrase of its CA: enter that one',
    );
  }
  if (given === '') {
    throw codedError(
      'INPUT_PASSPHRASE',
      'a backup needs a passphrase',
      { field: 'passphrase' },
      'Choose a passphrase and write it down; the restored CA will have it, too',
    );
  }
  checkPassphrase(given);
}

function tooLarge({ database }: AuthorityCore, size: number) {
  return codedError(
    'STORE_TOO_LARGE',
    `the files of the CA make ${size} bytes, a backup holds at most ${ARCHIVE_LIMIT}`,
    { folder: database.folder.path, size, limit: ARCHIVE_LIMIT },
    'Stop Node-RED and copy the folder',
  );
}
