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

/** The content of the file. */
interface Known {
  /** By the real path of the folder. */
  authorities: Map<string, KnownAuthority>;
  /** Configured path to real path, where they differ: a link may lead elsewhere tomorrow, or be gone. */
  links: Map<string, string>;
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
    return (await this.#read()).authorities.get(realPath);
  }

  /**
   * Fingerprints of what is known for a folder by its real path and by the path that was configured, which may have
   * led elsewhere when the CA was opened last.
   *
   * @throws as {@link get}
   */
  async expected(realPath: string, configuredPath: string): Promise<string[]> {
    const known = await this.#read();
    const found = pathsOf(known, realPath, configuredPath).map((path) => known.authorities.get(path)?.fingerprint256);
    return [...new Set(found.filter((fingerprint) => fingerprint !== undefined && fingerprint !== ''))] as string[];
  }

  /** The real path of the folder that a node made last; undefined when it made none. @throws as {@link get} */
  async folderOf(nodeId: string): Promise<string | undefined> {
    const own = [...(await this.#read()).authorities].filter(([, authority]) => authority.nodeId === nodeId);
    return own.toSorted(([, a], [, b]) => a.createdAt.localeCompare(b.createdAt)).at(-1)?.[0];
  }

  /** The real paths of all folders in which a CA is known. @throws as {@link get} */
  async folders(): Promise<string[]> {
    return [...(await this.#read()).authorities.keys()];
  }

  async remember(realPath: string, authority: KnownAuthority, configuredPath = realPath): Promise<void> {
    await this.#change((known) => {
      known.authorities.set(realPath, authority);
      lead(known, configuredPath, realPath);
    });
  }

  /** Note a further path that leads to a folder whose CA is known. */
  async rememberPath(configuredPath: string, realPath: string): Promise<void> {
    if (configuredPath !== realPath) await this.#change((known) => lead(known, configuredPath, realPath));
  }

  async forget(realPath: string, configuredPath = realPath): Promise<void> {
    await this.#change((known) => {
      const paths = pathsOf(known, realPath, configuredPath);
      for (const path of paths) known.authorities.delete(path);
      for (const [from, to] of known.links) if (paths.includes(to)) known.links.delete(from);
    });
  }

  #change(apply: (known: Known) => void): Promise<void> {
    const change = (lastChanges.get(this.#fs) ?? Promise.resolve()).then(async () => {
      const known = await this.#read();
      const before = textOf(known);
      apply(known);
      const text = textOf(known);
      if (text === before) return;
      await ensureFolder(this.#fs, dirname(this.#path));
      await writeAtomically(this.#fs, this.#path, text, { mode: SECRET_FILE_MODE });
    });
    lastChanges.set(
      this.#fs,
      change.catch(() => undefined),
    );
    return change;
  }

  async #read(): Promise<Known> {
    const what = 'the list of known CAs';
    const bytes = await readBoundedIfThere(this.#fs, this.#path, { limit: LIMIT, what });
    if (bytes === undefined) return { authorities: new Map(), links: new Map() };
    let value: { version?: unknown; authorities?: unknown; links?: unknown };
    try {
      value = JSON.parse(bytes.toString('utf8')) as typeof value;
    } catch {
      throw corrupt(this.#path);
    }
    if (typeof value?.version === 'number' && value.version > VERSION) throw newer(this.#path, value.version);
    if (typeof value?.authorities !== 'object' || value.authorities === null) throw corrupt(this.#path);
    const entries = Object.entries(value.authorities as Record<string, KnownAuthority>);
    if (!entries.every(([, entry]) => isKnown(entry))) throw corrupt(this.#path);
    // Files of earlier versions have no links.
    const links = Object.entries((value.links ?? {}) as Record<string, string>);
    if (links.some(([, path]) => typeof path !== 'string')) throw corrupt(this.#path);
    return { authorities: new Map(entries), links: new Map(links) };
  }
}

/** A path belongs to what it was, or nothing may be created: what is missing is not guessed. */
function isKnown(entry: Partial<Record<keyof KnownAuthority, unknown>> | null): boolean {
  return [entry?.fingerprint256, entry?.nodeId, entry?.createdAt].every((text) => typeof text === 'string');
}

/** The real paths that stand for a folder. */
function pathsOf({ links }: Known, realPath: string, configuredPath: string): string[] {
  return [realPath, configuredPath, links.get(configuredPath) ?? realPath];
}

function lead({ links }: Known, configuredPath: string, realPath: string): void {
  if (configuredPath === realPath) links.delete(configuredPath);
  else links.set(configuredPath, realPath);
}

function textOf({ authorities, links }: Known): string {
  const content = {
    version: VERSION,
    authorities: Object.fromEntries(authorities),
    ...(links.size > 0 && { links: Object.fromEntries(links) }),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
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
