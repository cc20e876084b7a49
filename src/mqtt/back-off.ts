/** Bounds of a {@link BackOff}. */
export interface BackOffOptions {
  /** Default one second. */
  firstRetryMs?: number;
  /** Default one minute. */
  longestRetryMs?: number;
  /** A number from 0 inclusive to 1 exclusive, as `Math.random`. */
  random: () => number;
}

/** A connection that lived this long was a good one. */
const STEADY_MS = 10_000;

/**
 * How long to wait before the next attempt: twice as long each time, half of it by chance. Without chance all
 * clients of a broker that restarts come back in the same instant, and a TLS handshake is dear for a small broker.
 */
export class BackOff {
  private attempts = 0;

  constructor(private readonly options: BackOffOptions) {}

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const { firstRetryMs = 1_000, longestRetryMs = 60_000, random } = this.options;
    // 2^30 first attempts are beyond any bound, and the exponent must not grow to Infinity in a long outage.
    const full = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.attempts, 30));
    this.attempts += 1;
    return Math.round(full / 2 + (full / 2) * random());
  }

  /**
   * A connection has ended.
   *
   * @param livedMs a short life (the same client id twice …) makes the waits grow
   */
  ended(livedMs: number): void {
    if (livedMs >= STEADY_MS) this.reset();
  }

  /** Begin with the shortest wait again. */
  reset(): void {
    this.attempts = 0;
  }
}
