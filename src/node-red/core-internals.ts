import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Node } from 'node-red';
import { codedError, type CodedError } from '../model/errors';

/**
 * What core's mqtt-broker node and its MQTT.js client do not document and is relied on all the same: nothing else, and
 * only by `core-broker.ts` and `core-connection.ts`. Read in `@node-red/nodes/core/network/10-mqtt.js` of Node-RED 4.1.15
 * and 5.0.7 (the same file) and in MQTT.js 5.15.2.
 */

/** What of a running core mqtt-broker node is used. */
export interface CoreNode extends Node {
  /** Given to `mqtt.connect` at every {@link CoreNode.connect}. */
  options: CoreOptions;
  /** Fills `options`, at deploy and for `msg.broker` of a connect action; takes the TLS part from the tls-config. */
  setOptions(values: unknown, init?: boolean): void;
  connect(callback?: () => void): void;
  /** Ends the client with a DISCONNECT; core then has none. */
  disconnect(callback: () => void): void;
  brokerurl: string;
  connected: boolean;
  connecting: boolean;
  /** Core's mqtt in and mqtt out nodes by id. */
  users: Record<string, Node>;
  /** `false`: connects only when a message says so. */
  autoConnect?: unknown;
  client?: CoreClient;
}

/** What of its MQTT.js client is used. */
export interface CoreClient extends EventEmitter {
  /** Read anew at every attempt to connect. */
  options: CoreOptions;
  connected: boolean;
  disconnecting: boolean;
  stream: Duplex;
  incomingStore: object;
  outgoingStore: object;
  reconnect(stores: { incomingStore: object; outgoingStore: object }): void;
}

export type CoreOptions = Record<string, unknown>;
type Shape<T> = Partial<Record<keyof T & string, 'string' | 'boolean' | 'object' | 'function'>>;

const NODE_SHAPE: Shape<CoreNode> = {
  options: 'object',
  setOptions: 'function',
  connect: 'function',
  disconnect: 'function',
  brokerurl: 'string',
  connected: 'boolean',
  connecting: 'boolean',
  users: 'object',
};

const CLIENT_SHAPE: Shape<CoreClient> = {
  options: 'object',
  connected: 'boolean',
  disconnecting: 'boolean',
  stream: 'object',
  incomingStore: 'object',
  outgoingStore: 'object',
  reconnect: 'function',
};

/**
 * @throws MQTT_CORE_UNKNOWN when the node, or the client it has, is not what is known of core
 */
export function requireCoreNode(node: Node): CoreNode {
  const core = node as CoreNode;
  requireShape(core, NODE_SHAPE, 'mqtt-broker node');
  if (core.client) requireShape(core.client, CLIENT_SHAPE, 'MQTT client');
  return core;
}

function requireShape<T extends object>(object: T, shape: Shape<T>, what: string): void {
  const found = object as Record<string, unknown>;
  const lacking = Object.entries(shape).filter(
    ([field, type]) => typeof found[field] !== type || found[field] === null,
  );
  if (lacking.length > 0)
    throw unknownCore(
      what,
      lacking.map(([field]) => field),
    );
}

function unknownCore(what: string, lacking: string[]): CodedError {
  return codedError(
    'MQTT_CORE_UNKNOWN',
    `core's ${what} has no ${lacking.join(', ')} in this version of Node-RED, so its certificates cannot be driven`,
    { what, lacking },
    'Core keeps the certificates of its own tls-config; use "secure mqtt in" and "secure mqtt out", or update this package',
  );
}
