import type { Clock } from '../model/clock';

/** The one time limit of a probe, shared by all its steps. */
export class Deadline {
  /** Settles, never rejects, when the time is over. */
  readonly over: Promise<void>;
  #isOver = false;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.over = new Promise((resolve) => {
      const timer = clock.setTimer(timeoutMs, () => {
        this.#isOver = true;
        resolve();
      });
      this.#cancel = () => timer.cancel();
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The result of `work`, or undefined when the time is over first; rejects when `work` does. */
  async race<T>(work: Promise<T>): Promise<T | undefined> {
    const result = await Promise.race([work.then((value) => ({ value })), this.over]);
    // What comes later must not be an unhandled rejection.
    if (!result) void work.catch(() => undefined);
    return result?.value;
  }

  cancel(): void {
    this.#cancel();
  }
}
