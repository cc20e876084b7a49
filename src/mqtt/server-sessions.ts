import { Readable, type Duplex } from 'node:stream';
import { drained } from './server-outflow';
import { KeptSessions } from './server-kept';
import { KeptMemory, ServerSession, type KeptPacket } from './server-session';
import type { QualityOfService } from './subscriptions';

interface Connection {
  id: string;
  conn?: Duplex;
}

/** A kept subscription that a message matches. */
interface MatchedSubscription {
  clientId: string;
  qos?: QualityOfService;
}

/** The part of aedes' store that keeps messages on their way to clients. */
export interface OutgoingStore {
  outgoingEnqueue(subscription: MatchedSubscription, packet: KeptPacket): Promise<void>;
  outgoingEnqueueCombi(subscriptions: MatchedSubscription[], packet: KeptPacket): Promise<void>;
  outgoingUpdate(connection: Connection, packet: KeptPacket): Promise<void>;
  outgoingClearMessageId(connection: Connection, packet: KeptPacket): Promise<KeptPacket | undefined>;
  outgoingStream(connection: Connection): Readable;
  cleanSubscriptions(connection: Connection): Promise<unknown>;
}

/** Of all sessions together. A message that finds no room is not kept, as when a session is full. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Takes the place of what aedes' store in memory (aedes-persistence 11.0) does with messages on their way to kept
 * sessions. Measured with a client that changes its connection under traffic: that one lost hundreds of messages of
 * QoS 1 and delivered some of QoS 2 twice. It sends what is published during a CONNECT on both ways, ends the
 * connection with "no such packet" when the client acknowledges the first copy before the second is sent, removes any
 * unnumbered message when it means one, and hands out numbers that still wait for their acknowledgement.
 */
export class ServerSessions {
  private readonly byClient = new Map<string, ServerSession>();
  private readonly memory = new KeptMemory(MOST_BYTES);
  private readonly kept = new KeptSessions();
  private giveUp: (connection: Connection) => Promise<unknown> = () => Promise.resolve();

  /**
   * @param mayReceive whether a client may have messages of a topic: what it may not is not kept either
   * @param ended nothing of a client's session is left
   */
  constructor(
    private readonly mayReceive: (clientId: string, topic: string) => boolean,
    private readonly ended: (clientId: string) => void = () => undefined,
  ) {}

  /** Messages kept for all clients. */
  get size(): number {
    return [...this.byClient.values()].reduce((sum, session) => sum + session.size, 0);
  }

  /** Take over the outgoing messages of aedes' store. */
  replaceIn(store: OutgoingStore): void {
    const cleanSubscriptions = store.cleanSubscriptions.bind(store);
    this.giveUp = (connection) => store.cleanSubscriptions(connection);
    Object.assign(store, {
      outgoingEnqueue: async (subscription, packet) => this.keep(subscription, packet),
      outgoingEnqueueCombi: async (subscriptions, packet) => {
        for (const subscription of subscriptions) this.keep(subscription, packet);
      },
      outgoingUpdate: async ({ id }, packet) => this.byClient.get(id)?.number(packet),
      // aedes asks without a number when it did not send a message after all.
      outgoingClearMessageId: async ({ id }, { messageId }) =>
        messageId === undefined ? undefined : this.byClient.get(id)?.forget(messageId),
      outgoingStream: (connection) =>
        Readable.from(paced(this.sessionOf(connection.id).unsent(connection), connection.conn)),
      cleanSubscriptions: (connection) => {
        this.byClient.get(connection.id)?.clear();
        this.byClient.delete(connection.id);
        this.kept.delete(connection.id);
        this.ended(connection.id);
        return cleanSubscriptions(connection);
      },
    } satisfies OutgoingStore);
  }

  /**
   * A client with a kept session has come or gone.
   *
   * @param identity whose it is
   * @param isConnected whether a client is there now: its session is never given up
   */
  async remember(clientId: string, identity: string, isConnected: (clientId: string) => boolean): Promise<void> {
    this.kept.add(clientId, identity);
    const tooMany = this.kept.tooMany(identity, isConnected);
    if (tooMany !== undefined) await this.giveUp({ id: tooMany });
  }

  /**
   * A publisher hands a message over to a client with a kept session.
   *
   * @returns false when it goes, or has gone, to that connection from what is kept
   */
  takes(connection: Connection, packet: KeptPacket): boolean {
    return this.byClient.get(connection.id)?.takes(connection, packet.brokerCounter ?? 0) ?? true;
  }

  private keep({ clientId, qos = 2 }: MatchedSubscription, packet: KeptPacket): void {
    if (!this.mayReceive(clientId, (packet as { topic?: string }).topic ?? '')) return;
    this.sessionOf(clientId).keep(packet, Math.min(qos, packet.qos ?? 0) as QualityOfService);
  }

  private sessionOf(clientId: string): ServerSession {
    let session = this.byClient.get(clientId);
    if (session === undefined) {
      session = new ServerSession(this.memory);
      this.byClient.set(clientId, session);
    }
    return session;
  }
}

/** Packets in the pace of their reader: what is kept may be a multiple of what may wait to be written. */
async function* paced(packets: Iterator<KeptPacket>, stream: Duplex | undefined): AsyncGenerator<KeptPacket> {
  for (;;) {
    if (stream?.writableNeedDrain) await drained(stream);
    const next = packets.next();
    if (next.done) return;
    yield next.value;
  }
}
