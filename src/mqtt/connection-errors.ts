import { codedError, isCodedError, type CodedError, type ErrorCode } from '../model/errors';

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

/**
 * Judgements over the server. When new material comes to one of them, the running connection is one we must not have:
 * its certificate was revoked, or its CA taken from the trust list. Every other failure leaves it alone.
 */
const DISTRUST: ReadonlySet<ErrorCode> = new Set([
  'CERT_REVOKED',
  'CERT_ISSUER_UNKNOWN',
  'CERT_ISSUER_REPLACED',
  'CERT_CHAIN_INCOMPLETE',
  'CERT_ANCHOR_INCOMPLETE',
  'CERT_SELF_SIGNED',
  'CERT_NAME_MISMATCH',
  'CERT_PIN_MISMATCH',
]);

/** True when new material says that the server must not be talked to. */
export function isDistrust({ code }: CodedError): boolean {
  return DISTRUST.has(code);
}
