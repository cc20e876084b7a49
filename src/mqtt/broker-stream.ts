import { once } from 'node:events';
import type { Clock } from '../model/clock';
import { codedError } from '../model/errors';
import { explainFailure } from '../tls/explanation';
import { connectSecurely } from '../tls/secure-connection';
import { openTcp, resolveHost, systemResolve } from '../tls/tcp-connection';
import type { Target } from '../tls/target';
import { completeMaterial, type TlsMaterial, type TlsMaterialParts } from '../tls/tls-material';
import type { OpenedStream, Verification } from './connection-state';

export interface BrokerStreamOptions {
  /** `mqtts`, or `mqtt` for an unencrypted connection. */
  target: Target;
  /** Asked at every call; not for `mqtt`. */
  material: () => Promise<TlsMaterialParts>;
  /** For TCP and TLS together. */
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
  const explain = explainer(options, material);
  try {
    const { host, port } = target;
    const stream = await connectSecurely({ host, port, material, timeoutMs, clock, signal });
    return { stream, verification: verificationOf(material), explain: (error) => explain(error ?? closedSilently()) };
  } catch (error) {
    throw signal.aborted ? error : await explain(error);
  }
}

async function openPlain(options: BrokerStreamOptions, signal: AbortSignal): Promise<OpenedStream> {
  const { target, clock, timeoutMs } = options;
  const { host, port } = target;
  const explain = explainer(options, completeMaterial(NO_MATERIAL));
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

function explainer({ target, timeoutMs, clock }: BrokerStreamOptions, material: TlsMaterial) {
  return (error: unknown) => explainFailure(error, target, { material, timeoutMs, clock });
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
