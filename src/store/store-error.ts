import { codedError, isCodedError, type CodedError, type ErrorCode } from '../model/errors';

interface ErrnoRow {
  code: ErrorCode;
  words: string;
  hint: string;
}

const PERMISSION: ErrnoRow = {
  code: 'STORE_PERMISSION',
  words: 'access is not permitted',
  hint: 'Give the user that runs Node-RED access to it, or choose another folder',
};
const FULL: ErrnoRow = { code: 'STORE_FULL', words: 'the disk is full', hint: 'Free some space and try again' };
const WRONG_KIND: ErrnoRow = {
  code: 'STORE_CORRUPT',
  words: 'a folder stands where a file is expected, or the other way round',
  hint: 'Look at the path: a file and a folder may have been mixed up',
};
const MANY_OPEN: ErrnoRow = {
  code: 'STORE_IO',
  words: 'too many files are open',
  hint: 'Try again; if it stays so, raise the limit of open files of Node-RED (ulimit -n, LimitNOFILE of systemd)',
};

/** What the operating system says, and what we say (errno names as in POSIX, the same on Windows in Node). */
const ERRNO_TABLE: Readonly<Record<string, ErrnoRow>> = {
  ENOENT: {
    code: 'STORE_NOT_FOUND',
    words: 'it does not exist',
    hint: 'Check the spelling of the path; inside a container the path is the one the container sees',
  },
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: {
    code: 'STORE_READ_ONLY',
    words: 'the file system is read-only',
    hint: 'Mount it writable or choose a folder on another disk; a worn SD card turns itself read-only',
  },
  ENOSPC: FULL,
  EDQUOT: FULL,
  ELOOP: { code: 'STORE_LINK', words: 'links lead in a circle', hint: 'Remove the link' },
  ENOTDIR: WRONG_KIND,
  EISDIR: WRONG_KIND,
  EFBIG: { code: 'STORE_TOO_LARGE', words: 'the file would be too large', hint: 'Choose another disk' },
  EMFILE: MANY_OPEN,
  ENFILE: MANY_OPEN,
  EBUSY: {
    code: 'STORE_IO',
    words: 'another program holds it, or it is a mount of its own',
    hint: 'In a container mount the folder, not the single file: a file that is mounted by itself cannot be replaced',
  },
  ESTALE: {
    code: 'STORE_IO',
    words: 'the network drive no longer knows it',
    hint: 'Mount the network drive again; nothing that was confirmed before is lost',
  },
  EXDEV: {
    code: 'STORE_IO',
    words: 'it lies on two file systems',
    hint: 'Choose a folder that lies on one file system as a whole',
  },
  // Node's own word for a path with a NUL character.
  ERR_INVALID_ARG_VALUE: {
    code: 'INPUT_FOLDER',
    words: 'the path holds a character that is not allowed',
    hint: 'Type the path again: something invisible was pasted with it',
  },
  ENAMETOOLONG: { code: 'INPUT_FOLDER', words: 'the name is too long', hint: 'Choose a shorter folder or file name' },
};

const OTHERWISE: ErrnoRow = {
  code: 'STORE_IO',
  words: 'the file system failed',
  hint: 'Check the disk; nothing that was confirmed before is lost',
};

/** Node's error name (`ENOENT`), also of an error that went through {@link storeError}. */
export function errnoOf(error: unknown): string | undefined {
  if (isCodedError(error)) return typeof error.cause.errno === 'string' ? error.cause.errno : undefined;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Say in our words why a call of the file system failed; an error that is coded already passes unchanged. */
export function storeError(error: unknown, operation: string, path: string): CodedError {
  if (isCodedError(error)) return error;
  const errno = errnoOf(error) ?? 'unknown';
  const row = ERRNO_TABLE[errno] ?? OTHERWISE;
  return codedError(
    row.code,
    `cannot ${operation} ${path}: ${row.words} (${errno})`,
    { path, operation, errno },
    row.hint,
  );
}

/** Run calls of the file system; whatever fails comes out as a STORE_ error that names operation and path. */
export async function storing<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw storeError(error, operation, path);
  }
}
