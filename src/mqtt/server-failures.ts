/** Connections of one address in a second that may end without having been let in. A handshake costs one to two milliseconds. */
export const MOST_FAILURES_OF_ONE = 50;
const SECOND_MS = 1_000;

/**
 * Counts for each address the connections of this second that ended before a CONNECT was accepted: failed handshakes,
 * refused certificates, wrong passwords. Beyond the bound the next ones of that address are closed unheard, which costs a
 * tenth: somebody who knocks all the time else takes the processor from all flows. Who is let in is never counted, so a
 * thousand devices behind one router come back as fast as they can.
 */
export class ServerFailures {
  private readonly counts = new Map<string, number>();
  private second = 0;

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  /** A connection has ended that was not let in. */
  note(address: string): void {
    this.begin();
    this.counts.set(address, (this.counts.get(address) ?? 0) + 1);
  }

  hasRoom(address: string): boolean {
    this.begin();
    return (this.counts.get(address) ?? 0) < MOST_FAILURES_OF_ONE;
  }

  private begin(): void {
    const second = Math.floor(this.now() / SECOND_MS);
    if (second === this.second) return;
    this.second = second;
    this.counts.clear();
  }
}
