/**
 * The file system as a parameter: the few calls this package makes, so that tests can let each of them fail or cut
 * the power after it. Everything above works with the functions of this folder, never with these calls themselves.
 */
import { constants } from 'node:fs';
import * as nodeFs from 'node:fs/promises';

/** An open file or folder. */
export interface FileHandle {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  stat(): Promise<FileFacts>;
  /** Of the file that is open, whatever its name stands for by now. */
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  /** fsync: what was written is on the disk when this resolves. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What `stat` and `lstat` tell. */
export interface FileFacts {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  readonly mode: number;
  readonly ino: number;
  /** Owner and group, as numbers; 0 on Windows. */
  readonly uid: number;
  readonly gid: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** The subset of `node:fs/promises` that is used. Errors carry Node's `code` (ENOENT …). */
export interface FileSystem {
  open(path: string, flags: string, mode?: number): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  /** A second name (hard link) for a file. */
  link(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string, options?: { mode?: number }): Promise<unknown>;
  readdir(path: string): Promise<string[]>;
  stat(path: string): Promise<FileFacts>;
  lstat(path: string): Promise<FileFacts>;
  realpath(path: string): Promise<string>;
}

/**
 * Opening a pipe waits for whoever writes into it, in a thread that nobody can call back, and looking before does not help: somebody
 * who may write there can put a pipe in the place of the file. Regular files take no notice (open(2)); Windows has no such flag.
 */
const NOT_WAITING = (constants.O_NONBLOCK as number | undefined) ?? 0;
const FLAGS: Readonly<Record<string, number>> = {
  r: constants.O_RDONLY | NOT_WAITING,
  'r+': constants.O_RDWR | NOT_WAITING,
};

/** The real one. */
export const nodeFileSystem: FileSystem = {
  open: (path, flags, mode) => nodeFs.open(path, FLAGS[flags] ?? flags, mode),
  rename: (from, to) => nodeFs.rename(from, to),
  link: (existing, path) => nodeFs.link(existing, path),
  unlink: (path) => nodeFs.unlink(path),
  mkdir: (path, options) => nodeFs.mkdir(path, options),
  readdir: (path) => nodeFs.readdir(path),
  stat: (path) => nodeFs.stat(path),
  lstat: (path) => nodeFs.lstat(path),
  realpath: (path) => nodeFs.realpath(path),
};
