import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { TlsProbeConfig } from '../model/config/tls-probe';
import { parseThreshold } from '../model/duration';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { Certificate } from '../pki/certificate';
import type { ProbeOptions } from '../tls/probe';
import type { ProbeJob } from '../tls/probe-many';
import { endpointKey, parseTarget, type Target } from '../tls/target';
import type { TlsMaterialParts } from '../tls/tls-material';
import { brokerNode } from './broker-node';
import type { TypedValueType } from '../model/config/typed-value';
import { atIndex } from './issue-input';
import { linkedAuthority, withListOf } from './linked-authority';
import type { MaterialSettings } from './material-settings';
import { isPlainObject, MAX_BATCH } from './payload';
import { readTlsMaterial } from './tls-material-source';
import { evaluate } from './typed-value';

export interface ProbeCredentials {
  username?: string;
  password?: string;
  passphrase?: string;
}

/** What a message may say instead of the node. */
export interface ProbeMessage extends NodeMessageInFlow {
  /** Text, object `{target, servername?}` or a list of these. */
  target?: unknown;
  servername?: unknown;
}

/** Everything a probe needs that is the same for all targets of a run. */
interface Basis {
  material: TlsMaterialParts;
  /** Of the broker settings, when they are used. */
  target?: Target;
  mqtt: { username?: string; password?: string; clientId?: string; protocolVersion: 4 | 5 };
  knownIntermediates?: readonly Certificate[];
}

/** A run of the node. */
export interface ProbeRun {
  jobs: ProbeJob[];
  /** A list was asked for, so that a list of one is answered with a list. */
  isList: boolean;
  authority?: CertificateAuthority;
}

/**
 * The endpoints to probe and how, from the configuration and one message.
 *
 * @throws INPUT_TARGET, INPUT_PORT, INPUT_TOO_MANY (with `cause.index` in a list), INPUT_CONFIG, INPUT_VALIDITY;
 *   STORE_*, PEM_*, CERT_*, KEY_*, CA_* for trust and identity
 */
export async function readProbeJobs(
  RED: NodeAPI,
  node: Node,
  config: TlsProbeConfig,
  msg: ProbeMessage,
  credentials: ProbeCredentials,
): Promise<ProbeRun> {
  const asked = await askedTargets(RED, node, config, msg);
  if (Array.isArray(asked) && asked.length > MAX_BATCH) {
    throw codedError(
      'INPUT_TOO_MANY',
      `${asked.length} targets in one message, at most ${MAX_BATCH} are taken`,
      { found: asked.length, limit: MAX_BATCH },
      'Split the list',
    );
  }
  // Holes of a sparse list become undefined, which is refused below. Not before it was counted: it may have 2^32 of them.
  const items: unknown[] = Array.isArray(asked) ? Array.from(asked) : [asked];
  const servername = text(msg.servername) ?? (config.servername.trim() || undefined);
  // Every target is checked before anything is read or connected.
  const parsed = items.map((item, index) =>
    atIndex(Array.isArray(asked) ? index : undefined, () =>
      item === undefined && !Array.isArray(asked) ? undefined : readTarget(item, servername),
    ),
  );
  const shared = sharedOptions(config);
  const own = config.broker ? await brokerBasis(RED, config.broker) : await ownBasis(RED, config, credentials);
  const linked = await linkedAuthority(RED, config.broker ? settingsOf(RED, config.broker) : config);
  const { authority, knownIntermediates } = linked;
  const basis = { ...own, knownIntermediates, material: withListOf(linked, own.material) };
  // Two objects for all targets: what goes to the thread is copied once then, not 10,000 times.
  const forAnybody = { ...shared, ...optionsOf(basis) };
  const forItself = { ...forAnybody, ...userOf(basis) };
  const configured = basis.target ? [basis.target] : await configuredTargets(RED, node, config);
  const endpoints = new Set(configured.map(endpointKey));
  const jobs = parsed.map((given) => {
    const target = targetOf(given, basis, servername);
    return { target, options: endpoints.has(endpointKey(target)) ? forItself : forAnybody };
  });
  return { jobs, isList: Array.isArray(asked), authority };
}

/** These stand in the node or its environment; the others may be anything a message says. */
const FIXED_TYPES: readonly string[] = ['str', 'json', 'env'] satisfies TypedValueType[];

