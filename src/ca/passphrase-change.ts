/**
 * Setting, changing and removing the passphrase of a CA.
 *
 * The passphrase stands in two places that nothing can change at one instant: around the keys in the folder, and in the
 * credentials of the node, which only a deploy of the user changes. So **the keys follow the deployed credential**: the
 * change is first agreed on with the old passphrase and only noted (passphrase-bridge.ts); the next opening that comes with
 * the new one encrypts all keys anew. Until then, and after every crash on the way, both passphrases open the CA.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { basename } from 'node:path';
import { codedError } from '../model/errors';
import { secretStoredKeyPem } from '../pki/key-encryption';
import { checkPassphrase, readPrivateKey } from '../pki/private-key';
import { SECRET_FILE_MODE, writeAtomically } from '../store/atomic-file';
import { PEM_FILE_LIMIT, readBounded } from '../store/bounded-file';
import type { CaFolder } from '../store/ca-folder';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { readState, writeState } from './authority-state';
import { buildBridge, crossBridge, readBridge, removeBridge, writeBridge } from './passphrase-bridge';

/** `prepared`: deploy the new passphrase and it takes effect; `removed`: the keys lie in clear now; `kept`: nothing changes. */
export type PassphraseOutcome = 'prepared' | 'removed' | 'kept';

/**
 * Agree on a new passphrase.
 *
 * @param secretOld the one the CA has; empty: none
 * @param secretNew empty: encrypt no more, which takes effect at once, because keys in clear lock nobody out; the old one:
 *   call a change off that was not deployed yet
 * @throws KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, INPUT_PASSPHRASE, STORE_…, CA_LOCKED; nothing is changed then
 */
export async function changePassphrase(
  core: AuthorityCore,
  secretOld: string,
  secretNew: string,
): Promise<PassphraseOutcome> {
  checkOld(core, secretOld);
  checkPassphrase(secretNew);
  return core.commits.run(async () => {
    await core.database.assertOwned();
    const { folder } = core.database;
    if (secretNew === (core.secretPassphrase ?? '')) {
      await removeBridge(folder);
      core.passphrasePending = false;
      return 'kept';
    }
    if (secretNew !== '') {
      await writeBridge(folder, await buildBridge(core.secretPassphrase ?? '', secretNew));
      core.passphrasePending = true;
      return 'prepared';
    }
    // From now on new keys come in clear; those that are there follow, the CA's own last.
    const secretFormer = core.secretPassphrase;
    core.secretPassphrase = undefined;
    try {
      await rewriteKeys(folder, '', secretFormer ?? '');
    } catch (error) {
      core.secretPassphrase = secretFormer;
      throw error;
    }
    await removeBridge(folder);
    core.passphrasePending = false;
    await noteEncryption(folder, false);
    await core.database
      .log([{ at: wholeSeconds(core.clock), event: 'passphrase', ...core.author }])
      .catch(() => undefined);
    return 'removed';
  });
}

/** What the opening of a CA found and did about a change of its passphrase. */
export interface SettledPassphrase {
  /** A change is agreed on, and the new passphrase was not deployed yet. */
  pending: boolean;
  /** All keys were encrypted anew. */
  changed: boolean;
}

/**
 * Finish, or wait for, a change of the passphrase when a CA is opened; the caller holds the lock of the folder.
 *
 * @throws KEY_ENCRYPTED when a change had begun and no passphrase was given; STORE_…; KEY_… of a damaged key
 */
export async function settlePassphrase(folder: CaFolder, passphrase: string | undefined): Promise<SettledPassphrase> {
  const bridge = await readBridge(folder);
  if (!bridge) return { pending: false, changed: false };
  const crossing = passphrase ? await crossBridge(bridge, passphrase) : undefined;
  if (!passphrase && bridge.begun) throw begunWithout(folder);
  // A passphrase that is neither of the two is refused where the keys are opened.
  if (!passphrase || !crossing) return { pending: true, changed: false };
  const { side, secretOther } = crossing;
  if (side === 'old' && !bridge.begun) return { pending: true, changed: false };
  if (!bridge.begun) await writeBridge(folder, { ...bridge, begun: true });
  await rewriteKeys(folder, passphrase, secretOther);
  if (side === 'old') {
    await writeBridge(folder, { ...bridge, begun: false });
    return { pending: true, changed: true };
  }
  await noteEncryption(folder, true);
  await removeBridge(folder);
  return { pending: false, changed: true };
}

/**
 * Bring every private key under one passphrase, whichever of two it is under now; each file is replaced as a whole. The keys
 * of the CA come last: as long as one of theirs is under the other, the change is not done.
 */
async function rewriteKeys(folder: CaFolder, secretWanted: string, secretOther: string): Promise<void> {
  const paths = await folder.secretKeyPaths();
  const isAuthority = (path: string) => /^ca[.-]/.test(basename(path));
  for (const path of [...paths.filter((one) => !isAuthority(one)), ...paths.filter(isAuthority)]) {
    await nextTurn();
    const pem = await readBounded(folder.fs, path, { limit: PEM_FILE_LIMIT, what: 'a private key' });
    const rewritten = await underPassphrase(pem.toString('latin1'), secretWanted, secretOther);
    if (rewritten) await writeAtomically(folder.fs, path, rewritten, { mode: SECRET_FILE_MODE });
  }
}

/** @returns undefined when the key is under the wanted passphrase already */
async function underPassphrase(pem: string, secretWanted: string, secretOther: string): Promise<string | undefined> {
  if (!pem.includes('ENCRYPTED')) {
    return secretWanted === '' ? undefined : secretStoredKeyPem(readPrivateKey(pem), secretWanted);
  }
  if (secretWanted !== '' && opens(pem, secretWanted)) return undefined;
  return secretStoredKeyPem(readPrivateKey(pem, secretOther), secretWanted);
}

function opens(pem: string, passphrase: string): boolean {
  try {
    readPrivateKey(pem, passphrase);
    return true;
  } catch {
    return false;
  }
}

async function noteEncryption(folder: CaFolder, keysEncrypted: boolean): Promise<void> {
  const state = await readState(folder);
  if (state && state.keysEncrypted !== keysEncrypted) await writeState(folder, { ...state, keysEncrypted });
}

function checkOld({ secretPassphrase }: AuthorityCore, given: string): void {
  if (secretPassphrase === undefined || secretPassphrase === given) return;
  throw given === ''
    ? codedError(
        'KEY_ENCRYPTED',
        'the CA has a passphrase, and the old one was not given',
        {},
        'Enter the passphrase that the CA has now',
      )
    : codedError(
        'KEY_PASSPHRASE_WRONG',
        'the old passphrase is not the one of this CA',
        {},
        'Enter the passphrase that the CA has now; capitals count',
      );
}

function begunWithout(folder: CaFolder) {
  return codedError(
    'KEY_ENCRYPTED',
    `the keys in ${folder.path} are being encrypted with a new passphrase, and none was given`,
    { folder: folder.path },
    'Enter the new passphrase and deploy: the change is then finished',
  );
}
