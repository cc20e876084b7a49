import type { IClientOptions } from 'mqtt';
import type { Clock } from '../model/clock';
import type { OutgoingPublish } from './outgoing-message';

/** Who we are for the broker. */
export interface SessionOptions {
  clientId: string;
  protocolVersion: 4 | 5;
  keepaliveSeconds: number;
  /** false: the broker keeps subscriptions and messages of QoS 1 and 2 while we are away. */
  cleanSession: boolean;
  /** MQTT 5: how long it keeps them. */
  sessionExpirySeconds: number;
  username?: string;
  secretPassword?: string;
  will?: OutgoingPublish;
  /** How long the broker may take to answer CONNECT. */
  connackTimeoutMs: number;
  clock: Clock;
}

/**
 * MQTT.js reconnects by itself unless its period is 0, and with 0 it forgets unacknowledged messages of a clean
 * session. So the longest period a timer can have, 24 days; the next `begin` of the session always comes sooner and
 * its `end` calls the timer off.
 */
const NEVER_MS = 2 ** 31 - 1;

/** The options of MQTT.js for a session; it adds its stores itself. */
export function clientOptions(options: SessionOptions): IClientOptions {
  const version5 = options.protocolVersion === 5;
  const { will } = options;
  return {
    manualConnect: true,
    reconnectPeriod: NEVER_MS,
    connectTimeout: options.connackTimeoutMs,
    // The connection subscribes itself, because it knows what the broker still remembers.
    resubscribe: false,
    queueQoSZero: false,
    autoUseTopicAlias: version5,
    clientId: options.clientId,
    protocolId: 'MQTT',
    protocolVersion: options.protocolVersion,
    keepalive: options.keepaliveSeconds,
    clean: options.cleanSession,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.secretPassword === undefined ? {} : { password: options.secretPassword }),
    ...(version5 ? { properties: { sessionExpiryInterval: options.sessionExpirySeconds } } : {}),
    ...(will
      ? {
          will: {
            topic: will.topic,
            payload: Buffer.from(will.payload as string),
            qos: will.qos,
            retain: will.retain,
          },
        }
      : {}),
  };
}
