import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Clock } from '../model/clock';
import { codedError, isCodedError, type CodedError } from '../model/errors';
import type { SubjectAltName } from '../model/subject-alt-name';
import { RecentCertificates } from '../pki/recent-certificates';
import { PacketSizeGuard } from './packet-size-guard';
import { admitCertificate, type AdmittingAuthority } from './server-admission';
import { ServerCrowd } from './server-crowd';
import { ServerListener } from './server-listener';
import { handshakeProblem } from './server-problem';
import { serverFull, tooManyFailures } from './server-refusals';
import type { Guest } from './server-rules';
import { WebSocketEntrance } from './server-websocket';

export interface EntranceOptions {
  authority: AdmittingAuthority;
  security: 'mutual' | 'server';
  bindAddress: string;
  /** 0: any free one. */
  port: number;
  /** Undefined: no WebSockets; 0: any free one. */
  wsPort: number | undefined;
  hosts: readonly SubjectAltName[];
  material: SecureContextOptions;
  clock: Clock;
  /** MQTT begins: whoever is called begins to read before he returns. */
  onStream: (stream: Duplex, guest: Guest) => void;
  /** For `guest.reason`; also a handshake that failed. */
  onRefused: (guest: Guest) => void;
}

const LARGEST_PACKET = 10 * 1024 * 1024;
/** A CONNECT holds names, a password and a will. */
const LARGEST_CONNECT = 64 * 1024;
/** A SUBSCRIBE with the most filters of a client. */
const LARGEST_CONTROL = 256 * 1024;
/** A message of a WebSocket may hold the end of one packet and all of another. */
const LARGEST_MESSAGE = LARGEST_PACKET + LARGEST_CONNECT;
/** `ws` keeps a message until it is complete; with frames around it, the first packet needs no more than this. */
const MOST_BYTES_BEFORE_CONNECT = 2 * LARGEST_CONNECT;

/**
 * Where clients come in: TLS on one port, TLS and WebSockets on another. On both the client is judged after the
 * handshake, before a byte of HTTP or MQTT is read, and what it sends is bounded.
 */
export class ServerEntrance {
  private listener: ServerListener | undefined;
  private webSocketListener: ServerListener | undefined;
  private readonly webSockets: WebSocketEntrance;
  private readonly guests = new WeakMap<object, Guest>();
  private readonly recent = new RecentCertificates();
  private readonly crowd: ServerCrowd;

  private constructor(private readonly options: EntranceOptions) {
    this.crowd = new ServerCrowd(
      {
        full: (address) => this.refuse({ address }, serverFull()),
        unheard: (address) => this.refuse({ address }, tooManyFailures(address)),
      },
      options.clock,
    );
    this.webSockets = new WebSocketEntrance({
      clock: options.clock,
      largestMessage: LARGEST_MESSAGE,
      // A page knows no password by itself, but the browser shows its certificate to whoever asks.
      pages: options.security === 'mutual' ? options.hosts.map(({ value }) => value.toLowerCase()) : undefined,
      onStream: (stream, socket) => {
        this.begin(stream, this.guestOf(socket), socket);
      },
      onRefused: (socket, reason) => this.refuse(this.guestOf(socket), reason),
    });
  }

  /** @throws NET_ADDRESS_IN_USE, NET_BIND; nothing listens then */
  static async open(options: EntranceOptions): Promise<ServerEntrance> {
    const entrance = new ServerEntrance(options);
    const { port, wsPort } = options;
    try {
      entrance.listener = await entrance.listen(port, (socket, guest) => entrance.begin(socket, guest));
      if (wsPort !== undefined) {
        entrance.webSocketListener = await entrance.listen(wsPort, (socket) => entrance.webSockets.receive(socket));
      }
    } catch (error) {
      await entrance.close();
      throw error;
    }
    return entrance;
  }

  /** The port it listens on; another one than asked for when that was 0. */
  get port(): number {
    return this.listener?.port ?? this.options.port;
  }

  get wsPort(): number | undefined {
    return this.webSocketListener?.port;
  }

  /** Show another certificate to everybody who connects from now on. */
  changeMaterial(material: SecureContextOptions): void {
    this.listener?.changeMaterial(material);
    this.webSocketListener?.changeMaterial(material);
  }

  async close(): Promise<void> {
    await Promise.all([this.listener?.close(), this.webSocketListener?.close()]);
  }

  private listen(port: number, admitted: (socket: TLSSocket, guest: Guest) => void): Promise<ServerListener> {
    const { bindAddress, security, material } = this.options;
    return ServerListener.start({
      port,
      bindAddress,
      requestCertificate: security === 'mutual',
      material,
      crowd: this.crowd,
      onConnection: (socket) => {
        const guest: Guest = { address: socket.remoteAddress, letIn: () => this.crowd.letIn(socket) };
        this.guests.set(socket, guest);
        if (this.admit(socket, guest)) admitted(socket, guest);
        else socket.destroy();
      },
      onHandshakeError: (error, address) => {
        const reason = handshakeProblem(error);
        if (reason) this.refuse({ address }, reason);
      },
    });
  }

  /** A finished handshake: judge the client before anything it says is heard. */
  private admit(socket: TLSSocket, guest: Guest): boolean {
    const { security, authority } = this.options;
    try {
      if (socket.isSessionReused()) throw resumed();
      if (security === 'mutual') guest.certificate = admitCertificate(socket, authority, this.recent);
      return true;
    } catch (error) {
      this.refuse(guest, isCodedError(error) ? error : codedError('TLS_CLIENT_CERT_REFUSED', String(error)));
      return false;
    }
  }

  private begin(stream: Duplex, guest: Guest, below?: Duplex): void {
    this.options.onStream(stream, guest);
    const guard = new PacketSizeGuard(LARGEST_PACKET, LARGEST_CONNECT, LARGEST_CONTROL);
    const end = (reason: CodedError): void => {
      guest.reason ??= reason;
      // With an error, so that it is told.
      stream.destroy(reason);
    };
    // After MQTT has begun to read, so that this listener does not set the stream flowing.
    stream.on('data', (chunk: Buffer) => {
      const size = guard.tooLarge(chunk);
      if (size !== undefined) end(tooLarge(size));
    });
    if (below) boundBeforeConnect(below, guard, end);
  }

  private refuse(guest: Guest, reason: CodedError): void {
    // The first reason is the right one; what follows comes of it.
    if (guest.reason) return;
    guest.reason = reason;
    this.options.onRefused(guest);
  }

  private guestOf(socket: TLSSocket): Guest {
    return this.guests.get(socket) ?? { address: socket.remoteAddress };
  }
}

/** Watch the bytes below a WebSocket until the CONNECT is complete: who has not been let in may not fill the memory. */
function boundBeforeConnect(below: Duplex, guard: PacketSizeGuard, end: (reason: CodedError) => void): void {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (guard.firstIsComplete) below.off('data', count);
    else if (bytes > MOST_BYTES_BEFORE_CONNECT) end(tooLarge(bytes));
  };
  below.on('data', count);
}

function resumed(): CodedError {
  return codedError('TLS_CLIENT_CERT_REFUSED', 'the client resumed a TLS session, which shows no certificate again');
}

function tooLarge(size: number): CodedError {
  return codedError(
    'MQTT_PROTOCOL',
    `the client announced a packet of ${size} bytes, at most ${LARGEST_PACKET} are taken (${LARGEST_CONNECT} for CONNECT, ${LARGEST_CONTROL} for SUBSCRIBE)`,
    { size, limit: LARGEST_PACKET },
    'Send smaller messages',
  );
}
