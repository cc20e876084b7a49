import { once } from 'node:events';
import type { Socket } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../model/clock';
import { isCodedError } from '../model/errors';
import { Deadline } from './deadline';
import { NO_FLIGHT, toFailure, type Evidence } from './evidence';
import { answersPlainMqtt, PLAIN_MQTT_PATIENCE_MS } from './plain-mqtt';
import { secureConnectOptions, withoutRevocationLists } from './secure-options';
import { openTcp, resolveHost, systemResolve, type Resolve, type ResolvedAddress } from './tcp-connection';
import { verifiedName, type Target } from './target';
import type { TlsMaterial } from './tls-material';
import { isVerifyCode } from './verify-codes';
import { WireTap } from './wire-tap';

export interface ObservationOptions {
  material: TlsMaterial;
  clock: Clock;
  timeoutMs: number;
  family: 0 | 4 | 6;
  resolve?: Resolve;
}

/** How long a TLS 1.3 server that asked for a client certificate may take to refuse it; nothing announces that it will not. */
const REFUSAL_GRACE_MS = 500;

/**
 * One connection up to the end of the TLS handshake, watched from outside.
 *
 * It connects exactly as a plain `tls.connect` with the same trust does, so that what Node says is what
 * every other program in Node-RED gets; only the bytes go through a {@link WireTap}. It never writes an
 * application byte.
 */
export class Observation {
  readonly evidence: Evidence;
  /** What a plain `tls.connect` would have refused the server for, name included. */
  nodeProblem: { code: string; message: string } | undefined;
  readonly timings = { dnsMs: null as number | null, tcpMs: null as number | null, tlsMs: null as number | null };
  tlsSocket: TLSSocket | undefined;
  tcpSocket: Socket | undefined;
  #tap: WireTap | undefined;
  #addresses: ResolvedAddress[] = [];
  #sessionTicket: Promise<unknown> = new Promise(() => undefined);
  #ended: Promise<unknown> = new Promise(() => undefined);

  constructor(
    private readonly target: Target,
    private readonly options: ObservationOptions,
    private readonly deadline: Deadline,
  ) {
    this.evidence = {
      target,
      material: options.material,
      now: options.clock.now(),
      timeoutMs: options.timeoutMs,
      step: 'resolving',
      timedOut: false,
      closed: false,
      addresses: [],
      flight: NO_FLIGHT,
    };
  }

