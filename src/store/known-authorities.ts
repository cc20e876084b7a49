import { basename, dirname, join } from 'node:path';
import { codedError } from '../model/errors';
import { SECRET_FILE_MODE, writeAtomically } from './atomic-file';
import { readBoundedIfThere } from './bounded-file';
import type { FileSystem } from './file-system';
import { ensureFolder } from './folder';
import { errnoOf, storing } from './store-error';

/** Where this package keeps what it must remember, below Node-RED's user directory. */
export const STATE_FOLDER = '.secure-mqtt';
const FILE_NAME = 'authorities.json';
const LIMIT = 4 * 1024 * 1024;
const VERSION = 1;

/** What is remembered of a CA that was announced. */
export interface KnownAuthority {
  /** Upper-case colon hex. */
  fingerprint256: string;
  nodeId: string;
  /** ISO 8601. */
  createdAt: string;
}

/** Changes of the file in this process, one after the other. */
const lastChanges = new WeakMap<FileSystem, Promise<unknown>>();

/**
 * `<userDir>/.secure-mqtt/authorities.json`: which CA lives in which folder. A CA that is known but gone (a disk that
 * was not mounted, a folder moved away) is never replaced by a new one in silence: every device would have to be
 * provided with the new root.
 */
export class KnownAuthorities {
  readonly #fs: FileSystem;
  readonly #path: string;

  constructor(fs: FileSystem, userDir: string) {
    this.#fs = fs;
    this.#path = join(userDir, STATE_FOLDER, FILE_NAME);
  }

  /** @throws STORE_CORRUPT, STORE_VERSION, STORE_PERMISSION: without this file nothing may be created */
  async get(realPath: string): Promise<KnownAuthority | undefined> {
    return (await this.#read()).get(realPath);
  }

  async remember(realPath: string, authority: KnownAuthority): Promise<void> {
    await this.#change((known) => known.set(realPath, authority));
  }

  async forget(realPath: string): Promise<void> {
    await this.#change((known) => known.delete(realPath));
  }

  #change(apply: (known: Map<string, KnownAuthority>) => void): Promise<void> {
    const change = (lastChanges.get(this.#fs) ?? Promise.resolve()).then(async () => {
      const known = await this.#read();
      const before = JSON.stringify([...known]);
      apply(known);
      if (JSON.stringify([...known]) === before) return;
      await ensureFolder(this.#fs, dirname(this.#path));
      const text = `${JSON.stringify({ version: VERSION, authorities: Object.fromEntries(known) }, undefined, 2)}\n`;
      await writeAtomically(this.#fs, this.#path, text, { mode: SECRET_FILE_MODE });
    });
    lastChanges.set(
      this.#fs,
      change.catch(() => undefined),
    );
    return change;
  }

  async #read(): Promise<Map<string, KnownAuthority>> {
    const what = 'the list of known CAs';
    const bytes = await readBoundedIfThere(this.#fs, this.#path, { limit: LIMIT, what });
    if (bytes === undefined) return new Map();
    let value: { version?: unknown; authorities?: unknown };
    try {
      value = JSON.parse(bytes.toString('utf8')) as typeof value;
    } catch {
      throw corrupt(this.#path);
    }
    if (typeof value?.version === 'number' && value.version > VERSION) throw newer(this.#path, value.version);
    if (typeof value?.authorities !== 'object' || value.authorities === null) throw corrupt(this.#path);
    const entries = Object.entries(value.authorities as Record<string, KnownAuthority>);
    if (entries.some(([, entry]) => typeof entry?.fingerprint256 !== 'string')) throw corrupt(this.#path);
    return new Map(entries);
  }
}

/**
 * The real path of a folder that need not exist yet: of its lowest existing ancestor, and the rest as given. So two
 * spellings of one folder are one CA.
 */
export async function realPathOf(fs: FileSystem, path: string): Promise<string> {
  try {
    return await fs.realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (errnoOf(error) !== 'ENOENT' || parent === path) return storing('look at', path, () => Promise.reject(error));
    return join(await realPathOf(fs, parent), basename(path));
  }
}

function corrupt(path: string) {
  return codedError(
    'STORE_CORRUPT',
    `${path} is no list of known CAs`,
    { path },
    'Restore the file from a backup; if you delete it, make sure that every CA folder is where it belongs',
  );
}

function newer(path: string, version: number) {
  return codedError(
    'STORE_VERSION',
    `${path} was written by a newer version of the package (version ${version}, this package knows ${VERSION})`,
    { path, found: version, known: VERSION },
    'Update @flowcerts/node-red-secure-mqtt in Manage palette',
  );
}
