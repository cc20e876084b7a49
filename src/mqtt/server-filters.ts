import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { KeptMemory } from './server-session';

/** Of one client; a dashboard subscribes to a few hundred. */
export const MOST_FILTERS = 1_000;
const MOST_FILTER_BYTES = 256 * 1024;
/** Of all clients together. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Beside the filter: the entries in three maps and a tree. */
const OVERHEAD_BYTES = 256;

interface Subscription {
  topic: string;
}

/** The part of aedes' store that keeps subscriptions. */
export interface FilterStore {
  addSubscriptions(connection: { id: string }, subscriptions: Subscription[]): Promise<void>;
}

/** The parts of aedes' clients that read packets. */
interface ReadingClient {
  conn: Duplex;
  _parser: EventEmitter<{ packet: [{ unsubscriptions?: string[] }] }>;
}

/** What one client has subscribed to. */
class ClientFilters {
  readonly bytes = new Map<string, number>();
  readonly memory = new KeptMemory(MOST_FILTER_BYTES);
}

/** Bounds what clients subscribe to, connected or with a kept session. */
export class ServerFilters {
  private readonly byClient = new Map<string, ClientFilters>();
  private readonly memory = new KeptMemory(MOST_BYTES);
  private readonly refused = new WeakSet<Subscription>();

  /**
   * aedes (1.2) hands over all filters of a SUBSCRIBE once for each of them: with 10,000 the event loop stood still for
   * many seconds. Here they are stored once, when all have been judged, and without those that were refused.
   */
  replaceIn(store: FilterStore): void {
    const add = store.addSubscriptions.bind(store);
    const underWay = new WeakMap<Subscription[], Promise<void>>();
    store.addSubscriptions = (connection, subscriptions) => {
      const known = underWay.get(subscriptions);
      if (known) return known;
      const stored = Promise.resolve().then(() =>
        add(
          connection,
          subscriptions.filter((each) => !this.refused.has(each)),
        ),
      );
      underWay.set(subscriptions, stored);
      return stored;
    };
  }

  /**
   * A connection has come. Nobody has more filters to give up than are kept for one; aedes looks for each in the same turn of the event loop, and
   * one packet may name 80,000.
   */
  watch(aedesClient: object): void {
    const { conn, _parser } = aedesClient as ReadingClient;
    _parser.prependListener('packet', (packet) => {
      if ((packet.unsubscriptions?.length ?? 0) <= MOST_FILTERS) return;
      packet.unsubscriptions = [];
      // In words that `clientProblem` knows.
      conn.destroy(new Error('too many filters given up'));
    });
  }

  /** @returns false when the client, or all together, have too many */
  take(clientId: string, subscription: Subscription): boolean {
    const { topic } = subscription;
    const own = this.byClient.get(clientId) ?? new ClientFilters();
    if (own.bytes.has(topic)) return true;
    const bytes = OVERHEAD_BYTES + Buffer.byteLength(topic);
    if (own.bytes.size < MOST_FILTERS && own.memory.take(bytes)) {
      if (this.memory.take(bytes)) {
        own.bytes.set(topic, bytes);
        this.byClient.set(clientId, own);
        return true;
      }
      own.memory.give(bytes);
    }
    this.refused.add(subscription);
    return false;
  }

  give(clientId: string, topics: readonly string[]): void {
    const own = this.byClient.get(clientId);
    for (const topic of topics) {
      const bytes = own?.bytes.get(topic) ?? 0;
      if (!own?.bytes.delete(topic)) continue;
      own.memory.give(bytes);
      this.memory.give(bytes);
    }
    if (own?.bytes.size === 0) this.byClient.delete(clientId);
  }

  /** The session has ended. */
  forget(clientId: string): void {
    this.give(clientId, [...(this.byClient.get(clientId)?.bytes.keys() ?? [])]);
  }
}
