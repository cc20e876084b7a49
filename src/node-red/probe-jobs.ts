import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { TlsProbeConfig } from '../model/config/tls-probe';
import { parseThreshold } from '../model/duration';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { Certificate } from '../pki/certificate';
import type { ProbeOptions } from '../tls/probe';
import type { ProbeJob } from '../tls/probe-many';
import { parseTarget, type Target } from '../tls/target';
import type { TlsMaterialParts } from '../tls/tls-material';
import { authorityOf } from './authority-node';
import { brokerNode } from './broker-node';
import { atIndex } from './issue-input';
import { usesIdentity, type MaterialSettings } from './material-settings';
import { isPlainObject, MAX_BATCH } from './payload';
import { intermediatesOf } from './probe-inventory';
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
  /** The CA that is linked, whose inventory knows what the servers should serve. */
  authority?: CertificateAuthority;
  knownIntermediates?: readonly Certificate[];
}

interface LinkedAuthority extends Pick<Basis, 'authority' | 'knownIntermediates'> {
  /** Its revocation list, PEM. */
  list?: string;
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
  // Holes of a sparse list become undefined, which is refused below.
  const items: unknown[] = Array.isArray(asked) ? Array.from(asked) : [asked];
  if (items.length > MAX_BATCH) {
    throw codedError(
      'INPUT_TOO_MANY',
      `${items.length} targets in one message, at most ${MAX_BATCH} are taken`,
      { found: items.length, limit: MAX_BATCH },
      'Split the list',
    );
  }
  const servername = text(msg.servername) ?? (config.servername.trim() || undefined);
  // Every target is checked before anything is read or connected.
  const parsed = items.map((item, index) =>
    atIndex(Array.isArray(asked) ? index : undefined, () =>
      item === undefined && !Array.isArray(asked) ? undefined : readTarget(item, servername),
    ),
  );
  const shared = sharedOptions(config);
  const own = config.broker ? await brokerBasis(RED, config.broker) : await ownBasis(RED, config, credentials);
  const basis = withAuthority(own, await linkedAuthority(RED, config));
  const jobs = parsed.map((target) => ({
    target: targetOf(target, basis, servername),
    options: { ...shared, ...optionsFor(target, basis) },
  }));
  return { jobs, isList: Array.isArray(asked), authority: basis.authority };
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

/** Name and password of a broker are for that broker: a message must not have them sent elsewhere. */
function optionsFor(own: Target | undefined, basis: Basis): ProbeOptions {
  const { material, mqtt, target, knownIntermediates } = basis;
  const isItsOwn = !target || !own || (own.host === target.host && own.port === target.port);
  return {
    material,
    knownIntermediates,
    protocolVersion: mqtt.protocolVersion,
    ...(isItsOwn ? { username: mqtt.username, secretPassword: mqtt.password, clientId: mqtt.clientId } : {}),
  };
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

/** The CA of the settings in use, when trust or identity come from it; an unused choice in them is none. */
async function linkedAuthority(RED: NodeAPI, config: TlsProbeConfig): Promise<LinkedAuthority> {
  const settings = config.broker ? settingsOf(RED, config.broker) : config;
  if (!settings?.ca || !usesAuthority(settings)) return {};
  const authority = await authorityOf(RED, settings.ca);
  return { authority, knownIntermediates: await intermediatesOf(authority), list: (await authority.crl()).pem };
}

/**
 * The CA that is linked says what it has revoked also when the trust comes from elsewhere: a revoked server is refused
 * before anything is said to it, not found in the inventory after it has heard the password.
 */
function withAuthority(own: Basis, { list, ...linked }: LinkedAuthority): Basis {
  const { crlPem, crlScope } = own.material;
  if (!list || crlPem?.includes(list)) return { ...own, ...linked };
  const lists = { crlPem: [...(crlPem ?? []), list], crlScope: crlPem ? crlScope : ('listed-cas' as const) };
  return { ...own, ...linked, material: { ...own.material, ...lists } };
}

function usesAuthority(settings: MaterialSettings): boolean {
  const { security, trust, identity } = settings;
  if (security === 'none') return false;
  return trust === 'ca' || (usesIdentity(settings) && (identity === 'issue' || identity === 'store'));
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
