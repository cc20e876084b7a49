import type { NodeAPI } from 'node-red';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { parseTarget, type Target } from '../tls/target';

/** What the flow file says of a core mqtt-broker. */
export interface CoreBrokerSettings {
  id: string;
  /** For messages: its name, else where it connects to. */
  label: string;
  /** Id of its tls-config. */
  tls: string;
}

type StoredNode = { id: string; type: string; z?: string; d?: boolean } & Record<string, unknown>;

const HINT_TLS = 'Open the core broker, tick "Use TLS" and choose a TLS configuration';

/**
 * The settings of a core broker that is set up to take certificates.
 *
 * @param claimant id of the secure-mqtt-broker-config that wants to drive it
 * @throws MQTT_CORE_SETTINGS when it is missing, disabled, no mqtt-broker, without TLS or tls-config;
 *   MQTT_CORE_CLAIMED when other settings that come first in the flow file drive it
 */
export function coreBrokerSettings(RED: NodeAPI, id: string, claimant: string): CoreBrokerSettings {
  const nodes = storedNodes(RED);
  const broker = nodes.find((node) => node.id === id);
  if (!broker || isDisabled(broker, nodes)) {
    const message = `the core broker ${shownValue(id)} is missing or disabled`;
    throw codedError('MQTT_CORE_SETTINGS', message, { id }, 'Open the broker settings and remove its tick');
  }
  const label = labelOf(broker);
  if (broker.type !== 'mqtt-broker') {
    const message = `the node ${shownValue(id)} is of type ${broker.type}, expected mqtt-broker`;
    throw codedError('MQTT_CORE_SETTINGS', message, { id, type: broker.type }, 'Tick a core MQTT broker');
  }
  if (broker.usetls !== true) {
    throw codedError('MQTT_CORE_SETTINGS', `the core broker "${label}" does not use TLS`, { id, label }, HINT_TLS);
  }
  const tls = nodes.find((node) => node.id === broker.tls && node.type === 'tls-config');
  if (!tls || isDisabled(tls, nodes)) {
    const message = `the core broker "${label}" has no TLS configuration`;
    throw codedError('MQTT_CORE_SETTINGS', message, { id, label, tls: broker.tls }, HINT_TLS);
  }
  const first = nodes.find((node) => claims(node, id) && !isDisabled(node, nodes));
  if (first && first.id !== claimant) {
    throw codedError(
      'MQTT_CORE_CLAIMED',
      `the core broker "${label}" is ticked in "${labelOf(first)}" too, which comes first and drives it`,
      { id, label, drivenBy: first.id },
      'Remove the tick in one of the two broker settings',
    );
  }
  return { id, label, tls: tls.id };
}

/**
 * Where a core broker connects to.
 *
 * @param url as core gives it to MQTT.js
 * @throws MQTT_CORE_SETTINGS for a URL that MQTT.js opens without TLS, whatever is ticked
 */
export function coreTarget(url: string): Target {
  // MQTT.js has two more names for mqtts.
  const target = readTarget(url.replace(/^(tls|ssl):/i, 'mqtts:'));
  if (target?.protocol === 'mqtts' || target?.protocol === 'wss') return target;
  throw codedError(
    'MQTT_CORE_SETTINGS',
    `the core broker is written as ${shownValue(url)}, which core opens without TLS even with TLS ticked`,
    { url: shownValue(url) },
    'Write only the host name there, or begin it with mqtts:// or wss://',
  );
}

function readTarget(url: string): Target | undefined {
  try {
    return parseTarget(url);
  } catch {
    return undefined;
  }
}

function storedNodes(RED: NodeAPI): StoredNode[] {
  const nodes: StoredNode[] = [];
  RED.nodes.eachNode((node) => void nodes.push(node as unknown as StoredNode));
  return nodes;
}

/** Disabled itself or on a disabled tab. */
function isDisabled({ d, z }: StoredNode, nodes: readonly StoredNode[]): boolean {
  return d === true || nodes.some((tab) => tab.id === z && tab.type === 'tab' && tab.disabled === true);
}

function claims({ type, coreBrokers }: StoredNode, id: string): boolean {
  return type === 'secure-mqtt-broker-config' && Array.isArray(coreBrokers) && coreBrokers.includes(id);
}

function labelOf({ id, name, broker, port }: StoredNode): string {
  return String(name || (broker ? `${String(broker)}:${String(port)}` : id)).slice(0, 100);
}
