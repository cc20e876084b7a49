/** Archives of plain files in the format ustar (POSIX.1-1988), which every `tar` unpacks. */
import { codedError } from '../model/errors';

export interface ArchivedFile {
  /** Relative, with `/`; at most 100 octets of ASCII. */
  name: string;
  mode: number;
  content: Buffer;
}

const BLOCK = 512;
const REGULAR_FILE = '0';
const NAME = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*){0,3}$/;
/** Octal digits that a field of 12 holds beside its end. */
const LARGEST = 8 ** 11 - 1;

/** @param modified seconds of it are written for every file */
export function writeTar(files: readonly ArchivedFile[], modified: Date): Buffer {
  const parts: Buffer[] = [];
  for (const { name, mode, content } of files) {
    if (!NAME.test(name) || name.length > 100 || content.length > LARGEST) throw malformed(`cannot archive ${name}`);
    parts.push(header(name, mode, content.length, modified), content, Buffer.alloc(-content.length & (BLOCK - 1)));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/**
 * Read an archive of plain files. Folders are passed over; links, devices and extensions of the format are refused.
 *
 * @throws STORE_CORRUPT
 */
export function readTar(bytes: Buffer, limits: { maxFiles: number }): ArchivedFile[] {
  const files = new Map<string, ArchivedFile>();
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const block = bytes.subarray(at, at + BLOCK);
    at += BLOCK;
    if (block.every((octet) => octet === 0)) return [...files.values()];
    if (octal(block, 148, 8) !== checksum(block)) throw malformed('a header is damaged');
    const name = text(block, 0, 100);
    const size = octal(block, 124, 12);
    const kind = text(block, 156, 1);
    if (kind === '5') continue;
    if (kind !== REGULAR_FILE || !NAME.test(name) || text(block, 345, 155) !== '') {
      throw malformed('it holds more than plain files');
    }
    if (at + size > bytes.length) throw malformed('it is cut off');
    if (files.has(name) || files.size >= limits.maxFiles)
      throw malformed('a file is in it twice, or there are too many');
    files.set(name, { name, mode: octal(block, 100, 8) & 0o777, content: bytes.subarray(at, at + size) });
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  throw malformed('it has no end');
}

function header(name: string, mode: number, size: number, modified: Date): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 'ascii');
  writeOctal(block, mode, 100, 8);
  writeOctal(block, 0, 108, 8);
  writeOctal(block, 0, 116, 8);
  writeOctal(block, size, 124, 12);
  writeOctal(block, Math.floor(modified.getTime() / 1000), 136, 12);
  block.write(REGULAR_FILE, 156, 'ascii');
  block.write('ustar\u000000', 257, 'ascii');
  writeOctal(block, checksum(block), 148, 7);
  block[155] = 0x20;
  return block;
}

function writeOctal(block: Buffer, value: number, at: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'ascii');
}

/** The sum of all octets, with blanks in the place of the sum itself. */
function checksum(block: Buffer): number {
  return block.reduce((sum, octet, at) => sum + (at >= 148 && at < 156 ? 0x20 : octet), 0);
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? length : end);
}

function octal(block: Buffer, at: number, length: number): number {
  const digits = text(block, at, length).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw malformed('a header is damaged');
  return parseInt(digits, 8);
}

function malformed(problem: string) {
  return codedError('STORE_CORRUPT', `the archive cannot be read: ${problem}`, { problem }, 'Use another copy of it');
}
