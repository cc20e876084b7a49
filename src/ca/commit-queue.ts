import { codedError } from '../model/errors';

/**
 * Changes of a CA folder one after the other, in the order they were asked for. Two flows that issue at once take
 * turns by group, so neither waits for the whole batch of the other.
 */
export class CommitQueue {
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @throws CA_NOT_READY after {@link close}, else what the change throws */
  run<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#closed) throw closing();
      return change();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Let the change that runs finish and refuse all others. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}

function closing() {
  return codedError(
    'CA_NOT_READY',
    'the CA was closed',
    {},
    'The flows were stopped or deployed anew meanwhile; send the message again',
  );
}
