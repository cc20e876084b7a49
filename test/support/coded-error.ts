import assert from 'node:assert/strict';
import { isCodedError, type CodedError, type ErrorCode } from '../../src/model/errors';

/** Run something that must fail with a coded error of this code, with message and, when asked, words in it. */
export function refuses(run: () => unknown, code: ErrorCode, words?: RegExp): CodedError {
  try {
    run();
  } catch (error) {
    return judged(error, code, words);
  }
  return assert.fail(`expected ${code}, but nothing was refused`);
}

/** The same for promises. */
export async function rejects(run: () => Promise<unknown>, code: ErrorCode, words?: RegExp): Promise<CodedError> {
  try {
    await run();
  } catch (error) {
    return judged(error, code, words);
  }
  return assert.fail(`expected ${code}, but nothing was refused`);
}

function judged(error: unknown, code: ErrorCode, words?: RegExp): CodedError {
  if (!isCodedError(error)) throw error;
  assert.equal(error.code, code, error.message);
  assert.match(error.message, /^[^\s]/);
  assert.doesNotMatch(error.message, /\.$/, 'a message ends without a period');
  if (words) assert.match(`${error.message} ${error.hint}`, words);
  return error;
}
