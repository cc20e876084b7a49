import type { Node, NodeAPI } from 'node-red';
import { codedError } from '../model/errors';
import type { ConnectionState } from '../mqtt/connection-state';
import type { OutgoingPublish } from '../mqtt/outgoing-message';
import type { Settled } from '../mqtt/outbox';
import type { Receiver } from '../mqtt/subscriber';
import type { SubscribeOptions } from '../mqtt/subscriptions';
import type { Target } from '../tls/target';
import type { TlsMaterialParts } from '../tls/tls-material';
import { errorWords, showStatus } from './status';

/** What tls-probe takes over from a broker. */
export interface BrokerProbeOptions {
  target: Target;
  material: TlsMaterialParts;
  mqtt: { username?: string; password?: string; clientId?: string; protocolVersion: 4 | 5 };
}

/** What a running secure-mqtt-broker-config node offers to the nodes that use it. */
export interface SecureMqttBrokerNode extends Node {
  readonly protocolVersion: 4 | 5;
  readonly state: ConnectionState;
  /** The client certificate it shows; PEM. Undefined when there is none or nothing was tried yet. */
  readonly identityPem: string | undefined;
  /** Use this broker: the first user connects it, every user shows its status. */
  register(user: Node): void;
  /** @param removed the user is gone for good: without any other the connection ends */
  deregister(user: Node, removed: boolean): Promise<void>;
  publish(publish: OutgoingPublish, settled: Settled): void;
  subscribe(filter: string, owner: string, options: SubscribeOptions, receive: Receiver): Promise<void>;
  /** @param options restarting: the owner comes back at once, most likely with the same filter */
  unsubscribe(filter: string, owner: string, options?: { restarting: boolean }): Promise<void>;
  /** `msg.action` "connect" with `msg.broker`; resolves when connected, rejects when the first attempt fails. */
  connectByMessage(broker: unknown): Promise<void>;
  /** `msg.action` "disconnect". */
  disconnectByMessage(): Promise<void>;
  /** The same connection for the probe. @throws as reading the material */
  probeOptions(): Promise<BrokerProbeOptions>;
}

function isBrokerNode(node: unknown): node is SecureMqttBrokerNode {
  return typeof (node as SecureMqttBrokerNode | null)?.probeOptions === 'function';
}

/**
 * The secure-mqtt-broker-config node with an id.
 *
 * @throws INPUT_CONFIG when none was chosen, it is disabled or was deleted
 */
export function brokerNode(RED: NodeAPI, id: string): SecureMqttBrokerNode {
  const node: unknown = id ? RED.nodes.getNode(id) : undefined;
  if (isBrokerNode(node)) return node;
  throw codedError(
    'INPUT_CONFIG',
    id ? `the broker settings ${id} are missing or disabled` : 'no broker is chosen',
    { field: 'broker', value: id },
    'Open the node and choose a broker',
  );
}

const CONNECTED_STATUS = {
  verified: 'connected',
  'name-not-verified': 'connectedNameNotVerified',
  'not-verified': 'connectedNotVerified',
  plain: 'connectedPlain',
} as const;

/** Show the state of a connection under a node that uses it. */
export function showConnection(RED: NodeAPI, node: Node, state: ConnectionState): void {
  const { phase, verification, failure, waiting } = state;
  if (phase === 'connected') {
    showStatus(RED, node, CONNECTED_STATUS[verification ?? 'not-verified']);
  } else if (failure) {
    // The reason stays visible while it is tried again.
    const reason = errorWords(RED, failure);
    if (waiting > 0) showStatus(RED, node, 'disconnectedQueued', { reason, count: waiting });
    else showStatus(RED, node, 'failed', { reason });
  } else {
    showStatus(RED, node, phase === 'disconnected' ? 'disconnected' : 'connecting');
  }
}
