import type { CodedError } from '../model/errors';

/**
 * How long a port where nobody listens is no news after the start: a broker in the same Node-RED, or on a machine that
 * starts at the same time, listens a moment later.
 */
const STARTING_MS = 3_000;

/** Decides which failures are told: a new reason is, the same one at every retry is not. */
export class FailureNews {
  private told = '';
  private since = 0;

  /** @param now milliseconds since 1970 */
  begin(now: number): void {
    this.since = now;
    this.told = '';
  }

  /** It works again: the next failure is news whatever it is. */
  forget(): void {
    this.told = '';
  }

  isNews({ code, message }: CodedError, now: number): boolean {
    if (code === 'NET_REFUSED' && now - this.since < STARTING_MS) return false;
    const reason = `${code} ${message}`;
    if (reason === this.told) return false;
    this.told = reason;
    return true;
  }
}
