import { constants } from 'node:crypto';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { codedError, type CodedError } from '../model/errors';
import { MOST_CONNECTIONS, type ServerCrowd } from './server-crowd';

const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface ListenerOptions {
  port: number;
  bindAddress: string;
  requestCertificate: boolean;
  material: SecureContextOptions;
  /** The sockets of all listeners of a server, which are bounded together. */
  crowd: ServerCrowd;
  /** A finished handshake; nothing has been judged. */
  onConnection: (socket: TLSSocket) => void;
  /** A handshake that failed. */
  onHandshakeError: (error: NodeJS.ErrnoException, address: string | undefined) => void;
}

/** A TLS server that can change its certificate while it runs and lets go of every socket when it ends. */
export class ServerListener {
  /** Accepts, and hands on whoever is not closed unheard: TLS would begin its work at once. */
  private readonly door: TcpServer;
  /** Never listens. */
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly options: ListenerOptions) {
    const { material, requestCertificate } = options;
    this.server = createServer({
      ...contextOf(material),
      requestCert: requestCertificate,
      // Judged in `admitCertificate`, which can say why; Node would only cut the connection.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.door = createTcpServer((socket) => this.receive(socket));
    // `crowd` bounds them; this is for those that make way and have not gone yet.
    this.door.maxConnections = 2 * MOST_CONNECTIONS;
    this.server.on('secureConnection', (socket) => {
      socket.on('error', () => undefined);
      options.onConnection(socket);
    });
    this.server.on('tlsClientError', (error, socket) => options.onHandshakeError(error, socket.remoteAddress));
  }

  /**
   * Listen.
   *
   * @throws NET_ADDRESS_IN_USE, NET_BIND
   */
  static async start(options: ListenerOptions): Promise<ServerListener> {
    const listener = new ServerListener(options);
    const { port, bindAddress } = options;
    await new Promise<void>((resolve, reject) => {
      listener.door.once('error', (error) => reject(cannotListen(error, port, bindAddress)));
      listener.door.listen(port, bindAddress, resolve);
    });
    listener.door.removeAllListeners('error');
    // Only accept() can fail now (too many open files); the next one may work.
    listener.door.on('error', () => undefined);
    return listener;
  }

  /** The port it listens on; another one than asked for when that was 0. */
  get port(): number {
    return (this.door.address() as AddressInfo | null)?.port ?? this.options.port;
  }

  /** Show another certificate to everybody who connects from now on. */
  changeMaterial(material: SecureContextOptions): void {
    this.server.setSecureContext(contextOf(material));
  }

  private receive(socket: Socket): void {
    const { sockets } = this;
    const { crowd } = this.options;
    socket.on('error', () => undefined);
    if (!crowd.enter(socket)) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    this.server.emit('connection', socket);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.door.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/**
 * No session tickets: a resumed session is let in without its certificate being looked at again. No renegotiation (TLS
 * 1.2): it could show another certificate than the one that was judged. `setSecureContext` forgets what the server was
 * made with, so it is said each time.
 */
function contextOf(material: SecureContextOptions): SecureContextOptions {
  return { ...material, secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION };
}

function cannotListen({ code = '', message }: NodeJS.ErrnoException, port: number, address: string): CodedError {
  const facts = { port, address, code };
  if (code === 'EADDRINUSE') {
    return codedError(
      'NET_ADDRESS_IN_USE',
      `port ${port} on ${address} is taken: another node, another Node-RED or a broker such as Mosquitto listens there`,
      facts,
      'Set another "Port" here and in the nodes that connect to this broker, or stop the other one',
    );
  }
  const hints: Record<string, string> = {
    EADDRNOTAVAIL: 'This machine does not have that address; 127.0.0.1 is this machine only, 0.0.0.0 all networks',
    EACCES: 'Ports below 1024 need special rights; choose one above',
  };
  return codedError('NET_BIND', `cannot listen on ${address} port ${port}: ${message}`, facts, hints[code] ?? '');
}
