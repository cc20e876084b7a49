import net from 'node:net';
import tls from 'node:tls';
import { generate, type Packet } from 'mqtt-packet';
import { inParallel } from '../../src/store/parallel';
import type { AttackedNodeRed, Identity } from './attacked-node-red';
import { sized } from './options';

/** What an attack has at hand. */
export interface Means {
  target: AttackedNodeRed;
  /** One certificate each. */
  identities: readonly Identity[];
  /** Connections to be closed in the end. */
  open: net.Socket[];
}

/** @returns what was found out, in a few words */
type Attack = (means: Means) => Promise<string>;

const LASTS_MS = sized(2000, 10_000);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const written = (socket: net.Socket, bytes: Buffer | string) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) return resolve();
    const done = (): void => {
      socket.off('close', done);
      resolve();
    };
    socket.once('close', done);
    socket.write(bytes, done);
  });
const bytesOf = (packet: Partial<Packet> & { cmd: string }) => generate(packet as Packet);
const publish = (topic: string, payload: string | Buffer, more: object = {}) =>
  bytesOf({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...more } as never);

/** TLS with a certificate, nothing said yet. */
export function handshake({ target, open }: Means, identity: Identity, port = target.port): Promise<tls.TLSSocket> {
  const { certificate, privateKeyPem, trustAnchors } = identity;
  const secrets = { cert: certificate, key: privateKeyPem, ca: trustAnchors };
  return new Promise((resolve) => {
    const socket = tls.connect({ host: '127.0.0.1', servername: 'localhost', port, ...secrets });
    open.push(socket);
    socket.on('error', () => undefined).once('close', () => resolve(socket));
    socket.once('secureConnect', () => resolve(socket));
  });
}

/** @returns the connection and the code of CONNACK; undefined when it was closed instead */
export async function enter(means: Means, identity: Identity, options: object = {}) {
  const socket = await handshake(means, identity);
  const code = await new Promise<number | undefined>((resolve) => {
    socket.once('data', (bytes: Buffer) => resolve(bytes[3])).once('close', () => resolve(undefined));
    const clientId = identity.commonName;
    socket.write(bytesOf({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, clientId, ...options } as never)); // prettier-ignore
  });
  return { socket, code };
}

