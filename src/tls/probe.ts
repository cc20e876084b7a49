import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { systemClock, type Clock } from '../model/clock';
import { parseThreshold, type RenewalThreshold } from '../model/duration';
import type { Certificate } from '../pki/certificate';
import { chainMembers, readChain } from './chain-reading';
import { Deadline } from './deadline';
import { greet, LONGEST_ANSWER, type GreetingRequest, type MqttGreeting } from './mqtt-greeting';
import { Observation } from './observation';
import type { ProbeReport } from './probe-report';
import { composeReport } from './report-composition';
import { judgeRevocation, readRevocationLists } from './revocation';
import { judgeServerIdentity } from './server-identity';
import { parseTarget, verifiedName, type Target } from './target';
import type { Resolve } from './tcp-connection';
import { completeMaterial, type TlsMaterialParts } from './tls-material';
import { trustedCertificates } from './trust';
import { openWebSocket, WebSocketRefused } from './websocket-stream';

/** What a probe is asked to do; everything but the trust has a default. */
export interface ProbeOptions {
  /** Trust, identity, names, pins; see `tls-material.ts`. */
  material: TlsMaterialParts;
  /** Go on to the CONNACK where the target speaks MQTT. Default true. */
  mqtt?: boolean;
  protocolVersion?: 4 | 5;
  /** Default `probe-<8 hex digits>`: never the id of a running client, which the broker would throw out. */
  clientId?: string;
  username?: string;
  /** Sent only to a server that passed all judgements. */
  secretPassword?: string;
  family?: 0 | 4 | 6;
  /** For everything together. Default 10000. */
  timeoutMs?: number;
  /** `"33%"` of the lifetime remaining, or `"30d"`. */
  warnBefore?: string | RenewalThreshold;
  criticalBefore?: string | RenewalThreshold;
  /** Intermediates we know of, so that a missing one can be named. */
  knownIntermediates?: readonly Certificate[];
  clock?: Clock;
  resolve?: Resolve;
  /** Ends the probe at once, with a report nobody reads; all sockets are closed. */
  signal?: AbortSignal;
}

export const PROBE_TIMEOUT_MS = 10_000;

/**
 * Connect to one endpoint and say what is wrong, why, and how to mend it.
 *
 * The server is judged before anything is said to it: no CONNECT and no credentials go to a server that failed
 * while `verifyServer` is on. All sockets are closed when the report is there.
 *
 * @param target text as {@link parseTarget} reads it, or a target
 * @returns a report; what the other side does is never an exception
 * @throws INPUT_TARGET, INPUT_PORT, INPUT_VALIDITY for the request itself; KEY_MISMATCH, CRL_MALFORMED … for the
 *   material
 */
export async function probe(target: string | Target, options: ProbeOptions): Promise<ProbeReport> {
  const { clock = systemClock, timeoutMs = PROBE_TIMEOUT_MS, family = 0, resolve } = options;
  const aim = typeof target === 'string' ? parseTarget(target) : target;
  const material = completeMaterial({
    ...options.material,
    servername: aim.servername || options.material.servername,
  });
  const thresholds = {
    warnBefore: readThreshold(options.warnBefore ?? '33%'),
    criticalBefore: readThreshold(options.criticalBefore ?? '10%'),
  };
  const anchors = trustedCertificates(material.trust);
  const revocationLists = readRevocationLists(material.crlPem ?? []);

  const startedAt = clock.now();
  const deadline = new Deadline(clock, timeoutMs, options.signal);
  const observation = new Observation(
    { ...aim, servername: material.servername },
    { material, clock, timeoutMs, family, resolve },
    deadline,
  );
  const { evidence } = observation;
  let mqttMs: number | null = null;
  try {
    await observation.run();
    judge(observation, anchors, revocationLists, options.knownIntermediates);
    const wantsMqtt = (options.mqtt ?? true) && SPEAKS_MQTT.includes(aim.protocol);
    if (isAcceptable(observation)) {
      // A web server is asked for a WebSocket first, and one that hangs up then must not look like one that refuses us.
      await observation.clientAuthSettled(!wantsMqtt || aim.protocol === 'wss');
      const isOpen = !evidence.closed && !evidence.failure && !evidence.timedOut;
      if (isOpen && wantsMqtt) {
        const mqttStarted = clock.now();
        await sayConnect(observation, options, deadline);
        mqttMs = clock.now() - mqttStarted;
      } else if (isOpen) {
        evidence.step = 'done';
      }
    }
    observation.look();
  } finally {
    deadline.cancel();
    observation.close();
  }
  return composeReport({
    observation,
    thresholds,
    revocationJudged: revocationLists.length > 0,
    timings: { ...observation.timings, mqttMs, totalMs: clock.now() - startedAt },
  });
}

