import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../model/clock';

/** Beyond it messages of QoS 0 are dropped for a client that reads slowly, as with Mosquitto. */
const FULL_BYTES = 4 * 1024 * 1024;
/** Beyond it the client is cut off; what is kept for its session comes again. */
const MOST_UNSENT_BYTES = 16 * 1024 * 1024;
/** Of all clients together; beyond it the one with the most goes first. */
const MOST_BYTES = 64 * 1024 * 1024;
/** A client that reads nothing for so long is cut off. */
export const STALL_MS = 30_000;

/** The parts of aedes' clients that wait for a client to read. */
interface SlowClient {
  conn: Duplex;
  deliverQoS(packet: { retain?: boolean }, done: () => void): void;
  waitForDrain(done: (error: null, client: SlowClient) => void): void;
}

/** Resolves when a stream takes more, or never will. */
export async function drained(stream: Duplex | undefined): Promise<void> {
  if (!stream?.writableNeedDrain || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once('drain', resolve);
    stream.once('close', resolve);
  });
}

/**
 * What waits in memory for clients to read it. aedes hands a message to its next hundred only when each of their readers
 * has room, for up to a minute: one that stops reading silences all. Here nobody waits for another; who does not read
 * loses messages of QoS 0, and at last his connection. Retained and kept messages wait for their own reader alone.
 */
export class ServerOutflow {
  private readonly blocked = new Map<Duplex, Timer>();
  private summing = false;

  constructor(private readonly clock: Clock) {}

  /** A connection has come. */
  watch(aedesClient: object): void {
    const client = aedesClient as SlowClient;
    const { conn, deliverQoS } = client;
    client.waitForDrain = (done) => {
      this.wait(conn);
      setImmediate(done, null, client);
    };
    client.deliverQoS = (packet, done) =>
      // Only what a new subscription finds is still marked as retained.
      deliverQoS(packet, packet.retain ? () => void drained(conn).then(done) : done);
  }

  /** True when a message of QoS 0 is better dropped. */
  isFull({ conn }: { conn: Duplex }): boolean {
    return conn.writableLength > FULL_BYTES;
  }

  private wait(stream: Duplex): void {
    if (stream.destroyed) return;
    if (stream.writableLength > MOST_UNSENT_BYTES) {
      cutOff(stream);
      return;
    }
    if (!this.blocked.has(stream)) {
      const timer = this.clock.setTimer(STALL_MS, () => cutOff(stream));
      this.blocked.set(stream, timer);
      const free = (): void => {
        timer.cancel();
        this.blocked.delete(stream);
        stream.off('drain', free).off('close', free);
      };
      stream.once('drain', free).once('close', free);
    }
    if (this.summing) return;
    this.summing = true;
    setImmediate(() => this.sum());
  }

  private sum(): void {
    this.summing = false;
    const streams = [...this.blocked.keys()].sort((a, b) => a.writableLength - b.writableLength);
    let bytes = streams.reduce((total, { writableLength }) => total + writableLength, 0);
    while (bytes > MOST_BYTES) {
      const largest = streams.pop() as Duplex;
      bytes -= largest.writableLength;
      cutOff(largest);
    }
  }
}

/** In words that `clientProblem` knows. */
function cutOff(stream: Duplex): void {
  stream.destroy(new Error('drain timeout'));
}
