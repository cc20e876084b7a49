import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { codedError, isCodedError, type CodedError } from '../model/errors';
import { systemClock, type Clock } from '../model/clock';
import { diagnose } from './diagnosis';
import { Deadline } from './deadline';
import { NO_FLIGHT, toFailure, type Evidence } from './evidence';
import { judgePeerRevocation } from './peer-revocation';
import { RelayStream } from './relay-stream';
import { secureConnectOptions } from './secure-options';
import { judgeServerIdentity } from './server-identity';
import { checkPort, type Target } from './target';
import { addressSelection } from './tcp-connection';
import { completeMaterial, type TlsMaterial, type TlsMaterialParts } from './tls-material';
import { isVerifyCode } from './verify-codes';

export interface SecureConnectionRequest {
  host: string;
  port: number;
  material: TlsMaterialParts;
  family?: 0 | 4 | 6;
  /** For TCP and TLS together. */
  timeoutMs?: number;
  clock?: Clock;
  /** Gives up when it fires. */
  signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Open a TLS connection and hand it out only after the server passed every judgement asked for.
 *
 * `checkServerIdentity` alone is not enough: Node does not call it when the chain was refused before, which with
 * `verifyServer` off would let a wrong pin through; and not on a resumed session. So every row of the table of
 * toggles ends here, in one place, before anybody can write a byte.
 *
 * @returns an open socket with an empty error handler attached, so that a late error cannot end the process; the
 *   caller adds its own
 * @throws CERT_*, TLS_*, NET_* in the words of the probe, without what only the wire shows (see `explainFailure`);
 *   KEY_MISMATCH, CRL_MALFORMED … for the material; INPUT_PORT
 */
export async function connectSecurely(request: SecureConnectionRequest): Promise<TLSSocket> {
  const { host, family = 0, clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = request;
  const port = checkPort(request.port);
  const material = completeMaterial(request.material);
  const options = secureConnectOptions(material, host, port);
  const progress: Pick<Evidence, 'step' | 'addresses'> = {
    step: isIP(host) ? 'connecting' : 'resolving',
    addresses: [],
  };
  const socket = connect({ ...options, ...addressSelection(family) });
  socket.setNoDelay(true);
  socket.on('lookup', (error: Error | null, address: string) => {
    if (error) return;
    progress.step = 'connecting';
    progress.addresses.push(address);
  });
  socket.on('connect', () => (progress.step = 'handshake'));
  socket.on('error', () => undefined);
  const deadline = new Deadline(clock, timeoutMs);
  const abandon = () => socket.destroy(new Error('given up'));
  signal?.addEventListener('abort', abandon, { once: true });
  try {
    const failed = (evidence: Partial<Evidence>) =>
      failure({ host, port }, material, { ...progress, timeoutMs, now: clock.now(), ...evidence });
    const error = await deadline.race(
      secured(socket).then(
        () => null,
        (reason: unknown) => reason,
      ),
    );
    if (error === undefined) throw failed({ timedOut: true });
    if (error !== null) throw isCodedError(error) ? error : failed({ failure: toFailure(error) });
    const refusal = judgeSocket(socket, host, material, clock.now());
    if (refusal) throw refusal;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    deadline.cancel();
    signal?.removeEventListener('abort', abandon);
  }
}

/**
 * The same as a stream at once, for MQTT.js's `streamBuilder`: what is written waits until the server is judged, and
 * a refusal destroys the stream with the coded error.
 */
export function secureStream(request: SecureConnectionRequest): Duplex {
  return new SecureStream(request);
}

class SecureStream extends RelayStream {
  readonly #abort = new AbortController();

  constructor(request: SecureConnectionRequest) {
    super();
    connectSecurely({ ...request, signal: this.#abort.signal }).then(
      (socket) => {
        this.attach(socket);
        this.emit('secureConnect', socket);
      },
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abort.abort();
    super._destroy(error, callback);
  }
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' })));
  });
}

/** Judge an open connection; the last gate, the same for all settings. */
function judgeSocket(socket: TLSSocket, host: string, material: TlsMaterial, now: number): CodedError | undefined {
  const refuse = (message: string) =>
    codedError('TLS_HANDSHAKE', message, { host }, 'Report this with the version of Node; the connection was not used');
  if (material.verifyServer && !socket.authorized) return refuse('the server was not verified');
  if (socket.isSessionReused()) return refuse('a resumed session, which is not verified again');
  const { raw } = socket.getPeerCertificate();
  if (!raw) return refuse('the server sent no certificate');
  return (
    judgeServerIdentity(raw, material.servername || host, material) ??
    (material.crlPem ? judgePeerRevocation(socket.getPeerCertificate(true), material, now) : undefined)
  );
}

function failure(
  at: Pick<Target, 'host' | 'port'>,
  material: TlsMaterial,
  seen: Partial<Evidence> & Pick<Evidence, 'now' | 'timeoutMs' | 'step' | 'addresses'>,
): CodedError {
  const code = seen.failure?.code ?? '';
  const evidence: Evidence = {
    target: { protocol: 'mqtts', ...at, path: '' },
    material,
    timedOut: false,
    closed: false,
    flight: NO_FLIGHT,
    ...seen,
    ...(isVerifyCode(code)
      ? { step: 'secure' as const, chainProblem: { code, message: seen.failure?.message ?? '' } }
      : {}),
  };
  const diagnosis = diagnose(evidence);
  return codedError(
    diagnosis?.code ?? 'TLS_HANDSHAKE',
    diagnosis?.message ?? 'the connection failed',
    { ...diagnosis?.facts, ...(code ? { node: code } : {}) },
    diagnosis?.fix,
  );
}
