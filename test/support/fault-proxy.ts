import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import type { KeyedCertificate } from './certificates';
import { freePort } from './free-port';

/** `up`: from the client to the broker. */
export type Direction = 'up' | 'down';

/** `close`: FIN to both sides; `reset`: RST to the client; `silence`: nothing more is passed on, nobody is told. */
export type End = 'close' | 'reset' | 'silence';

/** Ends a connection after so many bytes of one direction: in the handshake of TLS, for example. */
export interface ByteFault {
  direction: Direction;
  bytes: number;
  end: End;
}

/** Ends a connection at an MQTT packet. */
export interface PacketFault {
  direction: Direction;
  packet: PacketName;
  /** The packet has not, half, or wholly been passed on. */
  place: 'before' | 'within' | 'after';
  end: End;
  /** Packets of that kind that pass before; default 0. */
  after?: number;
}

export type Fault = ByteFault | PacketFault;

/** By packet type (MQTT 3.1.1 §2.2.1). */
const PACKET_NAMES = [
  '',
  'connect',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'pingreq',
  'pingresp',
  'disconnect',
  'auth',
] as const;

export type PacketName = Exclude<(typeof PACKET_NAMES)[number], ''>;

export interface FaultProxyOptions {
  /** Port of the broker on this machine. */
  to: number;
  /** Take TLS off, so that MQTT packets are seen: the broker's port is a plain one then. */
  terminate?: KeyedCertificate;
  /** Bytes are passed on that much later. */
  delayMs?: number;
  /** The port to listen on; any free one otherwise. */
  port?: number;
}

/**
 * A proxy between a client and a broker that does what networks do. Each fault of the list happens once, on whatever
 * connection first comes to its place, and then it is the turn of the next one.
 */
export class FaultProxy {
  readonly faults: Fault[] = [];
  /** What every connection suffers when the list is empty. */
  always: Fault | undefined;
  /** How many faults have happened. */
  happened = 0;
  /** Connections that were accepted. */
  connections = 0;
  private server: net.Server | undefined;
  private readonly watchers = new Set<() => void>();
  private readonly sockets = new Set<net.Socket>();

  private constructor(
    readonly port: number,
    private readonly options: FaultProxyOptions,
  ) {}

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options.port ?? (await freePort()), options);
    await proxy.accept();
    return proxy;
  }

  /** Resolves when only so many faults of the list are still to come. */
  faultsLeft(count: number): Promise<void> {
    return this.until(() => this.faults.length <= count);
  }

  /** Resolves when the next fault happens. */
  happens(): Promise<void> {
    const before = this.happened;
    return this.until(() => this.happened > before);
  }

  /** Resolves when every socket is closed. */
  idle(): Promise<void> {
    return this.until(() => this.sockets.size === 0);
  }

  /** Nothing listens any more (connection refused); those that are open end. */
  async refuse(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    this.cutAll();
    await closed;
  }

  /** Listen again on the same port. */
  async accept(): Promise<void> {
    const { terminate } = this.options;
    const join = (socket: net.Socket): void => this.join(socket);
    this.server = terminate
      ? tls.createServer({ cert: terminate.certificate.pem, key: secretPrivateKeyPem(terminate.privateKey) }, join)
      : net.createServer(join);
    this.server.prependListener('connection', (socket: net.Socket) => this.keep(socket));
    this.server.on('tlsClientError', () => undefined);
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Reset every connection that is open now. */
  cutAll(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    await this.refuse();
    for (const socket of this.sockets) socket.destroy();
  }

  private until(reached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!reached()) return;
        this.watchers.delete(look);
        resolve();
      };
      this.watchers.add(look);
      look();
    });
  }

  private changed(): void {
    for (const look of [...this.watchers]) look();
  }

  private keep(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.changed();
    });
  }

  private join(client: net.Socket): void {
    this.connections += 1;
    const fault = this.faults[0] ?? this.always;
    const broker = net.connect(this.options.to, '127.0.0.1');
    this.keep(broker);
    client.on('error', () => undefined);
    let over = false;
    const end = (how: End): void => {
      over = true;
      this.happened += 1;
      if (this.faults[0] === fault) this.faults.shift();
      this.changed();
      if (how === 'silence') return;
      broker.destroy();
      if (how === 'close') client.end();
      // A TLS socket cannot reset; the one below it can.
      else [...this.sockets].find(({ remotePort }) => remotePort === client.remotePort)?.resetAndDestroy();
    };
    const pass = (direction: Direction, from: net.Socket, to: net.Socket): void => {
      const cut = cutter(direction, fault);
      from.on('data', (chunk: Buffer) => {
        if (over) return;
        for (const { bytes, fatal } of cut(chunk)) {
          if (bytes.length > 0) this.write(to, bytes);
          if (fatal) return end(fatal);
        }
      });
      from.once('close', () => {
        if (over) to.destroy();
        else this.later(() => to.end());
      });
    };
    pass('up', client, broker);
    pass('down', broker, client);
  }

  private write(to: net.Socket, bytes: Buffer): void {
    this.later(() => {
      if (!to.destroyed) to.write(bytes);
    });
  }

  private later(run: () => void): void {
    const { delayMs = 0 } = this.options;
    if (delayMs === 0) run();
    else setTimeout(run, delayMs);
  }
}

interface Piece {
  bytes: Buffer;
  /** The connection ends behind it. */
  fatal?: End;
}

/** Cuts what flows in one direction at the place of the fault. */
function cutter(direction: Direction, fault: Fault | undefined): (chunk: Buffer) => Iterable<Piece> {
  if (fault?.direction !== direction) return (bytes) => [{ bytes }];
  return 'bytes' in fault ? byteCutter(fault) : packetCutter(fault);
}

function byteCutter({ bytes: limit, end }: ByteFault): (chunk: Buffer) => Iterable<Piece> {
  let passed = 0;
  return (chunk) => {
    const bytes = chunk.subarray(0, limit - passed);
    passed += bytes.length;
    return [passed >= limit ? { bytes, fatal: end } : { bytes }];
  };
}

function packetCutter(fault: PacketFault): (chunk: Buffer) => Iterable<Piece> {
  let rest: Buffer = Buffer.alloc(0);
  let toPass = fault.after ?? 0;
  return function* (chunk) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const length = packetLength(rest);
      if (length === undefined) return;
      const packet = rest.subarray(0, length);
      rest = rest.subarray(length);
      const name = PACKET_NAMES[(packet[0] as number) >> 4];
      if (name !== fault.packet || toPass-- > 0) yield { bytes: packet };
      else {
        const share = { before: 0, within: Math.ceil(length / 2), after: length }[fault.place];
        yield { bytes: packet.subarray(0, share), fatal: fault.end };
      }
    }
  };
}

/** Length of the first packet with its fixed header (MQTT 3.1.1 §2.2.3); undefined when it is not complete. */
function packetLength(bytes: Buffer): number | undefined {
  let length = 0;
  for (let index = 1; index < Math.min(bytes.length, 5); index += 1) {
    const byte = bytes[index] as number;
    length += (byte & 0x7f) * 128 ** (index - 1);
    if ((byte & 0x80) !== 0) continue;
    const total = 1 + index + length;
    return bytes.length >= total ? total : undefined;
  }
  return undefined;
}
