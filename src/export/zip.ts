import { crc32, deflateRawSync } from 'node:zlib';
import type { ExportFile } from './export-plan';

/** A node whose export can be downloaded: the certificates of its last message, or the CA itself. */
export interface ZipSource {
  /** @returns a file name that ends with `.zip`, and its content */
  zip(): Promise<{ name: string; bytes: Buffer }>;
}

// Numbers of the format: APPNOTE.TXT 6.3.10, sections in brackets.
const LOCAL_HEADER = 0x04034b50; // [4.3.7]
const CENTRAL_HEADER = 0x02014b50; // [4.3.12]
const END_OF_DIRECTORY = 0x06054b50; // [4.3.16]
/** What is needed to unpack: deflate [4.4.3.2]. */
const VERSION = 20;
/** Names are UTF-8 [4.4.4, bit 11]. */
const UTF8_NAMES = 1 << 11;
const DEFLATED = 8;
/** "Made by" Unix: only then do unpackers look at the file mode [4.4.2]. */
const UNIX = 3;
const REGULAR_FILE = 0o100000;

/**
 * Files as a .zip, each with its mode, so that an unpacked key is readable by its owner only.
 *
 * @param files at most 65,535, of which each and all together are below 4 GiB; an export is far smaller
 * @param modified the time written for every file; ZIP knows 1980 to 2107, in even seconds
 */
export function zipFiles(files: readonly Pick<ExportFile, 'name' | 'mode' | 'content'>[], modified: Date): Buffer {
  const contents: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, mode, content } of files) {
    const packed = deflateRawSync(content);
    const path = Buffer.from(name);
    const facts = fileFacts(modified, path, { crc: crc32(content), packed: packed.length, plain: content.length });
    directory.push(
      numbers([4, CENTRAL_HEADER], [1, VERSION], [1, UNIX]),
      facts,
      numbers([2, 0], [2, 0], [2, 0], [4, ((REGULAR_FILE | mode) << 16) >>> 0], [4, offset]),
      path,
    );
    const parts = [numbers([4, LOCAL_HEADER]), facts, path, packed];
    contents.push(...parts);
    offset += parts.reduce((sum, part) => sum + part.length, 0);
  }
  const directoryBytes = directory.reduce((sum, part) => sum + part.length, 0);
  const { length } = files;
  const end = numbers(
    [4, END_OF_DIRECTORY],
    [2, 0],
    [2, 0],
    [2, length],
    [2, length],
    [4, directoryBytes],
    [4, offset],
  );
  return Buffer.concat([...contents, ...directory, end, numbers([2, 0])]);
}

/** The fields that both headers of a file have, from the version to the lengths of name and extra field. */
function fileFacts(modified: Date, path: Buffer, { crc, packed, plain }: Record<'crc' | 'packed' | 'plain', number>) {
  return numbers(
    [2, VERSION],
    [2, UTF8_NAMES],
    [2, DEFLATED],
    ...dosTime(modified),
    [4, crc],
    [4, packed],
    [4, plain],
    [2, path.length],
    [2, 0],
  );
}

/** Local time, as the format has it [4.4.6]. */
function dosTime(time: Date): Field[] {
  const clock = (time.getHours() << 11) | (time.getMinutes() << 5) | (time.getSeconds() >> 1);
  const date = ((time.getFullYear() - 1980) << 9) | ((time.getMonth() + 1) << 5) | time.getDate();
  return [
    [2, clock],
    [2, date],
  ];
}

type Field = [octets: 1 | 2 | 4, value: number];

/** Numbers with the lowest octet first. */
function numbers(...fields: readonly Field[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [octets]) => sum + octets, 0));
  let at = 0;
  for (const [octets, value] of fields) at = bytes.writeUIntLE(value, at, octets);
  return bytes;
}
