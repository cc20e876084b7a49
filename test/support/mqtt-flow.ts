import { once } from 'node:events';
import type { Node } from 'node-red';
import {
  SECURE_MQTT_BROKER_DEFAULTS,
  type SecureMqttBrokerConfig,
} from '../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_IN_DEFAULTS, type SecureMqttInConfig } from '../../src/model/config/secure-mqtt-in';
import { SECURE_MQTT_OUT_DEFAULTS, type SecureMqttOutConfig } from '../../src/model/config/secure-mqtt-out';
import { SECURE_MQTT_SERVER_DEFAULTS, type SecureMqttServerConfig } from '../../src/model/config/secure-mqtt-server';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';

const PLACE = { z: 'tab', x: 1, y: 1 };

/** Nodes of a test flow with the settings that matter; ids: ca, broker, in, out, server, and `<id>-seen` behind them. */
export const nodes = {
  tab: () => ({ id: 'tab', type: 'tab' }),
  ca: () => ({ id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA' }),
  broker: (config: Partial<SecureMqttBrokerConfig>) => ({
    id: 'broker',
    type: 'secure-mqtt-broker-config',
    ...SECURE_MQTT_BROKER_DEFAULTS,
    broker: 'localhost',
    ca: 'ca',
    clientId: 'dev01',
    ...config,
  }),
  in: (config: Partial<SecureMqttInConfig> = {}) => ({
    id: 'in',
    type: 'secure-mqtt-in',
    ...SECURE_MQTT_IN_DEFAULTS,
    broker: 'broker',
    topic: 'a/#',
    ...config,
    ...PLACE,
    wires: [['in-seen']],
  }),
  out: (config: Partial<SecureMqttOutConfig> = {}) => ({
    id: 'out',
    type: 'secure-mqtt-out',
    ...SECURE_MQTT_OUT_DEFAULTS,
    broker: 'broker',
    ...config,
    ...PLACE,
    wires: [],
  }),
  server: (config: Partial<SecureMqttServerConfig>) => ({
    id: 'server',
    type: 'secure-mqtt-server',
    ...SECURE_MQTT_SERVER_DEFAULTS,
    ca: 'ca',
    ...config,
    ...PLACE,
    wires: [['server-seen']],
  }),
  seen: (id: string) => ({ id: `${id}-seen`, type: 'helper', ...PLACE }),
};

/** The test helper spies on the prototype, so the calls of all nodes are in one list. */
interface Spy {
  args: unknown[][];
  thisValues: unknown[];
}

/** The arguments of every call of a method by one node, oldest first. */
export function callsOf(node: Node, method: 'status' | 'error' | 'warn' | 'send'): unknown[][] {
  const spy = node[method] as unknown as Spy;
  return spy.args.filter((_, index) => spy.thisValues[index] === node);
}

export interface ShownStatus {
  fill: string;
  shape: string;
  text: string;
}

/** Resolves once the status of a node matches, at once when it does so already. */
export async function shows(node: Node, text: RegExp): Promise<ShownStatus> {
  for (;;) {
    const status = callsOf(node, 'status').at(-1)?.[0] as ShownStatus | undefined;
    if (status && text.test(status.text)) return status;
    await once(node, 'call:status');
  }
}

export interface ReportedError {
  code: string;
  message: string;
  cause: Record<string, unknown>;
}

/** The first error a node reports. */
export async function reports(node: Node): Promise<ReportedError> {
  for (;;) {
    const [first] = callsOf(node, 'error');
    if (first) return first[0] as ReportedError;
    await once(node, 'call:error');
  }
}

/** The first message a node sends that fits. */
export async function sends<T>(node: Node, fits: (msg: T) => boolean = () => true): Promise<T> {
  for (;;) {
    const found = callsOf(node, 'send').find(([msg]) => fits(msg as T));
    if (found) return found[0] as T;
    await once(node, 'call:send');
  }
}