  /** Resolve, connect, and for TLS targets shake hands. Never throws for what the other side does. */
  async run(): Promise<void> {
    if (!(await this.#step('dnsMs', () => this.#resolve()))) return;
    this.evidence.step = 'connecting';
    if (!(await this.#step('tcpMs', () => this.#connect()))) return;
    if (this.target.protocol === 'mqtt') {
      this.evidence.step = 'secure';
      return;
    }
    this.evidence.step = 'handshake';
    const silence = this.#askAfterSilence();
    await this.#step('tlsMs', () => this.#handshake());
    silence.cancel();
    this.look();
    const { step, failure, flight, answersPlainMqtt: asked } = this.evidence;
    const endedSilently = step === 'handshake' && failure !== undefined && flight.bytesReceived === 0;
    if (endedSilently && asked === undefined) await this.#askPlainMqtt();
  }

  /** Bring the evidence up to what the wire has shown by now. */
  look(): void {
    if (this.#tap) this.evidence.flight = this.#tap.flight();
  }

  /**
   * In TLS 1.3 the client is done before the server has judged the client certificate; give it time to refuse.
   *
   * @param patient also wait after a session ticket came, because a Node-based broker sends one and hangs up then
   */
  async clientAuthSettled(patient: boolean): Promise<void> {
    const { version, certificateRequest } = this.evidence.flight;
    if (version !== 'TLSv1.3' || !certificateRequest) return;
    const grace = new Deadline(this.options.clock, REFUSAL_GRACE_MS);
    await Promise.race([this.#ended, grace.over, this.deadline.over, ...(patient ? [] : [this.#sessionTicket])]);
    grace.cancel();
    this.look();
  }

  close(): void {
    this.tlsSocket?.destroy();
    this.#tap?.destroy();
    this.tcpSocket?.destroy();
  }

  async #step(timing: keyof Observation['timings'], run: () => Promise<void>): Promise<boolean> {
    const started = this.options.clock.now();
    try {
      await this.deadline.race(run());
    } catch (error) {
      // Ours is about the material and so not a finding about the server.
      if (isCodedError(error)) throw error;
      this.#failed(error);
    }
    this.timings[timing] = this.options.clock.now() - started;
    this.evidence.timedOut ||= this.deadline.isOver;
    return !this.evidence.timedOut && !this.evidence.failure;
  }

  async #resolve(): Promise<void> {
    const { family, resolve = systemResolve } = this.options;
    this.#addresses = await resolveHost(this.target.host, family, resolve);
    this.evidence.addresses = this.#addresses.map(({ address }) => address);
  }

  async #connect(): Promise<void> {
    this.tcpSocket = openTcp(this.target.host, this.target.port, this.#addresses);
    await once(this.tcpSocket, 'connect');
    this.tcpSocket.on('error', () => undefined); // the streams in front of it report what happens from here on
  }

  async #handshake(): Promise<void> {
    const { material } = this.options;
    const name = verifiedName({ host: this.target.host, servername: material.servername });
    this.#tap = new WireTap(this.tcpSocket as Socket);
    const socket = connect({
      ...secureConnectOptions(withoutRevocationLists(material), this.target.host, this.target.port),
      socket: this.#tap,
      checkServerIdentity: (_host, certificate) => {
        this.#nodeSays(checkServerIdentity(name, certificate));
        return undefined; // ours is judged afterwards, from the evidence
      },
    });
    this.tlsSocket = socket;
    this.#tap.listenTo(socket);
    this.#sessionTicket = new Promise((resolve) => socket.once('session', resolve));
    this.#ended = new Promise((resolve) => {
      socket.once('end', resolve);
      socket.once('close', resolve);
    });
    socket.on('end', () => (this.evidence.closed = true));
    await new Promise<void>((resolve) => {
      socket.once('secureConnect', () => {
        this.evidence.step = 'secure';
        if (!socket.authorized) this.#chainRefused(String(socket.authorizationError), '');
        resolve();
      });
      socket.once('close', () => resolve());
      socket.on('error', (error: NodeJS.ErrnoException) => {
        this.#failed(error);
        if (isVerifyCode(error.code ?? '')) {
          this.evidence.step = 'secure';
          this.#chainRefused(error.code as string, error.message);
        }
        resolve();
      });
    });
  }

  #chainRefused(code: string, message: string): void {
    this.evidence.chainProblem = { code, message };
    this.nodeProblem ??= { code, message };
  }

  #nodeSays(error: (Error & { code?: string }) | undefined): void {
    if (error) this.nodeProblem = { code: error.code ?? 'ERR_TLS_CERT_ALTNAME_INVALID', message: error.message };
  }

  #failed(error: unknown): void {
    this.evidence.failure ??= toFailure(error);
  }

  /**
   * Ask a port that says nothing while the handshake is still waiting for it: asked afterwards, a dead endpoint
   * would cost more than its time limit.
   */
  #askAfterSilence(): Deadline {
    const { remainingMs } = this.deadline;
    const silence = new Deadline(this.options.clock, remainingMs - Math.min(PLAIN_MQTT_PATIENCE_MS, remainingMs / 4));
    void silence.over.then(() => {
      if (this.#tap?.receivedBytes === 0 && !this.deadline.isOver) return this.#askPlainMqtt();
      return undefined;
    });
    return silence;
  }

  async #askPlainMqtt(): Promise<void> {
    const { host, port } = this.target;
    const { clock } = this.options;
    const patienceMs = Math.min(PLAIN_MQTT_PATIENCE_MS, this.deadline.remainingMs);
    this.evidence.answersPlainMqtt = await answersPlainMqtt(host, port, this.#addresses, clock, patienceMs);
  }
}
