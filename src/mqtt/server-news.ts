import type { Clock, Timer } from '../model/clock';
import type { ServerEvent } from './server-event';

/** So long refusals like one that was told are counted, and then told as one. */
export const TOGETHER_MS = 10_000;
/** Refusals that are told apart; beyond it all others are counted together. */
export const MOST_KINDS = 50;

/** Refusals with the same reason, from the same place, of the same client. */
interface Kind {
  last: ServerEvent;
  /** Came since this kind was told. */
  untold: number;
}

/**
 * What the server tells of its clients. Who comes and goes is told each time: only those who may come can. A stranger may
 * be refused a thousand times a second, so of refusals the first is told at once and those like it every ten seconds, with
 * their number: the flow, its debug sidebar and whatever it writes get about a hundred events in that time at most.
 */
export class ServerNews {
  private readonly kinds = new Map<string, Kind>();
  private others: Kind | undefined;
  private timer: Timer | undefined;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (event: ServerEvent) => void,
  ) {}

  add(event: ServerEvent): void {
    if (this.closed) return;
    if (event.event !== 'refused') {
      this.tell(event);
      return;
    }
    const { code, address, identity, clientId } = event;
    const key = JSON.stringify([code, address, identity, clientId]);
    const known = this.kinds.get(key);
    if (known) {
      Object.assign(known, { last: event, untold: known.untold + 1 });
    } else if (this.kinds.size < MOST_KINDS) {
      this.kinds.set(key, { last: event, untold: 0 });
      this.tell(event);
    } else {
      this.others = { last: event, untold: (this.others?.untold ?? 0) + 1 };
    }
    this.timer ??= this.clock.setTimer(TOGETHER_MS, () => this.tellTogether());
  }

  /** Tell nothing more. */
  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private tellTogether(): void {
    this.timer = undefined;
    const together: ServerEvent[] = [];
    for (const [key, { last, untold }] of this.kinds) {
      if (untold === 0) this.kinds.delete(key);
      else {
        this.kinds.set(key, { last, untold: 0 });
        together.push({ ...last, message: `${last.message}${howOften(untold)}`, count: untold });
      }
    }
    if (this.others) {
      const { last, untold } = this.others;
      const message = `${untold} more were refused in ten seconds, the last one: ${last.message}`;
      together.push({ event: 'refused', ...(last.code && { code: last.code }), message, count: untold });
      this.others = undefined;
    }
    if (this.kinds.size > 0) this.timer = this.clock.setTimer(TOGETHER_MS, () => this.tellTogether());
    for (const event of together) this.tell(event);
  }
}

function howOften(count: number): string {
  return count === 1 ? '' : ` (${count} times in ten seconds)`;
}
