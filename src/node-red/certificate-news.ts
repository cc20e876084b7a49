import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NodeAPI } from 'node-red';
import { AUTHORITY_EVENTS } from '../ca/authority-event';
import type { CertificateAuthority } from '../ca/certificate-authority';
import { NEWS_TOPIC } from '../model/certificate-view';
import type { Clock, Timer } from '../model/clock';
import { livingAuthorities } from './authority-nodes';

/** A batch of 10,000 makes as many events: editors hear of them once in this time. */
const QUIET_MS = 1_000;

/** Nodes whose status tells that what the sidebar shows may have changed. */
const TELLING_TYPES: ReadonlySet<string> = new Set(['tls-ca', 'tls-export', 'tls-probe']);

/** Tells editors that certificates, or who uses them, have changed. */
export class CertificateNews {
  readonly #listening = new Set<CertificateAuthority>();
  #telling: ReadonlySet<string> = new Set();
  #timer: Timer | undefined;
  #attaching = false;
  #again = false;
  #closed = false;

  /** @param changed called at once and for every event, before anybody else is told */
  constructor(
    private readonly RED: NodeAPI,
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {
    RED.events.on('flows:started', this.#onFlows);
    RED.events.on('node-status', this.#onStatus);
  }

  close(): void {
    this.#closed = true;
    this.RED.events.off('flows:started', this.#onFlows);
    this.RED.events.off('node-status', this.#onStatus);
    this.#timer?.cancel();
    this.#detach(new Set());
  }

  readonly #onFlows = (): void => {
    const telling = new Set<string>();
    this.RED.nodes.eachNode(({ id, type }) => void (TELLING_TYPES.has(type) && telling.add(id)));
    this.#telling = telling;
    this.#attach();
    this.#tell();
  };

  readonly #onStatus = ({ id }: { id: string }): void => {
    if (!this.#telling.has(id)) return;
    // A CA that failed may be there now.
    this.#attach();
    this.#tell();
  };

  readonly #tell = (): void => {
    this.changed();
    if (this.#closed || this.#timer) return;
    this.#timer = this.clock.setTimer(QUIET_MS, () => {
      this.#timer = undefined;
      this.changed();
      this.RED.comms.publish(NEWS_TOPIC, { changed: this.clock.now() }, false);
    });
  };

  /** Listen to the CAs that live now, one look at a time. */
  #attach(): void {
    this.#again = true;
    if (!this.#attaching) void this.#attachWhileAsked();
  }

  async #attachWhileAsked(): Promise<void> {
    this.#attaching = true;
    while (this.#again && !this.#closed) {
      this.#again = false;
      // A node shows that it failed before it says why: asked at once, it would try again.
      await nextTurn();
      const living = new Set((await livingAuthorities(this.RED)).values());
      if (this.#closed) break;
      this.#detach(living);
      for (const authority of living) {
        if (this.#listening.has(authority)) continue;
        this.#listening.add(authority);
        for (const event of AUTHORITY_EVENTS) authority.on(event, this.#tell);
        this.#tell();
      }
    }
    this.#attaching = false;
  }

  #detach(living: ReadonlySet<CertificateAuthority>): void {
    for (const authority of this.#listening) {
      if (living.has(authority)) continue;
      this.#listening.delete(authority);
      for (const event of AUTHORITY_EVENTS) authority.off(event, this.#tell);
    }
  }
}
