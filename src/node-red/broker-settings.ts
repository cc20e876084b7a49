import { randomBytes } from 'node:crypto';
import type { SecureMqttBrokerConfig, SecureMqttBrokerCredentials } from '../model/config/secure-mqtt-broker-config';
import { codedError, isCodedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { OutgoingPublish } from '../mqtt/outgoing-message';
import { toOutgoingPublish } from '../mqtt/outgoing-message';
import type { SessionOptions } from '../mqtt/session-options';
import { checkPath, endpointKey, parseTarget, type Target, type TargetProtocol } from '../tls/target';
import type { BrokerOverrides } from './broker-overrides';
import { oneOf, SECURITY_LEVELS } from './material-settings';

/** How long the broker may take to answer CONNECT. */
const CONNACK_TIMEOUT_MS = 15_000;

/**
 * The settings with what a message said.
 *
 * The stored login is for the broker of the settings. Another host or port gets none unless the message brings it: whoever
 * can send a message must not have a password delivered to a server of his own that the same CA vouches for.
 */
export function overridden(
  config: SecureMqttBrokerConfig,
  credentials: SecureMqttBrokerCredentials,
  overrides: BrokerOverrides | undefined,
): { config: SecureMqttBrokerConfig; credentials: SecureMqttBrokerCredentials } {
  const { broker, port, clientid, username, password, keepalive, cleansession } = overrides ?? {};
  const changed = {
    ...config,
    ...(broker === undefined ? {} : { broker: String(broker) }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(clientid === undefined ? {} : { clientId: String(clientid) }),
    ...(keepalive === undefined ? {} : { keepalive: Number(keepalive) }),
    ...(cleansession === undefined ? {} : { cleanSession: cleansession !== false }),
  };
  const elsewhere = (broker !== undefined || port !== undefined) && !isSameBroker(config, changed);
  return {
    config: changed,
    credentials: {
      ...credentials,
      ...(elsewhere ? { username: undefined, password: undefined } : {}),
      ...(username === undefined ? {} : { username: String(username) }),
      ...(password === undefined ? {} : { password: String(password) }),
    },
  };
}

function isSameBroker(one: SecureMqttBrokerConfig, other: SecureMqttBrokerConfig): boolean {
  try {
    return endpointKey(targetOf(one)) === endpointKey(targetOf(other));
  } catch {
    // What cannot be read leads nowhere, and is told when it is used.
    return false;
  }
}

/**
 * Where to connect. A host may be written as `wss://host/path`; then the path is taken from there.
 *
 * @throws INPUT_CONFIG for an unknown security level or transport; INPUT_TARGET when the host is empty, its `…://`
 *   contradicts the settings or the path is malformed; INPUT_PORT
 */
export function targetOf(config: SecureMqttBrokerConfig): Target {
  const protocol = protocolOf(config);
  const target = readBroker(config, protocol);
  if (target.protocol !== protocol) {
    throw codedError(
      'INPUT_TARGET',
      `the broker is written as ${target.protocol}://…, the settings say ${protocol}`,
      { written: target.protocol, settings: protocol },
      'Write only the host name or address, and choose security and transport in the settings',
    );
  }
  return protocol === 'wss' ? { ...target, path: webSocketPath(config.path, target.path) } : target;
}

/** In the words of the broker settings: a probe calls the same a target. */
function readBroker({ broker, port, servername }: SecureMqttBrokerConfig, protocol: TargetProtocol): Target {
  const hint = 'Open the broker settings and enter the host name or address of the broker; the port has its own field';
  if (String(broker).trim() === '') {
    throw codedError(
      'INPUT_TARGET',
      'no broker is set: its host name or address is missing',
      { field: 'broker' },
      hint,
    );
  }
  try {
    return parseTarget(broker, {
      protocol,
      port: Number(port),
      ...(servername.trim() ? { servername: servername.trim() } : {}),
    });
  } catch (error) {
    if (!isCodedError(error) || error.code !== 'INPUT_TARGET') throw error;
    throw codedError(
      'INPUT_TARGET',
      error.message.replace(/\btarget\b/, 'broker'),
      { ...error.cause, field: 'broker' },
      hint,
    );
  }
}

/** The setting, else what stands behind the host. */
function webSocketPath(setting: string, written: string): string {
  const path = setting.trim() === '' ? written : checkPath(setting.trim());
  if (written === '/' || written === path) return path;
  throw codedError(
    'INPUT_TARGET',
    `the broker is written with the path ${written}, the settings say ${path}`,
    { written, settings: path },
    'Write the path only once, into the field "Path"',
  );
}

function protocolOf({ security, transport }: SecureMqttBrokerConfig): TargetProtocol {
  const level = oneOf('security', security, SECURITY_LEVELS);
  const carried = oneOf('transport', transport, ['mqtts', 'wss']);
  return level === 'none' ? 'mqtt' : carried;
}

/**
 * Who we are for the broker.
 *
 * @throws INPUT_CLIENT_ID when a session is to be kept without a fixed client id; INPUT_CONFIG, INPUT_TOPIC
 */
export function sessionOptionsOf(
  config: SecureMqttBrokerConfig,
  credentials: SecureMqttBrokerCredentials,
): Omit<SessionOptions, 'clock'> {
  const clientId = config.clientId.trim();
  const cleanSession = config.cleanSession !== false;
  if (!cleanSession && clientId === '') {
    throw codedError(
      'INPUT_CLIENT_ID',
      'the session is to be kept, but no client id is set',
      { field: 'clientId' },
      'Set a client id: the broker keeps a session under it',
    );
  }
  if (credentials.password && !credentials.username && String(config.protocolVersion) !== '5') {
    throw codedError(
      'INPUT_CONFIG',
      'a password is set, but no user name: MQTT 3.1.1 has no password without one',
      { field: 'username' },
      'Enter the user name in the tab Security of the broker settings, or remove the password',
    );
  }
  const will = announcementOf(config, 'will');
  const { username, password } = credentials;
  const texts = { clientId, username, password, willTopic: config.willTopic, willPayload: config.willPayload };
  for (const [field, value] of Object.entries(texts)) requireFitting(field, value);
  return {
    // 23 characters are what every broker takes (MQTT 3.1.1 §3.1.3.1).
    clientId: clientId || `nodered_${randomBytes(7).toString('hex')}`,
    protocolVersion: String(config.protocolVersion) === '5' ? 5 : 4,
    keepaliveSeconds: seconds(config.keepalive, 'keepalive', 65_535),
    cleanSession,
    sessionExpirySeconds: seconds(config.sessionExpiry, 'sessionExpiry', 0xffff_ffff),
    connackTimeoutMs: CONNACK_TIMEOUT_MS,
    ...(credentials.username ? { username: credentials.username } : {}),
    ...(credentials.password ? { secretPassword: credentials.password } : {}),
    ...(will ? { will } : {}),
  };
}

/**
 * The birth, close or will message; undefined when it has no topic.
 *
 * @throws INPUT_TOPIC
 */
export function announcementOf(
  config: SecureMqttBrokerConfig,
  kind: 'birth' | 'close' | 'will',
): OutgoingPublish | undefined {
  const topic = config[`${kind}Topic`];
  if (!topic) return undefined;
  return toOutgoingPublish({
    topic,
    payload: config[`${kind}Payload`],
    qos: config[`${kind}Qos`],
    retain: config[`${kind}Retain`],
  });
}

/** MQTT 3.1.1 §1.5.3: a text or a block of bytes has a length of two bytes. */
const LONGEST_BYTES = 65_535;

function requireFitting(field: string, value: unknown): void {
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : 0;
  if (bytes <= LONGEST_BYTES) return;
  throw codedError(
    'INPUT_CONFIG',
    `${field} has ${bytes} bytes, at most ${LONGEST_BYTES} fit into MQTT`,
    { field, found: bytes, limit: LONGEST_BYTES },
    'Open the broker settings and shorten it',
  );
}

function seconds(value: unknown, field: string, largest: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= largest) return number;
  throw codedError(
    'INPUT_CONFIG',
    `${field} is ${shownValue(value)}, expected a whole number of seconds from 0 to ${largest}`,
    { field, value: shownValue(value) },
    'Open the broker settings and correct it',
  );
}
