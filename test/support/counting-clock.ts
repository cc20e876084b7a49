import { systemClock, type Clock, type Timer } from '../../src/model/clock';

/** The time of this machine, with the number of timers that have neither run nor been cancelled. */
export class CountingClock implements Clock {
  readonly #timers = new Set<Timer>();

  now(): number {
    return systemClock.now();
  }

  get running(): number {
    return this.#timers.size;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const timer = systemClock.setTimer(delayMs, () => {
      this.#timers.delete(counted);
      run();
    });
    const counted: Timer = {
      cancel: () => {
        this.#timers.delete(counted);
        timer.cancel();
      },
    };
    this.#timers.add(counted);
    return counted;
  }
}
