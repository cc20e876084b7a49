import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { codedError } from '../model/errors';
import { SECRET_FILE_MODE, writeAtomically } from './atomic-file';
import { readBoundedIfThere } from './bounded-file';
import type { FileSystem } from './file-system';
import { ensureFolder } from './folder';
import { STATE_FOLDER } from './known-authorities';
import { storing } from './store-error';

const LIMIT = 16 * 1024 * 1024;
const VERSION = 1;

/**
 * What one node remembers across restarts, as JSON in `<userDir>/.secure-mqtt/state/<node id>.json`. It holds nothing
 * that could not be found out again, so a damaged file is put aside and not an error.
 */
export class StateFile<T> {
  readonly path: string;
  readonly #fs: FileSystem;

  constructor(fs: FileSystem, userDir: string, nodeId: string) {
    this.#fs = fs;
    this.path = join(userDir, STATE_FOLDER, 'state', `${fileNameOf(nodeId)}.json`);
  }

  /**
   * @returns what was written last; undefined when there is nothing or it cannot be read as JSON
   * @throws STORE_VERSION, STORE_PERMISSION, STORE_IO
   */
  async read(): Promise<T | undefined> {
    const bytes = await readBoundedIfThere(this.#fs, this.path, { limit: LIMIT, what: 'the state of a node' });
    if (bytes === undefined) return undefined;
    let content: { version?: unknown; state?: T } | undefined;
    try {
      content = JSON.parse(bytes.toString('utf8')) as typeof content;
    } catch {
      // Damaged.
    }
    if (typeof content?.version === 'number' && content.version > VERSION) throw newer(this.path, content.version);
    // Every state is an object; another value would fail where it is written to.
    if (content?.version === VERSION && Object(content.state) === content.state) return content.state;
    await storing('put aside', this.path, () => this.#fs.rename(this.path, `${this.path}.damaged`));
    return undefined;
  }

  /** @throws STORE_FULL, STORE_READ_ONLY, STORE_PERMISSION, STORE_IO */
  async write(state: T): Promise<void> {
    await ensureFolder(this.#fs, dirname(this.path));
    const text = `${JSON.stringify({ version: VERSION, state })}\n`;
    await writeAtomically(this.#fs, this.path, text, { mode: SECRET_FILE_MODE });
  }
}

/** Node ids are hex; one from an imported flow may be anything. */
function fileNameOf(nodeId: string): string {
  if (/^[\w-]{1,64}$/.test(nodeId)) return nodeId;
  return createHash('sha256').update(nodeId).digest('hex').slice(0, 32);
}

function newer(path: string, version: number) {
  return codedError(
    'STORE_VERSION',
    `${path} was written by a newer version of the package (version ${version}, this package knows ${VERSION})`,
    { path, found: version, known: VERSION },
    'Update @flowcerts/node-red-secure-mqtt in Manage palette',
  );
}
