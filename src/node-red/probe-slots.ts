import type { Clock } from '../model/clock';
import { codedError } from '../model/errors';

/** Dialogs that probe at once, of all users together: each may hold ten sockets. */
const MOST_AT_ONCE = 4;
/** For reading the material, which may wait for a CA that is being opened, and for all targets together. */
const LONGEST_MS = 45_000;

/** Who probes from a dialog at the moment: a few at most, each dialog once, none for ever. */
export class ProbeSlots {
  private readonly running = new Map<string, AbortController>();

  constructor(
    private readonly clock: Clock,
    private readonly most = MOST_AT_ONCE,
  ) {}

  get count(): number {
    return this.running.size;
  }

  /**
   * Do the work of one dialog. A second one of the same dialog ends the first: somebody pressed the button again.
   *
   * @param key user and node
   * @param gone fires when nobody waits for the answer any more
   * @throws NET_PROBE_BUSY when too many are running; NET_PROBE_ENDED when it took too long, was replaced or nobody waits
   */
  async run<Result>(key: string, gone: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    this.running.get(key)?.abort(ended('the button was pressed again'));
    if (!this.running.has(key) && this.running.size >= this.most) throw busy(this.most);
    const own = new AbortController();
    this.running.set(key, own);
    const leave = () => own.abort(ended('the dialog was closed'));
    gone.addEventListener('abort', leave, { once: true });
    if (gone.aborted) leave();
    const timer = this.clock.setTimer(LONGEST_MS, () => own.abort(ended(`it took longer than ${LONGEST_MS} ms`)));
    const stopped = new Promise<never>((_, reject) => {
      own.signal.addEventListener('abort', () => reject(own.signal.reason as Error), { once: true });
      if (own.signal.aborted) reject(own.signal.reason as Error);
    });
    try {
      return await Promise.race([stopped, work(own.signal)]);
    } finally {
      timer.cancel();
      gone.removeEventListener('abort', leave);
      if (this.running.get(key) === own) this.running.delete(key);
    }
  }
}

function ended(reason: string): Error {
  return codedError('NET_PROBE_ENDED', `the probe was ended: ${reason}`, { reason }, 'Probe again');
}

function busy(most: number): Error {
  return codedError(
    'NET_PROBE_BUSY',
    `${most} dialogs are probing at this moment, more are not allowed at once`,
    { most },
    'Wait some seconds and try again',
  );
}
