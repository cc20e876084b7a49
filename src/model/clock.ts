/** Something that can be called off. */
export interface Timer {
  cancel(): void;
}

/** Time as a parameter, so that tests can move it. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number;
  /** Run once after `delayMs` milliseconds; never keeps the process alive. */
  setTimer(delayMs: number, run: () => void): Timer;
}

/** setTimeout treats a longer delay as 1 ms. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The time of this machine. A delay beyond 24 days fires early; callers compare with `now()` again. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, run) {
    const timeout = setTimeout(run, Math.min(Math.max(0, delayMs), LONGEST_TIMEOUT_MS));
    (timeout as { unref?: () => void }).unref?.();
    return { cancel: () => clearTimeout(timeout) };
  },
};
