/**
 * The embedded broker beside Mosquitto and a plain aedes: each in a process of its own, with the same certificates, TLS
 * with client certificates on all of them. They are asked in turns by the same client, whose share is in all figures.
 *
 * - connects: TLS handshake with a client certificate, CONNECT, CONNACK, for {@link AT_ONCE} clients at once
 * - QoS 0, QoS 1: messages a second from one client to another, 100 bytes, at most {@link WINDOW} on their way
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as tlsConnect, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { MqttClient, type IClientOptions } from 'mqtt';
import { generate } from 'mqtt-packet';
import { acquireAuthority } from '../src/ca/authority-registry';
import { AccessList } from '../src/mqtt/acl';
import { SecureMqttServer } from '../src/mqtt/server';
import { Users } from '../src/mqtt/server-admission';
import { parseHosts } from '../src/mqtt/server-certificate';
import { secretPrivateKeyPem } from '../src/pki/private-key';
import { inParallel } from '../src/store/parallel';
import { startMosquitto } from '../test/support/mosquitto';
import { authorityOptions } from '../test/support/test-authority';
import { sized } from './support/options';
import { report, table } from './support/report';
import { median, pairedRatio } from './support/statistics';

const ROUNDS = sized(1, 5, 15);
const CONNECTS = sized(20, 100, 400);
const MESSAGES = sized(400, 2000, 10_000);
const AT_ONCE = 8;
const WINDOW = 100;
const HOSTS = parseHosts('localhost, 127.0.0.1');

/** PEM texts; the keys are of this run only. */
interface Material {
  ca: string;
  server: { cert: string; key: string };
  client: { cert: string; key: string };
}

interface Listening extends Material {
  port: number;
}

const SERVERS = {
  /** Makes the CA, whose certificates the others use, too. */
  ours: async (folder: string): Promise<Listening> => {
    const { authority } = await acquireAuthority(authorityOptions({ userDir: folder }));
    const server = await SecureMqttServer.start({
      authority,
      port: 0,
      bindAddress: '127.0.0.1',
      hosts: HOSTS,
      security: 'mutual',
      users: Users.parse(''),
      acl: AccessList.parse(''),
    });
    const issue = async (request: Parameters<typeof authority.ensure>[0]) => {
      const { certificate, secretPrivateKey } = await authority.ensure(request);
      return { cert: certificate.pem, key: secretPrivateKeyPem(secretPrivateKey as never) };
    };
    return {
      port: server.port,
      ca: authority.trustAnchorsPem,
      server: await issue({ profile: 'server', subject: { commonName: 'peer' }, subjectAltNames: HOSTS }),
      client: await issue({ profile: 'client', subject: { commonName: 'dev01' } }),
    };
  },
  aedes: async (_folder: string, { ca, server, client }: Material): Promise<Listening> => {
    const { Aedes } = await import('aedes');
    const broker = await Aedes.createBroker();
    const listener = createServer({ ...server, ca, requestCert: true, rejectUnauthorized: true }, broker.handle);
    listener.on('tlsClientError', () => undefined);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return { port: (listener.address() as AddressInfo).port, ca, server, client };
  },
};

/** The child is this file once more. */
async function startChild(name: keyof typeof SERVERS, folder: string, material?: Material) {
  const child: ChildProcess = fork(__filename, ['serve', name, folder], { execArgv: ['--require', 'tsx/cjs'] });
  child.send(material ?? {});
  const [listening] = (await once(child, 'message')) as [Listening];
  return { ...listening, stop: () => child.kill() };
}

function serve(name: keyof typeof SERVERS, folder: string): void {
  process.once('message', (material: Material) => {
    void SERVERS[name](folder, material).then((listening) => process.send?.(listening));
  });
}

const openTls = (port: number, { ca, client }: Material): TLSSocket =>
  tlsConnect({ host: '127.0.0.1', servername: 'localhost', port, ca, ...client });

let clients = 0;