function counted(codes: (number | undefined)[]): string {
  const counts = new Map<string, number>();
  for (const code of codes) {
    const name = code === undefined ? 'closed' : code === 0 ? 'let in' : `CONNACK ${code}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

/** Again and again from many sides until the time is over. @returns how often */
async function flood(lanes: number, once: () => Promise<unknown>): Promise<number> {
  const end = Date.now() + LASTS_MS;
  let count = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (Date.now() < end) {
        await once();
        count += 1;
      }
    }),
  );
  return count;
}

const first = ({ identities }: Means) => identities[0] as Identity;
const second = ({ identities }: Means) => identities[1] as Identity;

/** Each begins with a quiet Node-RED. */
export const ATTACKS: Record<string, Attack> = {
  'as many clients as certificates': async (means) => {
    const codes: (number | undefined)[] = [];
    await inParallel([...means.identities], 20, async (identity) => {
      codes.push((await enter(means, identity)).code);
    });
    return counted(codes);
  },
  'one key, 300 clients': async (means) => {
    const codes: (number | undefined)[] = [];
    await inParallel(
      Array.from({ length: 300 }, (_, n) => n),
      20,
      async (n) => {
        codes.push((await enter(means, first(means), { clientId: `c${n}` })).code);
      },
    );
    return counted(codes);
  },
  'handshakes, a byte each 50 ms': async ({ target, open }) => {
    const hello = Buffer.from('16030100f0010000ec0303', 'hex');
    const slow = Array.from({ length: 500 }, () => net.connect(target.port, '127.0.0.1').on('error', () => undefined));
    open.push(...slow);
    const end = Date.now() + LASTS_MS + 3000;
    for (let n = 0; Date.now() < end; n += 1) {
      for (const socket of slow) if (!socket.destroyed) socket.write(hello.subarray(n % 11, (n % 11) + 1));
      await pause(50);
    }
    return `${slow.filter(({ destroyed }) => destroyed).length} of 500 closed`;
  },
  'handshakes, one after the other': async (means) => {
    const count = await flood(30, async () => (await handshake(means, first(means))).destroy());
    return `${Math.round((count * 1000) / LASTS_MS)} a second`;
  },
  'handshakes that fail': async ({ target }) => {
    const count = await flood(30, () => {
      const socket = net.connect(target.port, '127.0.0.1').on('error', () => undefined);
      socket.end('GET / HTTP/1.0\r\n\r\n');
      return new Promise((resolve) => socket.resume().once('close', resolve));
    });
    return `${Math.round((count * 1000) / LASTS_MS)} a second`;
  },
  'packets of 200 MiB': async (means) => {
    const announced = Buffer.from('30ffffff7f', 'hex');
    const count = await flood(5, async () => {
      const { socket } = await enter(means, first(means), { clientId: `o${Math.random()}` });
      await written(socket, Buffer.concat([announced, Buffer.alloc(1 << 20)]));
      socket.destroy();
    });
    return `${count} announced`;
  },
  'CONNECT without end': async (means) => {
    const sockets = await Promise.all(Array.from({ length: 90 }, () => handshake(means, first(means))));
    for (let n = 0; n < 60; n += 1) {
      await Promise.all(
        sockets.map((socket) => written(socket, n === 0 ? Buffer.from('10f0ff03', 'hex') : Buffer.alloc(1000))),
      );
      await pause(LASTS_MS / 50);
    }
    return `${sockets.filter(({ destroyed }) => destroyed).length} of 90 closed`;
  },
  '100,000 messages for one who is away': async (means) => {
    const away = await enter(means, first(means), { clean: false });
    await written(
      away.socket,
      bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'q/#', qos: 1 }] } as never),
    );
    await pause(200);
    away.socket.destroy();
    const { socket } = await enter(means, second(means));
    socket.resume();
    for (let n = 0; n < sized(20, 100); n += 1) {
      const block = Array.from({ length: 1000 }, (_, i) =>
        publish(`q/${i}`, Buffer.alloc(500), { qos: 1, messageId: i + 1 }),
      );
      await written(socket, Buffer.concat(block));
    }
    await pause(LASTS_MS / 5);
    const back = await enter(means, first(means), { clean: true });
    back.socket.destroy();
    return socket.destroyed ? 'the sender was cut off' : 'the sender stays';
  },
  'a reader that stops, 200 MiB for it': async (means) => {
    const reader = (await enter(means, first(means))).socket;
    await written(
      reader,
      bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'r', qos: 0 }] } as never),
    );
    await pause(200);
    reader.pause();
    const { socket } = await enter(means, second(means));
    const block = publish('r', Buffer.alloc(1 << 20));
    for (let n = 0; n < sized(20, 200); n += 1) await written(socket, block);
    await pause(LASTS_MS / 5);
    return 'sent';
  },
  '50,000 retained messages': async (means) => {
    const { socket } = await enter(means, first(means));
    socket.resume();
    const count = sized(12_000, 50_000);
    for (let n = 0; n < count; n += 1000) {
      const block = Array.from({ length: 1000 }, (_, i) => publish(`t/${n + i}`, Buffer.alloc(1000), { retain: true }));
      await written(socket, Buffer.concat(block));
    }
    await pause(LASTS_MS / 5);
    for (let n = 0; n < count; n += 1000) {
      await written(
        socket,
        Buffer.concat(Array.from({ length: 1000 }, (_, i) => publish(`t/${n + i}`, '', { retain: true }))),
      );
    }
    return 'sent, then removed';
  },
  'requests for WebSockets': async (means) => {
    const { target } = means;
    const request = `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`;
    const count = await flood(30, async () => {
      const socket = await handshake(means, first(means), target.wsPort);
      await written(socket, request);
    });
    return `${Math.round((count * 1000) / LASTS_MS)} a second, left open`;
  },
  'pings as fast as they go': async (means) => {
    const { socket } = await enter(means, first(means));
    socket.resume();
    const block = Buffer.concat(Array.from({ length: 10_000 }, () => bytesOf({ cmd: 'pingreq' } as never)));
    const count = await flood(1, () => written(socket, block));
    return `${Math.round((count * 10_000 * 1000) / LASTS_MS)} a second`;
  },
};
