import type { Socket } from 'node:net';
import type { Clock } from '../model/clock';
import { ServerFailures } from './server-failures';

/** Sockets in all stages; a class room has dozens, a machine's file descriptors end at a thousand. */
export const MOST_CONNECTIONS = 1_000;
/** Of one address, before they are let in. */
export const MOST_WAITING_OF_ONE = 100;

/** Having been full is told again only after there was as much room: at the brim one goes and one comes all the time. */
const ROOM_AGAIN = MOST_CONNECTIONS * 0.9;

/** A socket and the TLS socket on top of it have these in common. */
type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localPort'>;

/** What a server wants to know of its crowd. */
export interface CrowdNews {
  /** All places are taken: somebody makes way, or nobody gets in; told once until there is room again. */
  full(address: string): void;
  /** A connection is closed unheard, because too many of its address have failed in this second. */
  unheard(address: string): void;
}

interface Waiting {
  socket: Socket;
  address: string;
}

/**
 * The sockets of all listeners of a server, bounded together. Who has not been let in by a CONNECT makes way, the oldest
 * first: a hundred silent connections would else keep out everybody of their address, and a thousand everybody.
 */
export class ServerCrowd {
  private readonly sockets = new Set<Socket>();
  /** Oldest first. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly byAddress = new Map<string, Map<string, Socket>>();
  private readonly failures: ServerFailures;
  private toldFull = false;

  constructor(
    private readonly news: CrowdNews,
    clock: Clock,
  ) {
    this.failures = new ServerFailures(() => clock.now());
  }

  get size(): number {
    return this.sockets.size;
  }

  /** A connection has come. @returns false when it is to be closed: its address fails too often, or there is no room and nobody to make way */
  enter(socket: Socket): boolean {
    const [key, address] = [keyOf(socket), socket.remoteAddress ?? ''];
    if (!this.failures.hasRoom(address)) {
      this.news.unheard(address);
      return false;
    }
    const neighbours = this.byAddress.get(address) ?? new Map<string, Socket>();
    if (neighbours.size >= MOST_WAITING_OF_ONE) this.makeWay(neighbours.entries().next().value);
    if (this.sockets.size >= MOST_CONNECTIONS) {
      this.tellFull(address);
      const [oldest] = this.waiting;
      if (!oldest) return false;
      this.makeWay([oldest[0], oldest[1].socket]);
    }
    this.sockets.add(socket);
    this.waiting.set(key, { socket, address });
    this.byAddress.set(address, neighbours.set(key, socket));
    socket.once('close', () => {
      this.sockets.delete(socket);
      if (this.sockets.size <= ROOM_AGAIN) this.toldFull = false;
      // The same ends may be another connection by now.
      if (this.waiting.get(key)?.socket !== socket) return;
      this.failures.note(address);
      this.stopWaiting(key);
    });
    return true;
  }

  /** A client has been let in: it need not make way any more. */
  letIn(socket: Ends): void {
    this.stopWaiting(keyOf(socket));
  }

  private tellFull(address: string): void {
    if (!this.toldFull) this.news.full(address);
    this.toldFull = true;
  }

  private makeWay(oldest: [string, Socket] | undefined): void {
    if (!oldest) return;
    const [key, socket] = oldest;
    this.stopWaiting(key);
    this.sockets.delete(socket);
    socket.destroy();
  }

  private stopWaiting(key: string): void {
    const address = this.waiting.get(key)?.address ?? '';
    this.waiting.delete(key);
    const neighbours = this.byAddress.get(address);
    neighbours?.delete(key);
    if (neighbours?.size === 0) this.byAddress.delete(address);
  }
}

function keyOf({ remoteAddress, remotePort, localPort }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
