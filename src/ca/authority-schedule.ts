import type { Clock, Timer } from '../model/clock';
import type { ExpiryWatch } from './expiry-watch';
import type { RevocationListKeeper } from './revocation-list-keeper';

/** Timers stand still while the machine sleeps, and clocks jump: look at the clock now and then. */
const LONGEST_WAIT_MS = 10 * 60_000;
const SHORTEST_WAIT_MS = 1_000;

/** Looks at the clock for a CA: refreshes its CRL in time and tells what comes to its end. */
export class AuthoritySchedule {
  readonly #clock: Clock;
  readonly #expiry: ExpiryWatch;
  readonly #revocationList: RevocationListKeeper;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(clock: Clock, expiry: ExpiryWatch, revocationList: RevocationListKeeper) {
    this.#clock = clock;
    this.#expiry = expiry;
    this.#revocationList = revocationList;
  }

  /** The first look comes after the caller had time to listen to the events. */
  start(): void {
    this.#wait(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(delayMs: number): void {
    if (!this.#stopped) this.#timer = this.#clock.setTimer(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    let next = await this.#expiry.check();
    try {
      await this.#revocationList.refreshIfNeeded();
      next = Math.min(next, this.#revocationList.refreshAt);
    } catch {
      // The disk refuses. The next look tries again, and `crl-overdue` tells when it becomes serious.
    }
    this.#wait(Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, next - this.#clock.now())));
  }
}
