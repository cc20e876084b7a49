import type { Clock, Timer } from '../../src/model/clock';
import { poolAtRest, watchPool } from './pool-work';

interface Alarm {
  at: number;
  run: () => void;
}

/** A clock that stands still until a test moves it. */
export class MemoryClock implements Clock {
  #now: number;
  readonly #alarms = new Set<Alarm>();

  /** @param now milliseconds since 1970, or ISO 8601 */
  constructor(now: number | string = '2030-01-15T12:00:00Z') {
    this.#now = typeof now === 'string' ? Date.parse(now) : now;
  }

  now(): number {
    return this.#now;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const alarm: Alarm = { at: this.#now + Math.max(0, delayMs), run };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#alarms.size;
  }

  /** Let time pass; timers run at their time, in their order, also those that are set meanwhile. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    const unwatch = watchPool();
    for (;;) {
      // What the last timer began may set the next one.
      await settled();
      const [next] = [...this.#alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
    await settled();
    unwatch();
  }

  /** Set another time, as NTP or a person does: no timer runs earlier or later for it. */
  jumpTo(now: number | string): void {
    const target = typeof now === 'string' ? Date.parse(now) : now;
    const shift = target - this.#now;
    for (const alarm of this.#alarms) alarm.at += shift;
    this.#now = target;
  }
}

/** Let everything that is under way in memory or in the thread pool come to rest. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await poolAtRest();
  }
}
