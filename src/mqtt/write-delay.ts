import type { Duplex } from 'node:stream';

/** Unacknowledged messages from which on small writes may wait for each other, and until when. */
const MANY = 24;
const FEW = 12;

/** TCP sockets and TLS over them have it; other streams do without. */
interface Delayable {
  setNoDelay(noDelay: boolean): unknown;
}

/**
 * Decides whether the kernel sends small writes at once or collects them until what was sent before is acknowledged
 * (Nagle, RFC 896).
 *
 * At once is right for single messages: collected ones with QoS 1 took 22 ms instead of 0.3. With many on their way it is
 * wrong: Mosquitto collects too, we have nothing to send that would carry the acknowledgement it waits for, and the
 * kernel gives it only after 40 ms (RFC 1122 §4.2.3.2): a third of the rate (docs/performance.md).
 */
export class WriteDelay {
  private delaying = false;
  private readonly stream: Partial<Delayable>;

  /** @param stream a new connection; sends at once from now on */
  constructor(stream: Duplex) {
    this.stream = stream as Partial<Delayable>;
    this.stream.setNoDelay?.(true);
  }

  /** @param inFlight messages that the broker has not acknowledged */
  look(inFlight: number): void {
    if (this.delaying ? inFlight > FEW : inFlight < MANY) return;
    this.delaying = !this.delaying;
    this.stream.setNoDelay?.(!this.delaying);
  }
}
