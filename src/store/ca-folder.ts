import { setImmediate as nextTurn } from 'node:timers/promises';
import { join } from 'node:path';
import { codedError } from '../model/errors';
import {
  isTemporaryName,
  putInPlace,
  PUBLIC_FILE_MODE,
  SECRET_FILE_MODE,
  writeAtomically,
  writeTemporarily,
} from './atomic-file';
import { PEM_FILE_LIMIT, readBounded, readBoundedIfThere } from './bounded-file';
import type { FileSystem } from './file-system';
import { ensureFolder, listFolder, removeFile, syncFolder } from './folder';
import { FILE_CONCURRENCY, inParallel } from './parallel';

/** The fixed files of a CA folder (DESIGN.md §2) with what they are and how large they may become. */
export const CA_FILES = {
  'ca.json': { what: 'the state of the CA', mode: PUBLIC_FILE_MODE, limit: 64 * 1024 },
  'ca.pem': { what: 'the CA certificate', mode: PUBLIC_FILE_MODE, limit: PEM_FILE_LIMIT },
  'chain.pem': { what: 'the intermediate certificates', mode: PUBLIC_FILE_MODE, limit: PEM_FILE_LIMIT },
  'trust.pem': { what: 'the trust anchors', mode: PUBLIC_FILE_MODE, limit: PEM_FILE_LIMIT },
  'private/ca.key.pem': { what: 'the private key of the CA', mode: SECRET_FILE_MODE, limit: PEM_FILE_LIMIT },
  'generations.json': { what: 'the keys of the CA', mode: PUBLIC_FILE_MODE, limit: PEM_FILE_LIMIT },
  'index.txt': { what: 'the index of certificates', mode: PUBLIC_FILE_MODE, limit: 512 * 1024 * 1024 },
  'index.txt.attr': { what: 'the settings of the index', mode: PUBLIC_FILE_MODE, limit: 4096 },
  serial: { what: 'the next serial number for openssl ca', mode: PUBLIC_FILE_MODE, limit: 4096 },
  crlnumber: { what: 'the next CRL number', mode: PUBLIC_FILE_MODE, limit: 4096 },
  'openssl.cnf': { what: 'the configuration for openssl ca', mode: PUBLIC_FILE_MODE, limit: 64 * 1024 },
  'crl.pem': { what: 'the revocation list', mode: PUBLIC_FILE_MODE, limit: 64 * 1024 * 1024 },
  'crl.der': { what: 'the revocation list', mode: PUBLIC_FILE_MODE, limit: 64 * 1024 * 1024 },
  'journal.jsonl': { what: 'the journal', mode: SECRET_FILE_MODE, limit: 512 * 1024 * 1024 },
} as const;

export type CaFileName = keyof typeof CA_FILES;

/** Folders inside; `imported` holds certificates whose serial number another one has. */
export const CA_SUBFOLDERS = ['private', 'certs', 'imported'] as const;

/** Some milliseconds of work. */
const NAMES_PER_TURN = 5000;
const GENERATION_KEY = /^ca-([0-9A-F]{32})\.key\.pem$/;
/** Files in the subfolders that belong to the CA; no temporary ones. */
const ARCHIVED_NAME = /^[A-Za-z0-9][\w.-]*\.pem$/;
const SERIAL_NUMBER = /^([0-9A-F]{2})+$/;

/** The files of one CA: where each lies, with which mode, read and written safely. Knows nothing of their meaning. */
export class CaFolder {
  readonly fs: FileSystem;
  /** Absolute real path. */
  readonly path: string;

  constructor(fs: FileSystem, path: string) {
    this.fs = fs;
    this.path = path;
  }

  pathOf(name: CaFileName | (typeof CA_SUBFOLDERS)[number]): string {
    return join(this.path, name);
  }

  certificatePath(serialNumber: string): string {
    return join(this.path, 'certs', `${serialNumber}.pem`);
  }

  privateKeyPath(serialNumber: string): string {
    return join(this.path, 'private', `${serialNumber}.key.pem`);
  }

  /** Make the folder and the folders in it. */
  async ensure(): Promise<void> {
    await ensureFolder(this.fs, this.path);
    for (const name of CA_SUBFOLDERS) await ensureFolder(this.fs, this.pathOf(name));
  }

