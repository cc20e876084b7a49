import { join } from 'node:path';
import { codedError } from '../model/errors';
import { readBounded } from './bounded-file';
import type { FileSystem } from './file-system';
import { listFolder } from './folder';
import { storing } from './store-error';

/** A file of somebody else, read whole. */
export interface VisitedFile {
  /** Relative to where the visit began, with `/`. */
  path: string;
  bytes: Buffer;
}

export interface VisitOptions {
  /** Largest size that is read of a file of this name in bytes; undefined: the file is of no interest. */
  limitOf(name: string): number | undefined;
  maxDepth: number;
  /** Entries of all folders together. */
  maxEntries: number;
  /** Bytes of all files together. */
  maxBytes: number;
}

/** What a visit did not read; paths relative to where it began, each list cut to a few. */
export interface PassedOver {
  links: string[];
  tooLarge: string[];
}

const MOST_NAMED = 20;

/**
 * Read the files of a folder that belongs to somebody else and everything in it, nearest first. Nothing is written,
 * no link is followed, so nothing outside is read.
 *
 * @throws INPUT_TOO_MANY beyond the limits; STORE_NOT_FOUND, STORE_PERMISSION, STORE_IO
 */
export async function visitFiles(
  fs: FileSystem,
  root: string,
  options: VisitOptions,
  visit: (file: VisitedFile) => Promise<void>,
): Promise<PassedOver> {
  const passedOver: PassedOver = { links: [], tooLarge: [] };
  const note = (list: string[], path: string) => list.length < MOST_NAMED && list.push(path);
  let entries = 0;
  let bytesLeft = options.maxBytes;
  let folders = [''];
  for (let depth = 0; depth <= options.maxDepth && folders.length > 0; depth += 1) {
    const below: string[] = [];
    for (const folder of folders) {
      const names = (await listFolder(fs, join(root, folder))).sort();
      entries += names.length;
      if (entries > options.maxEntries) throw tooMany(root, 'files', options.maxEntries);
      for (const name of names) {
        const path = folder ? `${folder}/${name}` : name;
        const full = join(root, path);
        const facts = await storing('look at', full, () => fs.lstat(full));
        if (facts.isSymbolicLink()) note(passedOver.links, path);
        else if (facts.isDirectory()) below.push(path);
        const limit = facts.isFile() ? options.limitOf(name) : undefined;
        if (limit === undefined) continue;
        if (facts.size > limit) {
          note(passedOver.tooLarge, path);
          continue;
        }
        const bytes = await readBounded(fs, full, { limit, what: 'a file of the CA' });
        bytesLeft -= bytes.length;
        if (bytesLeft < 0) throw tooMany(root, 'bytes', options.maxBytes);
        await visit({ path, bytes });
      }
    }
    folders = below;
  }
  return passedOver;
}

function tooMany(root: string, what: string, limit: number) {
  return codedError(
    'INPUT_TOO_MANY',
    `the folder ${root} holds more than ${limit} ${what}`,
    { path: root, limit },
    'Name the folder of the CA itself, not one above it',
  );
}