const SPEAKS_MQTT: readonly Target['protocol'][] = ['mqtts', 'wss', 'mqtt'];

function readThreshold(value: string | RenewalThreshold): RenewalThreshold {
  return typeof value === 'string' ? parseThreshold(value) : value;
}

/** Chain, name, pins and revocation, from what was really sent. */
function judge(
  observation: Observation,
  anchors: readonly Certificate[],
  lists: ReturnType<typeof readRevocationLists>,
  known: readonly Certificate[] = [],
): void {
  const { evidence } = observation;
  const { material, target, now } = evidence;
  const ders = evidence.flight.certificates.length > 0 ? evidence.flight.certificates : fromNode(observation);
  const [leaf] = ders;
  if (!leaf) return;
  evidence.chain = readChain(ders, anchors, now, known);
  evidence.identityFinding = judgeServerIdentity(leaf, verifiedName(target), material, evidence.chain.leaf);
  if (lists.length > 0 && material.verifyServer) {
    evidence.revocationFinding = judgeRevocation(chainMembers(evidence.chain), lists, material.crlScope, now);
  }
}

/** Where the wire could not be read (a cipher we do not open), Node still has the leaf. */
function fromNode({ tlsSocket }: Observation): Buffer[] {
  const raw = tlsSocket?.getPeerCertificate()?.raw;
  return raw ? [raw] : [];
}

/** Nothing may be said to a server for which this is false. */
function isAcceptable({ evidence }: Observation): boolean {
  if (evidence.step !== 'secure') return false;
  if (evidence.target.protocol === 'mqtt') return true;
  const chainFine = !evidence.chainProblem || evidence.material.verifyServer === false;
  return chainFine && evidence.chain !== undefined && !evidence.identityFinding && !evidence.revocationFinding;
}

async function sayConnect(observation: Observation, options: ProbeOptions, deadline: Deadline): Promise<void> {
  const { evidence } = observation;
  evidence.step = 'greeting';
  const raw = (observation.tlsSocket ?? observation.tcpSocket) as Duplex;
  const request = {
    protocolVersion: options.protocolVersion ?? 4,
    clientId: options.clientId ?? `probe-${randomBytes(4).toString('hex')}`,
    username: options.username,
    secretPassword: options.secretPassword,
  };
  evidence.greeting =
    evidence.target.protocol === 'wss'
      ? await greetOverWebSocket(raw, evidence.target, request, deadline)
      : await greet(raw, request, deadline.over);
  const { outcome, refusal } = evidence.greeting;
  evidence.closed ||= outcome === 'closed' || refusal?.kind === 'closed';
  if (outcome === 'connack' && evidence.greeting.reasonCode === 0) evidence.step = 'done';
}

async function greetOverWebSocket(
  raw: Duplex,
  target: Target,
  request: GreetingRequest,
  deadline: Deadline,
): Promise<MqttGreeting> {
  const { protocolVersion } = request;
  try {
    const stream = await deadline.race(openWebSocket(raw, target, undefined, LONGEST_ANSWER));
    return stream ? await greet(stream, request, deadline.over) : { outcome: 'timeout', protocolVersion };
  } catch (error) {
    if (!(error instanceof WebSocketRefused)) throw error;
    return { outcome: 'no-websocket', protocolVersion, refusal: error.refusal };
  }
}