  /** @throws CA_CORRUPT when the file is missing; STORE_PERMISSION, STORE_TOO_LARGE, STORE_IO */
  async read(name: CaFileName): Promise<Buffer> {
    const bytes = await this.readIfThere(name);
    if (bytes) return bytes;
    throw codedError(
      'CA_CORRUPT',
      `the CA folder ${this.path} has no ${name} (${CA_FILES[name].what})`,
      { folder: this.path, missing: [name] },
      'Restore the file from a backup of the folder',
    );
  }

  readIfThere(name: CaFileName): Promise<Buffer | undefined> {
    return readBoundedIfThere(this.fs, this.pathOf(name), CA_FILES[name]);
  }

  write(name: CaFileName, content: string | Uint8Array): Promise<void> {
    return writeAtomically(this.fs, this.pathOf(name), content, CA_FILES[name]);
  }

  /** Remove a file that may not be there. */
  async remove(name: CaFileName): Promise<void> {
    await removeFile(this.fs, this.pathOf(name));
    await syncFolder(this.fs, this.path);
  }

  /** Replace several files of the folder itself with one sync of the folder; each on its own is atomic. */
  async writeAll(files: readonly (readonly [name: CaFileName, content: string | Uint8Array])[]): Promise<void> {
    for (const [name, content] of files) {
      const temporary = await writeTemporarily(this.fs, this.pathOf(name), content, CA_FILES[name]);
      await putInPlace(this.fs, temporary, this.pathOf(name));
    }
    await syncFolder(this.fs, this.path);
  }

  /** PEM of an issued certificate; `undefined` when its file is gone. */
  async readCertificate(serialNumber: string): Promise<Buffer | undefined> {
    const options = { limit: PEM_FILE_LIMIT, what: 'the certificate' };
    return readBoundedIfThere(this.fs, this.certificatePath(serialNumber), options);
  }

  /** PEM of an issued private key, encrypted or not; `undefined` when it is not in the folder. */
  async readSecretKey(serialNumber: string): Promise<Buffer | undefined> {
    const options = { limit: PEM_FILE_LIMIT, what: 'the private key' };
    return readBoundedIfThere(this.fs, this.privateKeyPath(serialNumber), options);
  }

  readAuthorityKey(): Promise<Buffer> {
    return readBounded(this.fs, this.pathOf('private/ca.key.pem'), CA_FILES['private/ca.key.pem']);
  }

