/** A broker in a process of its own that tells which certificate each client shows; it lets everybody in. */
import { fork, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';

/** A client has got its CONNACK. */
export interface Arrival {
  clientId: string;
  /** Upper-case hex; empty without a certificate. */
  serialNumber: string;
}

export class WatchingBroker {
  /** Called for each client that has come in. */
  arrived: (arrival: Arrival) => void = () => undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.on('message', (arrival: Arrival) => this.arrived(arrival));
  }

  /** @param identity of the server, PEM */
  static async start(identity: { cert: string; key: string }): Promise<WatchingBroker> {
    const child = fork(__filename, { execArgv: ['--require', 'tsx/cjs'] });
    child.send(identity);
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', resolve).once('exit', () => reject(new Error('the broker has ended before it listened')));
    });
    child.removeAllListeners('exit').once('exit', (_code, signal) => {
      if (signal === null) throw new Error('the broker has died');
    });
    return new WatchingBroker(child, port);
  }

  stop(): void {
    this.child.kill();
  }
}

async function serve(identity: { cert: string; key: string }): Promise<void> {
  const { Aedes } = await import('aedes');
  const broker = await Aedes.createBroker();
  // Asked early: a client that has gone again shows none.
  const shown = new WeakMap<object, string>();
  const tell = (arrival: Arrival): void => void process.send?.(arrival);
  broker.on('clientReady', ({ id, conn }) => tell({ clientId: id, serialNumber: shown.get(conn) ?? '' }));
  const server = createServer({ ...identity, requestCert: true, rejectUnauthorized: false }, (socket) => {
    shown.set(socket, socket.getPeerCertificate().serialNumber);
    broker.handle(socket);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

if (require.main === module) process.once('message', (identity) => void serve(identity as never));
