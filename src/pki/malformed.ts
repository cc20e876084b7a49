import { codedError, isCodedError, type ErrorCode } from '../model/errors';

/**
 * Run a reader and report every DER error in it under the code of what is being read. Limits keep their own codes.
 *
 * @param what "the certificate"
 */
export function readingAs<T>(code: ErrorCode, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isCodedError(error) || error.code !== 'DER_MALFORMED') throw error;
    throw codedError(
      code,
      `${what} is malformed: ${error.message}`,
      { ...error.cause, reason: error.code },
      error.hint || 'The file is damaged or is something else: fetch or export it again',
    );
  }
}
