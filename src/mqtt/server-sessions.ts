import { Readable, type Duplex } from 'node:stream';
import { withOwnPayload } from './own-payload';
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

/** Of all sessions together; one identity may have half. A message that finds no room is not kept, as when a session is full. */
export const MOST_KEPT_BYTES = 64 * 1024 * 1024;

/** What the sessions ask of, and tell, those who know the clients. */
export interface SessionRules {
  /** Whether a client may have messages of a topic: what it may not is not kept either. */
  mayReceive(clientId: string, topic: string): boolean;
  /** Whose a client id is. */
  ownerOf(clientId: string): string | undefined;
  /** Nothing of a client's session is left. */
  ended(clientId: string): void;
  /** A message was not kept for a client; told once until it comes or goes. */
  full(clientId: string): void;
}

/**
 * Takes the place of what aedes' store in memory (aedes-persistence 11.0) does with messages on their way to kept
 * sessions. Measured with a client that changes its connection under traffic: that one lost hundreds of messages of
 * QoS 1 and delivered some of QoS 2 twice. It sends what is published during a CONNECT on both ways, ends the
 * connection with "no such packet" when the client acknowledges the first copy before the second is sent, removes any
 * unnumbered message when it means one, and hands out numbers that still wait for their acknowledgement.
 */
export class ServerSessions {
  private readonly byClient = new Map<string, ServerSession>();
  private readonly memory = new KeptMemory(MOST_KEPT_BYTES);
  /** Of the identities that have sessions. */
  private readonly shares = new Map<string, KeptMemory>();
  private readonly toldFull = new Set<string>();
  private readonly kept = new KeptSessions();
  private giveUp: (connection: Connection) => Promise<unknown> = () => Promise.resolve();

  constructor(private readonly rules: SessionRules) {}

  /** Messages kept for all clients. */
  get size(): number {
    return [...this.byClient.values()].reduce((sum, session) => sum + session.size, 0);
  }

  /** Take over the outgoing messages of aedes' store. */
  replaceIn(store: OutgoingStore): void {
    const cleanSubscriptions = store.cleanSubscriptions.bind(store);
    this.giveUp = (connection) => store.cleanSubscriptions(connection);
    Object.assign(store, {
      outgoingEnqueue: async (subscription, packet) => this.keep(subscription, withOwnPayload(packet)),
      outgoingEnqueueCombi: async (subscriptions, packet) => {
        // Most often nobody is away.
        if (subscriptions.length === 0) return;
        const own = withOwnPayload(packet);
        for (const subscription of subscriptions) this.keep(subscription, own);
      },
      outgoingUpdate: async ({ id }, packet) => this.byClient.get(id)?.number(packet),
      // aedes asks without a number when it did not send a message after all.
      outgoingClearMessageId: async ({ id }, { messageId }) =>
        messageId === undefined ? undefined : this.byClient.get(id)?.forget(messageId),
      outgoingStream: (connection) =>
        Readable.from(paced(this.sessionOf(connection.id).unsent(connection), connection.conn)),
      cleanSubscriptions: (connection) => {
        this.end(connection.id);
        this.kept.delete(connection.id);
        this.rules.ended(connection.id);
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
    this.toldFull.delete(clientId);
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
    if (!this.rules.mayReceive(clientId, packet.topic ?? '')) return;
    if (this.sessionOf(clientId).keep(packet, Math.min(qos, packet.qos ?? 0) as QualityOfService)) return;
    if (this.toldFull.has(clientId)) return;
    this.toldFull.add(clientId);
    this.rules.full(clientId);
  }

  private sessionOf(clientId: string): ServerSession {
    let session = this.byClient.get(clientId);
    if (session === undefined) {
      session = new ServerSession(this.shareOf(this.rules.ownerOf(clientId) ?? ''));
      this.byClient.set(clientId, session);
    }
    return session;
  }

  private shareOf(identity: string): KeptMemory {
    const share = this.shares.get(identity) ?? new KeptMemory(MOST_KEPT_BYTES / 2, this.memory);
    this.shares.set(identity, share);
    return share;
  }

  private end(clientId: string): void {
    const session = this.byClient.get(clientId);
    if (session === undefined) return;
    session.clear();
    this.byClient.delete(clientId);
    this.toldFull.delete(clientId);
    const inUse = new Set([...this.byClient.values()].map(({ memory }) => memory));
    for (const [identity, share] of this.shares) if (!inUse.has(share)) this.shares.delete(identity);
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
