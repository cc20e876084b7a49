import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { codedError, isCodedError, type CodedError } from '../model/errors';
import { errorWords, showStatus } from './status';

/** Whatever was thrown, as one of our errors: an unforeseen one keeps its message. */
export function asCodedError(error: unknown): CodedError {
  if (isCodedError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return codedError('INPUT_UNFORESEEN', `unexpected failure: ${message}`, {}, 'Please report this with the log');
}

/** An error's message with its hint, as the debug sidebar and the log show it. */
export function withHint(error: CodedError): string {
  return error.hint ? `${error.message}. ${error.hint}` : error.message;
}

/** The status of a node that failed. */
export function showFailure(RED: NodeAPI, node: Node, error: CodedError): void {
  showStatus(RED, node, 'failed', { reason: errorWords(RED, error) });
}

/**
 * Report a failed message: status, then the error with code and cause to the Catch nodes.
 *
 * Node-RED passes on `code`, `cause` and `stack` of an Error object, so the object itself goes to
 * `done`; the hint is joined to the message there, because a Catch node does not see other fields.
 */
export function fail(
  RED: NodeAPI,
  node: Node,
  thrown: unknown,
  msg?: NodeMessage,
  done?: (error?: Error) => void,
): CodedError {
  const error = asCodedError(thrown);
  showFailure(RED, node, error);
  const reported = Object.assign(
    new (error.constructor as new (...args: unknown[]) => CodedError)(
      error.code,
      withHint(error),
      { ...error.cause, ...(error.hint ? { hint: error.hint } : {}) },
      error.hint,
    ),
    { stack: error.stack },
  );
  if (done) done(reported);
  else node.error(reported as unknown as string, msg as NodeMessage);
  return error;
}
