/** The fixed header has a length of at most four bytes (MQTT 3.1.1 §2.2.3). */
const LONGEST_LENGTH_BYTES = 4;
/** Type of a packet (MQTT 3.1.1 §2.2.1). */
const PUBLISH = 3;

/**
 * Watches the bytes of a peer and says when a packet is announced that is larger than allowed. A parser keeps what it
 * receives until the packet is complete, and 256 MiB can be announced by five bytes.
 */
export class PacketSizeGuard {
  /** Bytes of the present packet that are still to come. */
  private remaining = 0;
  private state: 'type' | 'length' | 'body' = 'type';
  private length = 0;
  private lengthBytes = 0;
  private packets = 0;
  private publishes = false;

  /**
   * @param limit bytes of a packet without its fixed header
   * @param firstLimit the same for the first packet: who has not been let in yet has no reason for a large one
   * @param controlLimit the same for every other packet than PUBLISH: a parser makes many objects of a long SUBSCRIBE
   */
  constructor(
    private readonly limit: number,
    private readonly firstLimit = limit,
    private readonly controlLimit = limit,
  ) {}

  /** True once all bytes of the first packet have come. */
  get firstIsComplete(): boolean {
    return this.packets > 1 || (this.packets === 1 && this.state !== 'body');
  }

  /** Look at received bytes; answers the announced size of the first packet that is too large. */
  tooLarge(chunk: Uint8Array): number | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.state === 'body') {
        const taken = Math.min(this.remaining, chunk.length - at);
        this.remaining -= taken;
        at += taken;
        if (this.remaining === 0) this.state = 'type';
      } else if (this.state === 'type') {
        this.publishes = (chunk[at] as number) >> 4 === PUBLISH;
        at += 1;
        this.state = 'length';
        this.length = 0;
        this.lengthBytes = 0;
      } else {
        const byte = chunk[at] as number;
        at += 1;
        this.length += (byte & 0x7f) * 128 ** this.lengthBytes;
        this.lengthBytes += 1;
        if ((byte & 0x80) !== 0 && this.lengthBytes < LONGEST_LENGTH_BYTES) continue;
        if (this.length > this.presentLimit) return this.length;
        this.packets += 1;
        this.remaining = this.length;
        this.state = this.length === 0 ? 'type' : 'body';
      }
    }
    return undefined;
  }

  private get presentLimit(): number {
    if (this.packets === 0) return this.firstLimit;
    return this.publishes ? this.limit : this.controlLimit;
  }
}
