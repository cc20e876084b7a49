import { hostname } from 'node:os';
import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../model/clock';
import { parseIpAddress } from '../model/ip-address';
import { flowsStarted } from './flows-started';

/** What a running secure-mqtt-server node offers to those that connect to it. */
export interface EmbeddedBrokerNode extends Node {
  /** Resolves when the first attempt to listen has succeeded or failed. */
  listening(): Promise<void>;
  /** The certificate it shows; PEM. Undefined while it does not listen. */
  readonly certificatePem: string | undefined;
  /** Of the certificates that connected clients have shown. */
  readonly clientSerialNumbers: readonly string[];
}

/** Making the keys of a CA and of a broker takes some seconds with RSA on a small machine. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Wait for the embedded broker that a client of the same Node-RED is about to connect to.
 *
 * Node-RED starts all nodes at once. Without this a first deploy would report "nothing listens" while the broker is
 * still making its key. Where no secure-mqtt-server is configured for the port it resolves at once, and it never
 * fails: whether the broker can be reached is for the connection to find out.
 */
export async function embeddedBrokerReady(
  RED: NodeAPI,
  target: { host: string; port: number },
  clock: Clock,
): Promise<void> {
  if (!isThisMachine(target.host)) return;
  const ids = enabledBrokers(RED, target.port);
  if (ids.length === 0) return;
  await within(clock, LONGEST_WAIT_MS, Promise.all(ids.map((id) => listening(RED, id))));
}

/** The ids of the secure-mqtt-server nodes for a port that Node-RED makes: those on an enabled tab. */
function enabledBrokers(RED: NodeAPI, wantedPort: number): string[] {
  const tabs = new Set<string>();
  const found: { id: string; z: string }[] = [];
  RED.nodes.eachNode((node) => {
    const { id, type, z, port, wsPort, d, disabled } = node as unknown as ConfiguredNode;
    if (type === 'tab' && !disabled) tabs.add(id);
    const offers = [port, wsPort].map(Number).includes(wantedPort);
    if (type === 'secure-mqtt-server' && offers && !d) found.push({ id, z });
  });
  return found.filter(({ z }) => tabs.has(z)).map(({ id }) => id);
}

interface ConfiguredNode {
  id: string;
  type: string;
  z: string;
  port?: unknown;
  wsPort?: unknown;
  /** A disabled node. */
  d?: boolean;
  /** A disabled tab. */
  disabled?: boolean;
}

async function listening(RED: NodeAPI, id: string): Promise<void> {
  const find = () => RED.nodes.getNode(id) as unknown as Partial<EmbeddedBrokerNode> | null;
  // Nodes are made one after the other; after that event it is there.
  if (!find()) await flowsStarted(RED);
  await find()?.listening?.();
}

function isThisMachine(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost') || name === hostname().toLowerCase()) return true;
  const address = parseIpAddress(name);
  return address?.text === '::1' || address?.text.startsWith('127.') === true;
}

function within(clock: Clock, limitMs: number, wait: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(limitMs, resolve);
    void wait
      .catch(() => undefined)
      .then(() => {
        timer.cancel();
        resolve();
      });
  });
}
