import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/** Longest name of a file or folder on every common file system (ext4, NTFS, APFS); bytes of UTF-8. */
const LONGEST_NAME_BYTES = 255;
/** Names that are devices on Windows, with any ending. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;
/** Forbidden on Windows, among them the colon that would name a stream of another file. */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"|?*/\\]/;

/**
 * Check the name of one file or folder, by the rules of Windows on every system: what is exported here is copied there.
 *
 * @returns the name
 * @throws INPUT_FOLDER
 */
export function checkFileName(name: unknown): string {
  if (typeof name !== 'string' || name === '') throw refuse(name, 'is no name', 'Give the file a name');
  if (name === '.' || name === '..') throw refuse(name, 'leads out of the folder', 'Use a plain file name');
  if (FORBIDDEN.test(name)) {
    throw refuse(name, 'holds a character that is not allowed', 'Leave out / \\ : * ? " < > | and control characters');
  }
  if (/[. ]$/.test(name)) throw refuse(name, 'ends in a dot or blank', 'Windows drops it; leave it out');
  if (WINDOWS_DEVICE.test(name)) throw refuse(name, 'is the name of a device on Windows', 'Choose another name');
  const length = Buffer.byteLength(name);
  if (length > LONGEST_NAME_BYTES) {
    throw refuse(name, `has ${length} bytes, at most ${LONGEST_NAME_BYTES} are allowed`, 'Choose a shorter name');
  }
  return name;
}

/**
 * Check a relative path with `/` between its parts.
 *
 * @returns its parts
 * @throws INPUT_FOLDER
 */
export function checkRelativePath(path: unknown): string[] {
  if (typeof path !== 'string') throw refuse(path, 'is no name', 'Give the file a name');
  return path.split('/').map(checkFileName);
}

function refuse(name: unknown, problem: string, hint: string) {
  const value = shownValue(name);
  return codedError('INPUT_FOLDER', `the file name ${value} ${problem}`, { value }, hint);
}
