/** Archives of plain files in the format ustar (POSIX.1-1988), which every `tar` unpacks. */
import { setImmediate as nextTurn } from 'node:timers/promises';
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
/** Some milliseconds of work. */
const FILES_PER_TURN = 1000;
const EMPTY = Buffer.alloc(BLOCK);

/** Octets of an archive of these files. */
export function tarSize(files: readonly Pick<ArchivedFile, 'content'>[]): number {
  return files.reduce((sum, { content }) => sum + BLOCK + paddedLength(content.length), 2 * BLOCK);
}

/** @param modified seconds of it are written for every file */
export function writeTar(files: readonly ArchivedFile[], modified: Date): Buffer {
  return lastOf(writing(files, modified));
}

/** As {@link writeTar}, with turns for others in between: 200,000 files, those of 100,000 certificates, take a second and more. */
export function writeTarInTurns(files: readonly ArchivedFile[], modified: Date): Promise<Buffer> {
  return inTurns(writing(files, modified));
}

function* writing(files: readonly ArchivedFile[], modified: Date): Generator<void, Buffer> {
  const archive = Buffer.alloc(tarSize(files));
  let at = 0;
  for (const { name, mode, content } of files) {
    if (!NAME.test(name) || name.length > 100 || content.length > LARGEST) throw malformed(`cannot archive ${name}`);
    writeHeader(archive.subarray(at, at + BLOCK), { name, mode, size: content.length, modified });
    content.copy(archive, at + BLOCK);
    at += BLOCK + paddedLength(content.length);
    yield;
  }
  return archive;
}

/**
 * Read an archive of plain files. Folders are passed over; links, devices and extensions of the format are refused.
 *
 * @throws STORE_CORRUPT
 */
export function readTar(bytes: Buffer, limits: { maxFiles: number }): ArchivedFile[] {
  return lastOf(reading(bytes, limits));
}

/** As {@link readTar}, with turns for others in between. */
export function readTarInTurns(bytes: Buffer, limits: { maxFiles: number }): Promise<ArchivedFile[]> {
  return inTurns(reading(bytes, limits));
}

function* reading(bytes: Buffer, limits: { maxFiles: number }): Generator<void, ArchivedFile[]> {
  const files = new Map<string, ArchivedFile>();
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const block = bytes.subarray(at, at + BLOCK);
    at += BLOCK;
    if (block.equals(EMPTY)) return [...files.values()];
    if (octal(block, 148, 8) !== checksum(block)) throw malformed('a header is damaged');
    const name = text(block, 0, 100);
    const size = octal(block, 124, 12);
    const kind = text(block, 156, 1);
    if (kind === '5') {
      yield;
      continue;
    }
    if (kind !== REGULAR_FILE || !NAME.test(name) || text(block, 345, 155) !== '') {
      throw malformed('it holds more than plain files');
    }
    if (at + size > bytes.length) throw malformed('it is cut off');
    if (files.has(name) || files.size >= limits.maxFiles)
      throw malformed('a file is in it twice, or there are too many');
    files.set(name, { name, mode: octal(block, 100, 8) & 0o777, content: bytes.subarray(at, at + size) });
    at += paddedLength(size);
    yield;
  }
  throw malformed('it has no end');
}

function paddedLength(length: number): number {
  return Math.ceil(length / BLOCK) * BLOCK;
}

function lastOf<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    const { done, value } = steps.next();
    if (done) return value;
    if (count % FILES_PER_TURN === 0) await nextTurn();
  }
}

function writeHeader(
  block: Buffer,
  { name, mode, size, modified }: { name: string; mode: number; size: number; modified: Date },
): void {
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
}

function writeOctal(block: Buffer, value: number, at: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'ascii');
}

/** The sum of all octets, with blanks in the place of the sum itself. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += block[at] as number;
  return sum;
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
