import { isCodedError } from '../model/errors';
import { openSealedMessage, sealMessage } from '../encoding/sealed-message';
import { SECRET_FILE_MODE, writeAtomically } from '../store/atomic-file';
import { readBoundedIfThere } from '../store/bounded-file';
import type { CaFolder } from '../store/ca-folder';
import { removeFile, syncFolder } from '../store/folder';

/**
 * `private/passphrase-change.json`: leads from the old passphrase to the new one and back. Each is sealed with the
 * other, so the file tells nothing to anybody who knows neither.
 */
export interface PassphraseBridge {
  /** The new one sealed with the old one, base64; absent when the keys lay in clear. */
  fromOld?: string;
  /** The old one (empty: none) sealed with the new one, base64. */
  fromNew: string;
  /** Keys may be under either. */
  begun: boolean;
}

const VERSION = 1;
const LIMIT = 64 * 1024;
/** As the keys in the folder have: whoever guesses passphrases guesses at those. */
const ROUNDS = 10_000;

/** Which side of the bridge a passphrase is on, and the one on the other side. */
export interface Crossing {
  side: 'old' | 'new';
  /** Empty: none. */
  secretOther: string;
}

export async function buildBridge(secretOld: string, secretNew: string): Promise<PassphraseBridge> {
  const seal = async (secret: string, under: string) =>
    (await sealMessage(Buffer.from(secret), under, { rounds: ROUNDS })).toString('base64');
  return {
    ...(secretOld && { fromOld: await seal(secretNew, secretOld) }),
    fromNew: await seal(secretOld, secretNew),
    begun: false,
  };
}

/** @returns undefined when the passphrase is neither of the two */
export async function crossBridge(bridge: PassphraseBridge, passphrase: string): Promise<Crossing | undefined> {
  const open = async (sealed: string) => {
    try {
      return (await openSealedMessage(Buffer.from(sealed, 'base64'), passphrase)).toString('utf8');
    } catch (error) {
      if (!isCodedError(error)) throw error;
      return undefined;
    }
  };
  const old = await open(bridge.fromNew);
  if (old !== undefined) return { side: 'new', secretOther: old };
  const other = bridge.fromOld === undefined ? undefined : await open(bridge.fromOld);
  return other === undefined ? undefined : { side: 'old', secretOther: other };
}

/** @returns undefined when no change is under way; a damaged file counts as none, it led nowhere */
export async function readBridge(folder: CaFolder): Promise<PassphraseBridge | undefined> {
  const options = { limit: LIMIT, what: 'the passphrase change' };
  const bytes = await readBoundedIfThere(folder.fs, pathOf(folder), options);
  if (!bytes) return undefined;
  try {
    const { version, fromOld, fromNew, begun } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (version !== VERSION || typeof fromNew !== 'string') return undefined;
    return { ...(typeof fromOld === 'string' && { fromOld }), fromNew, begun: begun === true };
  } catch {
    return undefined;
  }
}

export function writeBridge(folder: CaFolder, bridge: PassphraseBridge): Promise<void> {
  const text = `${JSON.stringify({ version: VERSION, ...bridge })}\n`;
  return writeAtomically(folder.fs, pathOf(folder), text, { mode: SECRET_FILE_MODE });
}

export async function removeBridge(folder: CaFolder): Promise<void> {
  await removeFile(folder.fs, pathOf(folder));
  await syncFolder(folder.fs, folder.pathOf('private'));
}

function pathOf(folder: CaFolder): string {
  return `${folder.pathOf('private')}/passphrase-change.json`;
}
