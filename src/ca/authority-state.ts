import type { CaSource } from '../model/config/tls-ca';
import { codedError, type Warning } from '../model/errors';
import type { CaFolder } from '../store/ca-folder';

const VERSION = 1;

/** `ca.json`: what the other files do not say. */
export interface AuthorityState {
  /** `creating` until the last file of a new CA is there; such a CA was never announced. */
  state: 'creating' | 'ready';
  /** ISO 8601. */
  createdAt: string;
  source: CaSource;
  /** Upper-case colon hex; empty while creating. */
  fingerprint256: string;
  /** A passphrase was set at creation. */
  keysEncrypted: boolean;
  /** What its owner should know of an imported CA. */
  findings?: Warning[];
  /** Absolute path it was imported from. */
  importedFrom?: string;
}

export function writeState(folder: CaFolder, state: AuthorityState): Promise<void> {
  return folder.write('ca.json', `${JSON.stringify({ version: VERSION, ...state }, undefined, 2)}\n`);
}

/**
 * @returns undefined when there is no `ca.json`
 * @throws CA_CORRUPT, STORE_VERSION
 */
export async function readState(folder: CaFolder): Promise<AuthorityState | undefined> {
  const bytes = await folder.readIfThere('ca.json');
  if (bytes === undefined) return undefined;
  let value: Partial<AuthorityState & { version: number }>;
  try {
    value = JSON.parse(bytes.toString('utf8')) as typeof value;
  } catch {
    throw corrupt(folder);
  }
  const { version, state } = value ?? {};
  if (typeof version === 'number' && version > VERSION) throw newer(folder, version);
  if (state !== 'creating' && state !== 'ready') throw corrupt(folder);
  return {
    state,
    createdAt: textOf(value.createdAt),
    source: value.source === 'import' ? 'import' : 'create',
    fingerprint256: textOf(value.fingerprint256),
    keysEncrypted: value.keysEncrypted === true,
    ...(Array.isArray(value.findings) && { findings: value.findings.filter(isWarning) }),
    ...(textOf(value.importedFrom) && { importedFrom: textOf(value.importedFrom) }),
  };
}

/** Empty for anything but a text: an object may fail to become one. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** People edit files, and backups of others are restored: what cannot be shown is left out. */
function isWarning(value: Partial<Warning> | null): boolean {
  return typeof value?.code === 'string' && typeof value.message === 'string' && Object(value.cause) === value.cause;
}

function corrupt(folder: CaFolder) {
  return codedError(
    'CA_CORRUPT',
    `${folder.pathOf('ca.json')} does not describe a CA`,
    { folder: folder.path, file: 'ca.json' },
    'Restore the file from a backup of the folder, or choose another folder',
  );
}

function newer(folder: CaFolder, version: number) {
  return codedError(
    'STORE_VERSION',
    `the CA folder was written by a newer version of the package (version ${version}, this package knows ${VERSION})`,
    { folder: folder.path, found: version, known: VERSION },
    'Update @flowcerts/node-red-secure-mqtt in Manage palette',
  );
}
