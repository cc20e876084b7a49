import { codedError } from '../model/errors';
import type { FileSystem } from './file-system';
import { errnoOf, storing } from './store-error';

export interface BoundedReadOptions {
  /** Bytes; a larger file is refused before it is read. */
  limit: number;
  /** What is read, for the message: `the CA certificate`. */
  what: string;
}

/** A PEM file of any honest kind is far below this. */
export const PEM_FILE_LIMIT = 1024 * 1024;

/**
 * Read a whole file, but never more than `limit` bytes, and never from a pipe or device (which would not end).
 *
 * @throws STORE_NOT_FOUND, STORE_PERMISSION, STORE_TOO_LARGE, STORE_CORRUPT (not a file), STORE_IO
 */
export function readBounded(fs: FileSystem, path: string, { limit, what }: BoundedReadOptions): Promise<Buffer> {
  return storing(`read ${what} from`, path, async () => {
    // Opening a pipe would wait for its writer, so look first.
    if (!(await fs.stat(path)).isFile()) throw notAFile(path, what);
    const file = await fs.open(path, 'r');
    try {
      const facts = await file.stat();
      // Once more: it may have been put there meanwhile.
      if (!facts.isFile()) throw notAFile(path, what);
      const { size } = facts;
      if (size > limit) throw tooLarge(path, what, size, limit);
      // One byte more than told: shows a file that grows, and files of /proc that tell the size 0.
      let bytes = Buffer.allocUnsafe(size + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
        if (bytesRead === 0) return bytes.subarray(0, length);
        length += bytesRead;
        if (length > limit) throw tooLarge(path, what, length, limit);
        if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(limit + 1, bytes.length * 2 + 4096));
      }
    } finally {
      await file.close();
    }
  });
}

/** The first bytes of a file, to see what it is; fewer when it is shorter. @throws as {@link readBounded} */
export function firstBytes(fs: FileSystem, path: string, count: number): Promise<Buffer> {
  return storing('read', path, async () => {
    if (!(await fs.stat(path)).isFile()) throw notAFile(path, 'the beginning');
    const file = await fs.open(path, 'r');
    try {
      if (!(await file.stat()).isFile()) throw notAFile(path, 'the beginning');
      const bytes = Buffer.alloc(count);
      const { bytesRead } = await file.read(bytes, 0, count, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  });
}

/** As {@link readBounded}, `undefined` when there is no such file. */
export async function readBoundedIfThere(
  fs: FileSystem,
  path: string,
  options: BoundedReadOptions,
): Promise<Buffer | undefined> {
  try {
    return await readBounded(fs, path, options);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function notAFile(path: string, what: string) {
  return codedError(
    'STORE_CORRUPT',
    `cannot read ${what} from ${path}: it is not a file`,
    { path },
    'Name a file, not a folder, pipe or device',
  );
}

function tooLarge(path: string, what: string, size: number, limit: number) {
  return codedError(
    'STORE_TOO_LARGE',
    `cannot read ${what} from ${path}: ${size} bytes are more than the ${limit} allowed`,
    { path, size, limit },
    'Check that this is the right file',
  );
}
