import type { AuthorityMark } from '../ca/authority-changes';
import { AUTHORITY_EVENTS, type AuthorityEvent, type AuthorityEventName } from '../ca/authority-event';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { Upcoming } from '../ca/outlook';
import type { Clock, Timer } from '../model/clock';
import type { StateFile } from '../store/state-file';
import { forgetHistory, newMemory, readMemory, standing, takeNews, type WatchMemory } from './watch-memory';

/** Timers stand still while the machine sleeps, and clocks jump: look at the clock now and then. */
const LONGEST_WAIT_MS = 10 * 60_000;
const SHORTEST_WAIT_MS = 1_000;
/** After a failure; the CA tries again by itself as well. */
const RETRY_MS = 30_000;

/** How things stand, for the status of the node. */
export interface WatchView {
  /** All that holds now, told before or not. */
  standing: readonly AuthorityEvent[];
  next?: Upcoming;
}

export interface WatchOptions {
  /** The living CA, which may be another one after its node was restarted. */
  authority(): Promise<CertificateAuthority>;
  /** What is told. */
  events: ReadonlySet<AuthorityEventName>;
  file: StateFile<unknown>;
  clock: Clock;
  tell(event: AuthorityEvent): void;
  show(view: WatchView): void;
  failed(error: unknown): void;
}

/**
 * Tells each event of a CA once, also what happened while nobody watched.
 *
 * The events of the CA only say when to look. What is told comes from how things stand, compared with what was told
 * before, so that there is one way for what happens now and what happened earlier. It is written down after it was
 * told: after a crash in between it is told again rather than never.
 */
export class AuthorityWatch {
  readonly #options: WatchOptions;
  #authority: CertificateAuthority | undefined;
  /** How things stood when we began to listen. */
  #beginning: AuthorityMark | undefined;
  #memory: WatchMemory | undefined;
  #written = '';
  /** Serial numbers of renewals that are not told yet: only the event knows that they are. */
  readonly #renewed = new Set<string>();
  #started = false;
  #closed = false;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #timer: Timer | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Begin to listen, so that nothing is missed before {@link start}. A CA that is not available is no error yet. */
  async attach(): Promise<void> {
    await this.#attach().catch(() => undefined);
  }

  /** Begin to tell; the flow is there. */
  start(): void {
    this.#started = true;
    this.#request();
  }

  /** Resolves when what was told is written down. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#detach();
    await this.#looking;
  }

  async #attach(): Promise<CertificateAuthority> {
    const authority = await this.#options.authority();
    if (this.#closed || authority === this.#authority) return authority;
    this.#detach();
    this.#authority = authority;
    this.#beginning = authority.changesSince().mark;
    this.#memory = undefined;
    for (const event of AUTHORITY_EVENTS) authority.on(event, this.#onEvent);
    return authority;
  }

  #detach(): void {
    for (const event of AUTHORITY_EVENTS) this.#authority?.off(event, this.#onEvent);
    this.#authority = undefined;
  }

  readonly #onEvent = ({ event, serialNumber }: AuthorityEvent): void => {
    if (event === 'renewed') this.#renewed.add(serialNumber);
    this.#request();
  };

  /** One look at a time; what is asked for meanwhile is one more. */
  #request(): void {
    if (!this.#started || this.#closed) return;
    this.#lookAgain = true;
    this.#looking ??= this.#lookWhileAsked();
  }

  async #lookWhileAsked(): Promise<void> {
    let waitMs = RETRY_MS;
    while (this.#lookAgain && !this.#closed) {
      this.#lookAgain = false;
      this.#timer?.cancel();
      try {
        waitMs = await this.#look();
      } catch (error) {
        waitMs = RETRY_MS;
        if (!this.#closed) this.#options.failed(error);
      }
    }
    // At once and not by `finally`: what is asked for in between would wait for the timer.
    this.#looking = undefined;
    if (!this.#closed) this.#timer = this.#options.clock.setTimer(waitMs, () => this.#request());
  }

  /** @returns when to look again at the latest; milliseconds from now */
  async #look(): Promise<number> {
    const { clock, events } = this.#options;
    const authority = await this.#attach();
    const memory = (this.#memory ??= await this.#remember(authority));
    if (this.#closed) return 0;
    this.#tellChanges(authority, memory);
    const { reached, next } = await authority.outlook(events);
    const holds = standing(reached, events, clock.now());
    if (!this.#closed) for (const event of takeNews(memory, holds)) this.#options.tell(event);
    await this.#write(memory);
    if (!this.#closed) this.#options.show({ standing: holds, ...(next && { next }) });
    const waitMs = (next?.at ?? Infinity) - clock.now();
    return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, waitMs));
  }

  #tellChanges(authority: CertificateAuthority, memory: WatchMemory): void {
    const { events, mark } = authority.changesSince(memory.mark);
    memory.mark = mark;
    for (const one of events) {
      const isRenewal = one.event === 'issued' && this.#renewed.delete(one.serialNumber);
      const event: AuthorityEvent = isRenewal ? { ...one, event: 'renewed' } : one;
      if (this.#options.events.has(event.event)) this.#options.tell(event);
    }
  }

  async #remember(authority: CertificateAuthority): Promise<WatchMemory> {
    const ca = authority.fingerprint256;
    const known = readMemory(await this.#options.file.read(), ca);
    if (!known) return newMemory(ca, this.#beginning ?? authority.changesSince().mark);
    this.#written = JSON.stringify(known);
    forgetHistory(known, this.#options.clock.now());
    return known;
  }

  async #write(memory: WatchMemory): Promise<void> {
    const text = JSON.stringify(memory);
    if (text === this.#written) return;
    await this.#options.file.write(memory);
    this.#written = text;
  }
}
