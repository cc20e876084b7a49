import type net from 'node:net';
import tls from 'node:tls';
import { generate, type Packet } from 'mqtt-packet';
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
export type Attack = (means: Means) => Promise<string>;

export const LASTS_MS = sized(2000, 10_000);
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const written = (socket: net.Socket, bytes: Buffer | string) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) return resolve();
    const done = (): void => {
      socket.off('close', done);
      resolve();
    };
    socket.once('close', done);
    socket.write(bytes, done);
  });
export const bytesOf = (packet: Partial<Packet> & { cmd: string }) => generate(packet as Packet);
export const publish = (topic: string, payload: string | Buffer, more: object = {}) =>
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
  if (socket.destroyed) return { socket, code: undefined };
  const code = await new Promise<number | undefined>((resolve) => {
    socket.once('data', (bytes: Buffer) => resolve(bytes[3])).once('close', () => resolve(undefined));
    const clientId = identity.commonName;
    socket.write(bytesOf({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, clientId, ...options } as never)); // prettier-ignore
  });
  return { socket, code };
}

export function counted(codes: (number | undefined)[]): string {
  const counts = new Map<string, number>();
  for (const code of codes) {
    const name = code === undefined ? 'closed' : code === 0 ? 'let in' : `CONNACK ${code}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

/** Again and again from many sides until the time is over. @returns how often */
export async function flood(lanes: number, once: () => Promise<unknown>): Promise<number> {
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

export const first = ({ identities }: Means) => identities[0] as Identity;
export const second = ({ identities }: Means) => identities[1] as Identity;
