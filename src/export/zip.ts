import type * as Fflate from 'fflate';
import type { ExportFile } from './export-plan';

/** A node whose export can be downloaded: the certificates of its last message, or the CA itself. */
export interface ZipSource {
  /** @returns a file name that ends with `.zip`, and its content */
  zip(): Promise<{ name: string; bytes: Buffer }>;
}

/** Loaded by the first download: most runtimes never make one. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
const loadFflate = () => require('fflate') as typeof Fflate;

/** "Made by" Unix: only then do unpackers look at the file mode (APPNOTE.TXT 4.4.2). */
const UNIX = 3;
const REGULAR_FILE = 0o100000;

/**
 * Files as a .zip, each with its mode, so that an unpacked key is readable by its owner only.
 *
 * @param modified the time written for every file; ZIP knows 1980 to 2099
 */
export function zipFiles(files: readonly Pick<ExportFile, 'name' | 'mode' | 'content'>[], modified: Date): Buffer {
  const entries: Fflate.Zippable = {};
  for (const { name, mode, content } of files) {
    entries[name] = [content, { os: UNIX, attrs: (REGULAR_FILE | mode) << 16, mtime: modified }];
  }
  return Buffer.from(loadFflate().zipSync(entries));
}