/** Until CONNACK. */
function connectOnce(port: number, material: Material): Promise<void> {
  clients += 1;
  const connect = generate({ cmd: 'connect', clientId: `dev${clients}`, keepalive: 60, clean: true } as never);
  return new Promise((resolve, reject) => {
    const socket = openTls(port, material);
    socket.once('secureConnect', () => socket.write(new Uint8Array(connect)));
    socket.once('error', reject);
    socket.once('data', (connack: Buffer) => {
      if (connack[3] === 0) resolve();
      else reject(new Error(`CONNACK ${connack.toString('hex')}`));
      socket.end(generate({ cmd: 'disconnect' }));
    });
  });
}

async function connectRate(port: number, material: Material): Promise<number> {
  const start = performance.now();
  await inParallel(Array.from({ length: CONNECTS }), AT_ONCE, () => connectOnce(port, material));
  return (CONNECTS * 1000) / (performance.now() - start);
}

async function openClient(port: number, material: Material): Promise<MqttClient> {
  clients += 1;
  const options = { clientId: `dev${clients}`, protocolVersion: 4, clean: true } as unknown as IClientOptions;
  const client = new MqttClient(() => openTls(port, material).setNoDelay(true) as never, options);
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return client;
}

async function messageRate(port: number, material: Material, qos: 0 | 1): Promise<number> {
  const [publisher, subscriber] = await Promise.all([openClient(port, material), openClient(port, material)]);
  await subscriber.subscribeAsync('bench/#', { qos });
  const payload = 'x'.repeat(100);
  const seconds = await new Promise<number>((resolve) => {
    let [sent, received] = [0, 0];
    const start = performance.now();
    const fill = (): void => {
      while (sent < MESSAGES && sent - received < WINDOW) publisher.publish(`bench/${sent++ % 100}`, payload, { qos });
    };
    subscriber.on('message', () => {
      received += 1;
      if (received === MESSAGES) resolve((performance.now() - start) / 1000);
      else fill();
    });
    fill();
  });
  await Promise.all([publisher.endAsync(true), subscriber.endAsync(true)]);
  return MESSAGES / seconds;
}

const MEASURES: Record<string, (port: number, material: Material) => Promise<number>> = {
  'connects/s': connectRate,
  'QoS 0 msg/s': (port, material) => messageRate(port, material, 0),
  'QoS 1 msg/s': (port, material) => messageRate(port, material, 1),
};

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-server-'));
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const ours = await startChild('ours', folder);
  const aedes = await startChild('aedes', folder, ours);
  const mosquitto = await startMosquitto({
    configuration: (port) => [
      `listener ${port} 127.0.0.1`,
      `cafile ${write('ca.pem', ours.ca)}`,
      `certfile ${write('server.pem', ours.server.cert)}`,
      `keyfile ${write('server.key', ours.server.key)}`,
      'require_certificate true',
      'allow_anonymous true',
      'max_queued_messages 0',
      'log_type information',
    ],
  });
  try {
    const ports = { ours: ours.port, aedes: aedes.port, mosquitto: mosquitto.port };
    const names = Object.keys(ports) as (keyof typeof ports)[];
    const rows: string[][] = [];
    for (const [title, measure] of Object.entries(MEASURES)) {
      const found: Record<keyof typeof ports, number[]> = { ours: [], aedes: [], mosquitto: [] };
      for (const name of names) await measure(ports[name], ours);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const name of names) found[name].push(await measure(ports[name], ours));
      }
      const ratio = (peer: keyof typeof ports): string => pairedRatio(found.ours, found[peer]).toFixed(2);
      const shown = (name: keyof typeof ports): string => median(found[name]).toFixed(0);
      rows.push([title, shown('ours'), shown('aedes'), ratio('aedes'), shown('mosquitto'), ratio('mosquitto')]);
    }
    report('server', [
      `Embedded broker, plain aedes and Mosquitto, TLS with client certificates, ${ROUNDS} rounds in turns. Above 1 is better.`,
      '',
      table(['', 'ours', 'plain aedes', 'ratio', 'Mosquitto', 'ratio'], rows),
    ]);
  } finally {
    ours.stop();
    aedes.stop();
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[2] === 'serve') serve(process.argv[3] as keyof typeof SERVERS, process.argv[4] as string);
else void run();
