import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { codedError, isCodedError, type CodedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { errorWords, showStatus } from './status';

/** Whatever was thrown, as one of our errors: an unforeseen one keeps its message. */
export function asCodedError(error: unknown): CodedError {
  if (isCodedError(error)) return error;
  return codedError(
    'INPUT_UNFORESEEN',
    `unexpected failure: ${unforeseenMessage(error)}`,
    {},
    'Please report this with the log',
  );
}

/** A message of a flow may throw anything: an object without a prototype cannot even be turned into text. */
function unforeseenMessage(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : shownValue(error);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}

/** An error's message with its hint, as the debug sidebar and the log show it. */
export function withHint(error: CodedError): string {
  return error.hint ? `${error.message}. ${error.hint}` : error.message;
}

/** A remark as a line of the log: with its code, to search for. */
export function logLine({ code, message, hint }: Pick<CodedError, 'code' | 'message' | 'hint'>): string {
  return `${code}: ${message}${hint ? `. ${hint}` : ''}`;
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

/**
 * Do the work of one message and send the result on, or report why not. Whatever happens on the way, also while a
 * hostile message is answered, ends in `done`.
 */
export function answer<T>(
  RED: NodeAPI,
  node: Node,
  { msg, send, done }: { msg: NodeMessage; send: (msg: NodeMessage) => void; done: (error?: Error) => void },
  work: () => Promise<T>,
): void {
  work()
    // A new object: the payload of a message may be read-only.
    .then((payload) => send({ ...msg, payload }))
    .then(
      () => done(),
      (error: unknown) => fail(RED, node, error, msg, done),
    );
}
