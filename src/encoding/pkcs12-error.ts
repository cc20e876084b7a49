import { codedError, isCodedError, type CodedError, type ErrorFacts } from '../model/errors';

const CONVERT =
  'openssl pkcs12 -legacy -in old.p12 -nodes -out all.pem, then openssl pkcs12 -export -in all.pem -out new.p12';

/** What the file holds is not PKCS#12, or is damaged. */
export function malformedPkcs12(problem: string, facts: ErrorFacts = {}, hint?: string): CodedError {
  return codedError(
    'P12_MALFORMED',
    `the PKCS#12 file is malformed: ${problem}`,
    facts,
    hint ?? 'The file is damaged or is something else: fetch or export it again',
  );
}

/** @param what "the cipher 1.2.3" */
export function unsupportedPkcs12(what: string, hint = `Convert a copy of it: ${CONVERT}`): CodedError {
  return codedError('P12_UNSUPPORTED', `the PKCS#12 file uses ${what}`, { found: what }, hint);
}

/** @param opened the file itself was opened, and a part of it was not */
export function wrongPassphrase(secretPassphrase: string | undefined, opened = false): CodedError {
  if (opened) {
    return codedError(
      'P12_PASSPHRASE_WRONG',
      'the passphrase opens the PKCS#12 file, but not what is encrypted in it',
      {},
      'The file has a second passphrase. Give both the same one: keytool -keypasswd, or export the file again',
    );
  }
  if (!secretPassphrase) {
    return codedError(
      'P12_PASSPHRASE_WRONG',
      'the PKCS#12 file needs a passphrase and none was given',
      { given: false },
      'Enter its passphrase',
    );
  }
  return codedError(
    'P12_PASSPHRASE_WRONG',
    'the passphrase does not open the PKCS#12 file',
    { given: true },
    'Enter the passphrase that was set when the file was made; capitals count',
  );
}

/** Run a reader and report every DER error in it as P12_MALFORMED. Limits keep their own codes. */
export async function readingPkcs12<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isCodedError(error) || error.code !== 'DER_MALFORMED') throw error;
    throw malformedPkcs12(error.message, { ...error.cause, reason: error.code });
  }
}