/** The endpoints that the node itself names, whatever a message says; none when it names none that can be read. */
async function configuredTargets(RED: NodeAPI, node: Node, config: TlsProbeConfig): Promise<Target[]> {
  if (!FIXED_TYPES.includes(config.targetType)) return [];
  try {
    const written = await evaluate(RED, node, {}, 'target', config.target, config.targetType);
    const items: unknown[] = Array.isArray(written) ? written : [written];
    return items.filter(isGiven).map((item) => readTarget(item, config.servername.trim() || undefined));
  } catch {
    return [];
  }
}

/** What the message names, else what is configured; `undefined` for the target of the broker settings. */
async function askedTargets(RED: NodeAPI, node: Node, config: TlsProbeConfig, msg: ProbeMessage): Promise<unknown> {
  if (isGiven(msg.target)) return msg.target;
  const configured = await evaluate(RED, node, msg, 'target', config.target, config.targetType);
  if (isGiven(configured)) return configured;
  if (config.broker) return undefined;
  // A node without a target of its own takes the payload; one with a target is only triggered by it.
  const { payload } = msg;
  if (Array.isArray(payload) || isPlainObject(payload) || (typeof payload === 'string' && payload !== ''))
    return payload;
  throw codedError(
    'INPUT_TARGET',
    'no target is set',
    { field: 'target' },
    'Set the target in the node (host:port), choose a broker, or send msg.target',
  );
}

function readTarget(item: unknown, servername: string | undefined): Target {
  if (!isPlainObject(item)) return parseTarget(item, { servername });
  if (!isGiven(item.target)) throw targetError(item);
  return parseTarget(item.target, { servername: text(item.servername) ?? servername });
}

function targetError(item: unknown): Error {
  return codedError(
    'INPUT_TARGET',
    `${shownValue(item)} has no target`,
    { field: 'target' },
    'Use "host:port" or {"target": "host:port", "servername": "name"}',
  );
}

function targetOf(own: Target | undefined, basis: Basis, servername: string | undefined): Target {
  const target = own ?? (basis.target as Target);
  return servername && !target.servername ? { ...target, servername } : target;
}

function sharedOptions(config: TlsProbeConfig): Omit<ProbeOptions, 'material'> {
  return {
    mqtt: config.mqtt !== false,
    family: FAMILIES[Number(config.family)] ?? 0,
    timeoutMs: readTimeout(config.timeoutMs),
    warnBefore: parseThreshold(config.warnBefore),
    criticalBefore: parseThreshold(config.criticalBefore),
  };
}

const FAMILIES: Readonly<Record<number, 4 | 6>> = { 4: 4, 6: 6 };
const LONGEST_TIMEOUT_MS = 600_000;

function readTimeout(value: unknown): number {
  const timeoutMs = Number(value);
  if (Number.isFinite(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LONGEST_TIMEOUT_MS) return timeoutMs;
  throw codedError(
    'INPUT_CONFIG',
    `timeoutMs is ${shownValue(value)}, expected 1 to ${LONGEST_TIMEOUT_MS}`,
    { field: 'timeoutMs', value: shownValue(value) },
    'Open the node and correct the setting',
  );
}

function optionsOf({ material, mqtt, knownIntermediates }: Basis): ProbeOptions {
  return { material, knownIntermediates, protocolVersion: mqtt.protocolVersion };
}

/**
 * Name and password are for the broker of the settings, or for the targets that stand in the node: a message must not
 * have them sent elsewhere, unencrypted, or to whoever has a certificate for another name.
 */
function userOf({ mqtt }: Basis): Pick<ProbeOptions, 'username' | 'secretPassword' | 'clientId'> {
  return { username: mqtt.username, secretPassword: mqtt.password, clientId: mqtt.clientId };
}

async function brokerBasis(RED: NodeAPI, id: string): Promise<Basis> {
  const { target, material, mqtt } = await brokerNode(RED, id).probeOptions();
  return { target, material, mqtt };
}

async function ownBasis(RED: NodeAPI, config: TlsProbeConfig, credentials: ProbeCredentials): Promise<Basis> {
  const { trust, ca, caFile, crlFile, identity, identityName, certFile, keyFile } = config;
  const { username, password, passphrase } = credentials;
  return {
    material: await readTlsMaterial(
      { RED },
      { trust, ca, caFile, crlFile, identity, identityName, certFile, keyFile },
      { passphrase },
    ),
    mqtt: { username, password, protocolVersion: 4 },
  };
}

/** What is configured for a node; a running one tells only what it was made to tell. */
function settingsOf(RED: NodeAPI, id: string): MaterialSettings | undefined {
  let found: MaterialSettings | undefined;
  RED.nodes.eachNode((node) => {
    if (node.id === id) found = node as unknown as MaterialSettings;
  });
  return found;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
