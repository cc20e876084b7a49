import { isCodedError, warning, type Warning } from '../model/errors';
import { CaFolder } from '../store/ca-folder';
import type { FileSystem } from '../store/file-system';
import type { KnownAuthorities } from '../store/known-authorities';
import { readState } from './authority-state';
import type { Ancestor } from './generation';
import { readAncestors } from './generation-store';

/**
 * Another folder that this Node-RED knows and in which a CA with the same key lives. Each of two knows only what it has issued and
 * revoked itself: a broker with the list of the one lets in whom the other has revoked
 * (docs/decisions/0024-a-ca-lives-in-one-folder.md).
 *
 * @param own real path of the folder in question
 * @param ancestors the certificates that its CA has and had
 * @returns undefined when there is none; a folder that is gone or cannot be read counts as none
 */
export async function folderOfTwin(
  fs: FileSystem,
  known: KnownAuthorities,
  own: string,
  ancestors: readonly Ancestor[],
): Promise<string | undefined> {
  const keyIds = new Set(ancestors.map(({ keyId }) => keyId));
  for (const path of await known.folders()) {
    if (path !== own && (await keysIn(new CaFolder(fs, path))).some((keyId) => keyIds.has(keyId))) return path;
  }
  return undefined;
}

async function keysIn(folder: CaFolder): Promise<string[]> {
  try {
    if ((await readState(folder))?.state !== 'ready') return [];
    return (await readAncestors(folder)).map(({ keyId }) => keyId);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return [];
  }
}

/** What is said of a CA that was imported, restored or copied beside itself. */
export function twinRemark(subject: string, twin: string, folder: string): Warning {
  return warning(
    'CA_TWICE',
    `the CA ${subject} lives in ${twin}, too; this is ${folder}`,
    { subject, folder, other: twin },
    'To try out a backup this is fine. Else use one of the two folders and move the other away: whom one of them revokes, brokers with the list of the other let in',
  );
}