  /** PEM of one of several keys of the CA, encrypted or not; `undefined` when it is not there. */
  readGenerationKey(id: string): Promise<Buffer | undefined> {
    return readBoundedIfThere(this.fs, this.#generationKeyPath(id), CA_FILES['private/ca.key.pem']);
  }

  writeGenerationKey(id: string, pem: string): Promise<void> {
    return writeAtomically(this.fs, this.#generationKeyPath(id), pem, CA_FILES['private/ca.key.pem']);
  }

  /** Remove the keys of all others. */
  async keepGenerationKeys(ids: ReadonlySet<string>): Promise<void> {
    for (const name of await listFolder(this.fs, this.pathOf('private'))) {
      const id = GENERATION_KEY.exec(name)?.[1];
      if (id !== undefined && !ids.has(id)) await removeFile(this.fs, this.#generationKeyPath(id));
    }
  }

  #generationKeyPath(id: string): string {
    return join(this.path, 'private', `ca-${id}.key.pem`);
  }

  /** Every file that belongs to the CA, with its name relative to the folder; what else lies there is left out. */
  async readEverything(): Promise<{ name: string; mode: number; content: Buffer }[]> {
    const files: { name: string; mode: number; content: Buffer }[] = [];
    for (const name of Object.keys(CA_FILES) as CaFileName[]) {
      const content = name.includes('/') ? undefined : await this.readIfThere(name);
      if (content) files.push({ name, mode: CA_FILES[name].mode, content });
    }
    for (const subfolder of CA_SUBFOLDERS) {
      const names = (await listFolder(this.fs, this.pathOf(subfolder))).filter((name) => ARCHIVED_NAME.test(name));
      await inParallel(names, FILE_CONCURRENCY, async (file) => {
        const name = `${subfolder}/${file}`;
        const options = { limit: PEM_FILE_LIMIT, what: 'a file of the CA' };
        files.push({ name, mode: modeOf(name), content: await readBounded(this.fs, join(this.path, name), options) });
      });
    }
    return files;
  }

  /**
   * Write a file by its name in an archive; durable only after {@link syncAll}.
   *
   * @throws STORE_CORRUPT for a name that is not one of a CA folder
   */
  async writeArchived(name: string, content: Uint8Array): Promise<void> {
    const [subfolder = '', file = '', ...rest] = name.split('/');
    const inside = (CA_SUBFOLDERS as readonly string[]).includes(subfolder) && ARCHIVED_NAME.test(file);
    if (!Object.hasOwn(CA_FILES, name) && !(inside && rest.length === 0)) throw foreignName(this.path, name);
    const path = join(this.path, name);
    await putInPlace(this.fs, await writeTemporarily(this.fs, path, content, { mode: modeOf(name) }), path);
  }

  async syncAll(): Promise<void> {
    for (const name of CA_SUBFOLDERS) await syncFolder(this.fs, this.pathOf(name));
    await syncFolder(this.fs, this.path);
  }

  /** Remove what an attempt to make a CA left in the folders, which was never announced. */
  async clear(): Promise<void> {
    for (const subfolder of CA_SUBFOLDERS) {
      const names = await listFolder(this.fs, this.pathOf(subfolder));
      for (const name of names) await removeFile(this.fs, join(this.pathOf(subfolder), name));
      if (names.length > 0) await syncFolder(this.fs, this.pathOf(subfolder));
    }
  }

  /** Private key files in `private/`, whatever they are named after. */
  async secretKeyPaths(): Promise<string[]> {
    const names = await listFolder(this.fs, this.pathOf('private'));
    return names.filter((name) => name.endsWith('.key.pem')).map((name) => join(this.pathOf('private'), name));
  }

  /** Certificates in `imported/`. */
  async importedCertificates(): Promise<Buffer[]> {
    const folder = this.pathOf('imported');
    const names = (await listFolder(this.fs, folder)).filter((name) => name.endsWith('.pem')).sort();
    const options = { limit: PEM_FILE_LIMIT, what: 'an imported certificate' };
    const found: Buffer[] = [];
    for (const name of names) found.push(await readBounded(this.fs, join(folder, name), options));
    return found;
  }

  /** Serial numbers that have a certificate file. */
  async certificateFiles(): Promise<string[]> {
    return serialNumbers(await listFolder(this.fs, this.pathOf('certs')), '.pem');
  }

  /** Serial numbers that have a private key file, and what a crash left among the keys. */
  async keyFiles(): Promise<{ keys: string[]; temporary: string[] }> {
    const names = await listFolder(this.fs, this.pathOf('private'));
    return {
      keys: await serialNumbers(names, '.key.pem'),
      temporary: names.filter(isTemporaryName).map((name) => join(this.pathOf('private'), name)),
    };
  }
}

function modeOf(name: string): number {
  if (name.startsWith('private/')) return SECRET_FILE_MODE;
  return Object.hasOwn(CA_FILES, name) ? CA_FILES[name as CaFileName].mode : PUBLIC_FILE_MODE;
}

function foreignName(folder: string, name: string) {
  return codedError(
    'STORE_CORRUPT',
    `the backup holds ${JSON.stringify(name.slice(0, 100))}, which is no file of a CA`,
    { folder, name: name.slice(0, 100) },
    'Use another backup',
  );
}

/** With a turn of the event loop now and then: there may be 100,000 names. */
async function serialNumbers(names: readonly string[], ending: string): Promise<string[]> {
  const found: string[] = [];
  for (const [index, name] of names.entries()) {
    if (index % NAMES_PER_TURN === 0) await nextTurn();
    if (!name.endsWith(ending)) continue;
    const serialNumber = name.slice(0, -ending.length);
    if (SERIAL_NUMBER.test(serialNumber)) found.push(serialNumber);
  }
  return found;
}
