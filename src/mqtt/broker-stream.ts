import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../model/clock';
import { codedError, type CodedError } from '../model/errors';
import { Deadline } from '../tls/deadline';
import { explainFailure } from '../tls/explanation';
import { connectSecurely } from '../tls/secure-connection';
import { openTcp, resolveHost, systemResolve } from '../tls/tcp-connection';
import { formatTarget, type Target } from '../tls/target';
import { completeMaterial, type TlsMaterial, type TlsMaterialParts } from '../tls/tls-material';
import { refusalError } from '../tls/websocket-refusal';
import { openWebSocket, WebSocketRefused } from '../tls/websocket-stream';
import type { OpenedStream, Verification } from './connection-state';

export interface BrokerStreamOptions {
  /** `mqtts`, `wss`, or `mqtt` for an unencrypted connection. */
  target: Target;
  /** Asked at every call; not for `mqtt`. */
  material: () => Promise<TlsMaterialParts>;
  /** For TCP and TLS together, and once more for the request for a WebSocket. */
  timeoutMs: number;
  clock: Clock;
}

/** Nothing is verified over plain TCP; the probe wants a material all the same. */
const NO_MATERIAL: TlsMaterialParts = { trust: { kind: 'system' } };

/**
 * Open a stream to the broker with the material as it is now.
 *
 * @throws what {@link connectSecurely} throws, in the words of the probe; what reading the material throws
 */
export async function openBrokerStream(options: BrokerStreamOptions, signal: AbortSignal): Promise<OpenedStream> {
  return options.target.protocol === 'mqtt' ? openPlain(options, signal) : openSecure(options, signal);
}

async function openSecure(options: BrokerStreamOptions, signal: AbortSignal): Promise<OpenedStream> {
  const { target, clock, timeoutMs } = options;
  const material = completeMaterial(await options.material());
  const explain = explainer(options, material, signal);
  try {
    const { host, port } = target;
    const judged = await connectSecurely({ host, port, material, timeoutMs, clock, signal });
    const stream = target.protocol === 'wss' ? await openBrokerWebSocket(judged, options, signal) : judged;
    return { stream, verification: verificationOf(material), explain: (error) => explain(error ?? closedSilently()) };
  } catch (error) {
    throw signal.aborted ? error : await explain(error);
  }
}

/** @throws MQTT_WEBSOCKET, NET_CLOSED, MQTT_TIMEOUT */
async function openBrokerWebSocket(judged: Duplex, options: BrokerStreamOptions, signal: AbortSignal): Promise<Duplex> {
  const { target, timeoutMs, clock } = options;
  const deadline = new Deadline(clock, timeoutMs);
  try {
    const stream = await deadline.race(openWebSocket(judged, target, signal));
    if (stream === undefined) throw noWebSocketInTime(target, timeoutMs);
    stream.on('error', () => undefined);
    return stream;
  } catch (error) {
    judged.destroy();
    throw error instanceof WebSocketRefused ? refusalError(error.refusal, target) : error;
  } finally {
    deadline.cancel();
  }
}

function noWebSocketInTime(target: Target, timeoutMs: number): CodedError {
  return codedError(
    'MQTT_TIMEOUT',
    `TLS is fine, but ${formatTarget(target)} did not answer the request for a WebSocket within ${timeoutMs} ms`,
    { timeoutMs },
    'Is this the WebSocket port of the broker? A proxy may wait for a broker that does not run',
  );
}

async function openPlain(options: BrokerStreamOptions, signal: AbortSignal): Promise<OpenedStream> {
  const { target, clock, timeoutMs } = options;
  const { host, port } = target;
  const explain = explainer(options, completeMaterial(NO_MATERIAL), signal);
  const limit = new AbortController();
  const timer = clock.setTimer(timeoutMs, () => limit.abort());
  try {
    const socket = openTcp(host, port, await resolveHost(host, 0, systemResolve));
    socket.on('error', () => undefined);
    await once(socket, 'connect', { signal: AbortSignal.any([signal, limit.signal]) }).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
    return { stream: socket, verification: 'plain', explain: (error) => explain(error ?? closedSilently()) };
  } catch (error) {
    throw signal.aborted ? error : await explain(error);
  } finally {
    timer.cancel();
  }
}

function explainer({ target, timeoutMs, clock }: BrokerStreamOptions, material: TlsMaterial, signal: AbortSignal) {
  return (error: unknown) => explainFailure(error, target, { material, timeoutMs, clock, signal });
}

function verificationOf({ verifyServer, verifyHostname }: TlsMaterial): Verification {
  if (!verifyServer) return 'not-verified';
  return verifyHostname ? 'verified' : 'name-not-verified';
}

/** A broker that ends the stream instead of answering CONNECT; the probe may find out why. */
function closedSilently(): Error {
  return codedError(
    'NET_CLOSED',
    'the broker closed the connection before it answered the MQTT CONNECT',
    {},
    'Its log tells why; a broker that wants another MQTT version or client id may do so without a word',
  );
}
