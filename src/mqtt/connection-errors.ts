import { codedError, isCodedError, type CodedError } from '../model/errors';

/** Whatever was thrown, as one of our errors. */
export function asCodedError(error: unknown): CodedError {
  if (isCodedError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return codedError('INPUT_UNFORESEEN', `unexpected failure: ${message}`, {}, 'Please report this with the log');
}

/** A connection that was lost after CONNACK. */
export function connectionLost(streamError: Error | undefined): CodedError {
  const { code = '', message = '' } = (streamError ?? {}) as NodeJS.ErrnoException;
  return codedError(
    'NET_CLOSED',
    streamError ? `the connection was lost: ${message}` : 'the broker closed the connection without a reason',
    code === '' ? {} : { code },
    'Its log tells why; two clients with the same client id throw each other out',
  );
}

/** New certificates could not be used; the running connection is not harmed. */
export function rotationFailed({ code, message, cause, hint }: CodedError): CodedError {
  return codedError(code, `${message}; the running connection goes on as it is`, cause, hint);
}
