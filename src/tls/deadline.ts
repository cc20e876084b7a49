import type { Clock } from '../model/clock';

/** The one time limit of a probe, shared by all its steps. */
export class Deadline {
  /** Settles, never rejects, when the time is over. */
  readonly over: Promise<void>;
  #isOver = false;
  #cancel: () => void = () => undefined;
  readonly #endsAt: number;

  /** @param signal ends the time early: nobody waits for the result any more */
  constructor(
    private readonly clock: Clock,
    timeoutMs: number,
    signal?: AbortSignal,
  ) {
    this.#endsAt = clock.now() + timeoutMs;
    this.over = new Promise((resolve) => {
      const end = () => {
        this.#isOver = true;
        resolve();
      };
      const timer = clock.setTimer(timeoutMs, end);
      signal?.addEventListener('abort', end, { once: true });
      this.#cancel = () => {
        timer.cancel();
        signal?.removeEventListener('abort', end);
      };
      if (signal?.aborted) end();
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Milliseconds, never below 0. */
  get remainingMs(): number {
    return this.#isOver ? 0 : Math.max(0, this.#endsAt - this.clock.now());
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
