import { Readable } from 'node:stream';
import { withOwnPayload } from './own-payload';
import type { KeptPacket } from './server-session';
import { levelsMatch } from './topic';

/** Of all clients together; one identity may have half of each. */
export const MOST_RETAINED = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** Beside topic and payload. */
const OVERHEAD_BYTES = 512;
/** Topics compared before others have their turn. */
const TURN = 2_000;

export interface RetainedPacket extends KeptPacket {
  topic: string;
  clientId?: string;
}

interface Retained {
  packet: RetainedPacket;
  owner: string;
  bytes: number;
}

/** The part of aedes' store that keeps retained messages. */
export interface RetainedStore {
  storeRetained(packet: RetainedPacket): Promise<void>;
  createRetainedStream(filter: string): Readable;
  createRetainedStreamCombi(filters: string[]): Readable;
}

/**
 * The last message of each topic, bounded in number and bytes. aedes' own store is not, and compares every filter of a
 * SUBSCRIBE with every topic in one turn of the event loop.
 */
export class ServerRetained {
  private readonly byTopic = new Map<string, Retained>();
  private readonly used = new Map<string, { count: number; bytes: number }>();
  private bytes = 0;

  /** @param identityOf whose a client id is */
  constructor(private readonly identityOf: (clientId: string) => string | undefined) {}

  replaceIn(store: RetainedStore): void {
    Object.assign(store, {
      storeRetained: async (packet) => this.store(packet),
      createRetainedStream: (filter) => Readable.from(this.matching([filter])),
      createRetainedStreamCombi: (filters) => Readable.from(this.matching(filters)),
    } satisfies RetainedStore);
  }

  /** Whether a message may be retained for an identity: it finds room, replaces another one, or removes it. */
  hasRoom(owner: string, packet: RetainedPacket): boolean {
    if (!packet.payload?.length) return true;
    const own = this.used.get(owner) ?? { count: 0, bytes: 0 };
    const old = this.byTopic.get(packet.topic);
    const [count, bytes] = [old ? 0 : 1, sizeOf(packet) - (old?.bytes ?? 0)];
    const isOwn = old?.owner === owner;
    return (
      this.byTopic.size + count <= MOST_RETAINED &&
      this.bytes + bytes <= MOST_BYTES &&
      own.count + (isOwn ? 0 : 1) <= MOST_RETAINED / 2 &&
      own.bytes + (isOwn ? bytes : sizeOf(packet)) <= MOST_BYTES / 2
    );
  }

  private store(packet: RetainedPacket): void {
    const owner = this.identityOf(packet.clientId ?? '') ?? '';
    if (!this.hasRoom(owner, packet)) return;
    const old = this.byTopic.get(packet.topic);
    if (old) {
      this.byTopic.delete(packet.topic);
      this.count(old.owner, -1, -old.bytes);
    }
    if (!packet.payload?.length) return;
    const bytes = sizeOf(packet);
    this.byTopic.set(packet.topic, { packet: { ...withOwnPayload(packet) }, owner, bytes });
    this.count(owner, 1, bytes);
  }

  private count(owner: string, count: number, bytes: number): void {
    const own = this.used.get(owner) ?? { count: 0, bytes: 0 };
    own.count += count;
    own.bytes += bytes;
    this.bytes += bytes;
    if (own.count === 0) this.used.delete(owner);
    else this.used.set(owner, own);
  }

  private async *matching(filters: readonly string[]): AsyncGenerator<RetainedPacket> {
    let compared = 0;
    for (const filter of filters) {
      if (!/[+#]/.test(filter)) {
        const found = this.byTopic.get(filter);
        if (found) yield found.packet;
        continue;
      }
      const levels = filter.split('/');
      for (const [topic, { packet }] of this.byTopic) {
        compared += 1;
        if (compared % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        if (levelsMatch(levels, topic.split('/'))) yield packet;
      }
    }
  }
}

function sizeOf({ topic, payload }: RetainedPacket): number {
  return OVERHEAD_BYTES + Buffer.byteLength(topic) + (payload?.length ?? 0);
}
