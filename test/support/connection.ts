import { systemClock } from '../../src/model/clock';
import type { CodedError } from '../../src/model/errors';
import { openBrokerStream } from '../../src/mqtt/broker-stream';
import { SecureMqttConnection } from '../../src/mqtt/connection';
import type { ConnectionOptions, ConnectionPhase, ConnectionState } from '../../src/mqtt/connection-state';
import type { ReceivedPublish } from '../../src/mqtt/received-message';
import type { SessionOptions } from '../../src/mqtt/session-options';
import type { TlsMaterialParts } from '../../src/tls/tls-material';

export interface TestConnectionOptions extends Partial<Omit<ConnectionOptions, 'session' | 'open'>> {
  host?: string;
  port: number;
  /** Absent: plain MQTT. */
  material?: () => TlsMaterialParts | Promise<TlsMaterialParts>;
  session?: Partial<SessionOptions>;
  /** MQTT over WebSockets at this path. */
  webSocketPath?: string;
  /** For TCP and TLS together. */
  timeoutMs?: number;
}

const running = new Set<SecureMqttConnection>();

/** A connection as the broker node makes it, with short waits. */
export function testConnection(options: TestConnectionOptions): SecureMqttConnection {
  const {
    host = 'localhost',
    port,
    material,
    session,
    webSocketPath,
    timeoutMs = 10_000,
    clock = systemClock,
    ...others
  } = options;
  const protocol = webSocketPath === undefined ? 'mqtts' : 'wss';
  const connection = new SecureMqttConnection({
    open: (signal) =>
      openBrokerStream(
        {
          target: { protocol: material ? protocol : 'mqtt', host, port, path: webSocketPath ?? '' },
          material: async () => (material ? material() : Promise.reject(new TypeError('plain'))),
          timeoutMs,
          clock,
        },
        signal,
      ),
    session: () => ({
      clientId: `test${Math.floor(Math.random() * 1e9)}`,
      protocolVersion: 4,
      keepaliveSeconds: 60,
      cleanSession: true,
      sessionExpirySeconds: 0,
      connackTimeoutMs: 10_000,
      ...session,
    }),
    queueLimit: 1000,
    clock,
    random: Math.random,
    firstRetryMs: 20,
    longestRetryMs: 200,
    ...others,
  });
  running.add(connection);
  return connection;
}

/** Close every connection a test left open; for `afterEach`. */
export async function closeConnections(): Promise<void> {
  await Promise.all([...running].map((connection) => connection.close()));
  running.clear();
}

/** Resolves with the state once the phase is reached, at once when it is so already. */
export function reached(connection: SecureMqttConnection, phase: ConnectionPhase): Promise<ConnectionState> {
  return new Promise((resolve) => {
    const look = (state: ConnectionState): void => {
      if (state.phase !== phase) return;
      connection.off('state', look);
      resolve(state);
    };
    connection.on('state', look);
    look(connection.state);
  });
}

/** The reason of the next failed attempt. */
export async function failureOf(connection: SecureMqttConnection): Promise<CodedError> {
  connection.connect();
  const { failure } = await reached(connection, 'waiting');
  return failure as CodedError;
}

/** Keeps what it receives and tells when there are enough. */
export class Inbox {
  readonly received: ReceivedPublish[] = [];
  /** The payloads, each once. */
  readonly distinct = new Set<string>();
  private readonly waiting: { count: number; resolve: () => void }[] = [];

  readonly receive = (publish: ReceivedPublish): void => {
    this.received.push(publish);
    this.distinct.add(publish.payload.toString());
    for (const { count, resolve } of this.waiting) if (this.received.length >= count) resolve();
  };

  /** Resolves with the next message that comes. */
  next(): Promise<unknown> {
    return this.count(this.received.length + 1);
  }

  async count(count: number): Promise<ReceivedPublish[]> {
    if (this.received.length < count) await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
    return this.received;
  }

  get payloads(): string[] {
    return this.received.map(({ payload }) => payload.toString());
  }
}
