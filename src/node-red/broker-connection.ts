import type { NodeAPI } from 'node-red';
import { systemClock, type Clock } from '../model/clock';
import type { SecureMqttBrokerConfig, SecureMqttBrokerCredentials } from '../model/config/secure-mqtt-broker-config';
import { openBrokerStream } from '../mqtt/broker-stream';
import { SecureMqttConnection } from '../mqtt/connection';
import type { ConnectionState } from '../mqtt/connection-state';
import { announcementOf, sessionOptionsOf, targetOf } from './broker-settings';
import { embeddedBrokerReady } from './embedded-broker';
import { LivingMaterial } from './living-material';
import type { MaterialContext } from './material-settings';

/** For TCP and TLS together. */
const OPEN_TIMEOUT_MS = 30_000;

export interface BrokerSettings {
  config: SecureMqttBrokerConfig;
  credentials: SecureMqttBrokerCredentials;
}

/** A connection with the material it is made of, which follows renewals while it lives. */
export interface BrokerConnection {
  connection: SecureMqttConnection;
  /** The client certificate that the last attempt showed; PEM. */
  readonly identityPem: string | undefined;
  /** Disconnect and let go of every listener, timer and socket. */
  close(): Promise<void>;
}

/**
 * Make the connection of a secure-mqtt-broker-config; nothing is opened before `connect`.
 *
 * @param current the settings as they are now: a message may have set host or client id
 * @param warn told of what is doubtful about the material, at every attempt
 * @throws INPUT_* for settings that cannot work, so that they are found at deploy
 */
export function makeBrokerConnection(
  RED: NodeAPI,
  current: () => BrokerSettings,
  warn?: MaterialContext['warn'],
  clock: Clock = systemClock,
): BrokerConnection {
  const { config, credentials } = current();
  targetOf(config);
  sessionOptionsOf(config, credentials);
  const birth = announcementOf(config, 'birth');
  const close = announcementOf(config, 'close');
  const material = new LivingMaterial({ RED, warn }, config, credentials, clock, () => connection.renewMaterial());
  const connection = new SecureMqttConnection({
    open: async (signal) => {
      const target = targetOf(current().config);
      await embeddedBrokerReady(RED, target, clock);
      return openBrokerStream(
        { target, material: () => material.current(), timeoutMs: OPEN_TIMEOUT_MS, clock },
        signal,
      );
    },
    session: () => sessionOptionsOf(current().config, current().credentials),
    ...(birth ? { birth } : {}),
    ...(close ? { close } : {}),
    queueLimit: Math.max(0, Math.floor(Number(config.queueLimit)) || 0),
    clock,
    random: Math.random,
  });
  return {
    connection,
    get identityPem() {
      return material.identityPem;
    },
    close: async () => {
      material.close();
      await connection.close();
    },
  };
}

/** Connect and wait for the outcome of the first attempt; after a failed one it goes on trying. */
export function connectedOrFailed(connection: SecureMqttConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = ({ phase, failure }: ConnectionState): void => {
      if (phase === 'connecting') return;
      connection.off('state', look);
      if (phase === 'waiting' && failure) reject(failure);
      else resolve();
    };
    connection.on('state', look);
    connection.connect();
    if (connection.connected) look(connection.state);
  });
}
