import { resolve } from 'node:path';
import { codedError } from '../model/errors';
import { nodeFileSystem, type FileSystem } from '../store/file-system';
import { KnownAuthorities, realPathOf } from '../store/known-authorities';
import { openAuthority, type OpenedAuthority } from './authority-opening';
import type { AuthorityOptions } from './authority-options';
import type { CertificateAuthority } from './certificate-authority';

export { authoritySettings, type AuthorityOptions, type AuthoritySettings } from './authority-options';

/** The right to use a CA until it is given back. */
export interface AuthorityLease {
  authority: CertificateAuthority;
  /** The last one closes the CA and unlocks its folder. */
  release(): Promise<void>;
}

interface Entry {
  opening: Promise<OpenedAuthority>;
  leases: number;
  closing?: Promise<void>;
}

/** One instance per folder and process: two would write over each other's index. */
const entries = new WeakMap<FileSystem, Map<string, Entry>>();

/**
 * Open, create or share the CA of a folder.
 *
 * @throws CA_MISSING, CA_MISMATCH, CA_FOREIGN, CA_LOCKED, CA_CORRUPT, KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG,
 *   KEY_MISMATCH, INPUT_…, STORE_…
 */
export async function acquireAuthority(options: AuthorityOptions): Promise<AuthorityLease> {
  const fs = options.fs ?? nodeFileSystem;
  const open = entries.get(fs) ?? new Map<string, Entry>();
  entries.set(fs, open);
  const path = await realPathOf(fs, options.folder);
  for (let closing = open.get(path)?.closing; closing; closing = open.get(path)?.closing) await closing;

  const shared = open.get(path);
  const entry = shared ?? { opening: openAuthority(path, options), leases: 0 };
  open.set(path, entry);
  entry.leases += 1;
  const giveBack = async () => {
    entry.leases -= 1;
    if (entry.leases > 0) return;
    entry.closing = close(entry).finally(() => open.delete(path));
    await entry.closing;
  };
  try {
    const { authority } = await entry.opening;
    if (shared) {
      join(authority, options);
      await new KnownAuthorities(fs, options.userDir).rememberPath(resolve(options.folder), path);
    } else authority.start();
    let released = false;
    return {
      authority,
      async release() {
        if (released) return;
        released = true;
        await giveBack();
      },
    };
  } catch (error) {
    await giveBack();
    throw error;
  }
}

/**
 * Where the CA of a node lives whose folder was never written down: flows made by hand name none, and the default
 * follows the name of the node, which may change.
 *
 * @returns undefined when the node has made no CA yet
 * @throws STORE_…
 */
export function knownFolderOf(nodeId: string, { userDir, fs = nodeFileSystem }: Omit<ForgetOptions, 'folder'>) {
  return new KnownAuthorities(fs, userDir).folderOf(nodeId);
}

/**
 * Let go of the CA that is known for a folder, so that a new one may be created there. Touches no file of the folder.
 *
 * @throws STORE_…
 */
export async function forgetAuthority({ folder, userDir, fs = nodeFileSystem }: ForgetOptions): Promise<void> {
  await new KnownAuthorities(fs, userDir).forget(await realPathOf(fs, folder), resolve(folder));
}

export interface ForgetOptions {
  folder: string;
  userDir: string;
  fs?: FileSystem;
}

async function close(entry: Entry): Promise<void> {
  try {
    const { authority, lock } = await entry.opening;
    await authority.close();
    await lock.release();
  } catch {
    // It never opened; whoever opened it got the error.
  }
}

/** A second user of an open CA must know the same things as the first; its settings are the newer ones. */
function join(
  authority: CertificateAuthority,
  { settings, passphrase, expectedFingerprint256 }: AuthorityOptions,
): void {
  if (!authority.acceptsPassphrase(passphrase)) throw passphraseRefused(passphrase);
  const found = authority.fingerprint256;
  if (expectedFingerprint256 && !authority.had(expectedFingerprint256)) {
    throw codedError(
      'CA_MISMATCH',
      `the folder ${authority.folder} holds the CA ${found}, expected is ${expectedFingerprint256}`,
      { folder: authority.folder, found, expected: expectedFingerprint256 },
      'Choose the folder of the expected CA',
    );
  }
  authority.configure(settings);
}

function passphraseRefused(passphrase: string | undefined) {
  return passphrase
    ? codedError(
        'KEY_PASSPHRASE_WRONG',
        'the passphrase does not open the private key',
        {},
        'Enter the passphrase of this CA',
      )
    : codedError(
        'KEY_ENCRYPTED',
        'the private key is encrypted and no passphrase was given',
        {},
        'Enter its passphrase',
      );
}
