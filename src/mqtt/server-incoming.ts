import { codedError } from '../model/errors';

/** Of one client; of more the oldest is forgotten, and would be delivered again if it came again. */
const MOST_UNRELEASED = 1_000;

interface Connection {
  id: string;
}

interface Numbered {
  messageId?: number;
}

/** The part of aedes' store that knows messages of QoS 2 which their sender has not released. */
export interface IncomingStore {
  incomingStorePacket(connection: Connection, packet: Numbered): Promise<void>;
  incomingGetPacket(connection: Connection, packet: Numbered): Promise<Numbered>;
  incomingDelPacket(connection: Connection, packet: Numbered): Promise<void>;
  cleanIncoming(connection: Connection): Promise<void>;
}

/** Numbers of messages of QoS 2 that clients have sent and not released. aedes' own store keeps the messages, too. */
export class ServerIncoming {
  private readonly byClient = new Map<string, Set<number>>();

  replaceIn(store: IncomingStore): void {
    Object.assign(store, {
      incomingStorePacket: async ({ id }, { messageId = 0 }) => {
        const numbers = this.byClient.get(id) ?? new Set();
        this.byClient.set(id, numbers.add(messageId));
        const [oldest] = numbers;
        if (numbers.size > MOST_UNRELEASED && oldest !== undefined) numbers.delete(oldest);
      },
      // aedes asks only whether there is one, and takes the rejection for "no".
      incomingGetPacket: async ({ id }, { messageId = 0 }) => {
        if (this.byClient.get(id)?.has(messageId) !== true)
          throw codedError('MQTT_PROTOCOL', `no message ${messageId} waits for its release`);
        return { messageId };
      },
      incomingDelPacket: async ({ id }, { messageId = 0 }) => {
        const numbers = this.byClient.get(id);
        if (numbers?.delete(messageId) && numbers.size === 0) this.byClient.delete(id);
      },
      cleanIncoming: async ({ id }) => this.forget(id),
    } satisfies IncomingStore);
  }

  /** Clients with unreleased messages. */
  get size(): number {
    return this.byClient.size;
  }

  /** The session has ended. */
  forget(clientId: string): void {
    this.byClient.delete(clientId);
  }
}
