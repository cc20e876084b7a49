/**
 * How long it takes from a renewal to the last of 1, 10 and 100 connections that uses the new certificate: real broker
 * configurations in a Node-RED, a CA of the same, and a broker in another process that says which certificate it is shown.
 * Beside it the least that is needed: as many new connections of MQTT.js at once. Then what a rotation costs under traffic.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { connect as tlsConnect } from 'node:tls';
import { MqttClient, type IClientOptions } from 'mqtt';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_IN_DEFAULTS } from '../src/model/config/secure-mqtt-in';
import { TLS_CA_DEFAULTS } from '../src/model/config/tls-ca';
import { TLS_ISSUE_DEFAULTS } from '../src/model/config/tls-issue';
import { secretPrivateKeyPem } from '../src/pki/private-key';
import { makeBrokerCertificates } from '../test/support/broker-certificates';
import { EmbeddedNodeRed } from './support/embedded-node-red';
import { sized } from './support/options';
import { report, table } from './support/report';
import { benchTraffic } from './support/rotation-traffic';
import { median, pairedRatio } from './support/statistics';
import { WatchingBroker } from './support/watching-broker';

const SIZES = sized([1, 10, 40], [1, 10, 100]);
const ROUNDS = sized(1, 5, 9);

const nameOf = (size: number, index: number): string => `of${size}-${index}`;
const namesOf = (size: number): string[] => Array.from({ length: size }, (_, index) => nameOf(size, index));

const PLACE = { z: 'tab', x: 1, y: 1 };

/** A CA, a node that renews, and for each name a connection with a certificate of its own. */
function flowsFor(port: number, caFile: string): Record<string, unknown>[] {
  const connections = SIZES.flatMap(namesOf).flatMap((name) => [
    {
      ...SECURE_MQTT_BROKER_DEFAULTS,
      ...{ id: `broker-${name}`, type: 'secure-mqtt-broker-config', broker: 'localhost', port, clientId: name },
      ...{ trust: 'file', caFile, identity: 'issue', ca: 'ca', identityName: name },
    },
    {
      ...{ ...SECURE_MQTT_IN_DEFAULTS, ...PLACE, id: `in-${name}`, type: 'secure-mqtt-in', wires: [[]] },
      ...{ broker: `broker-${name}`, topic: `to/${name}` },
    },
  ]);
  return [
    { id: 'tab', type: 'tab' },
    { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'Bench CA', folder: 'pki/bench' },
    { ...TLS_ISSUE_DEFAULTS, ...PLACE, id: 'renew', type: 'tls-issue', ca: 'ca', action: 'renew', wires: [['out']] },
    { ...PLACE, id: 'out', type: 'junction', wires: [] },
    ...connections,
  ];
}

/** Who has come with which certificate; resolves when all that are waited for have come with another one. */
class Register {
  private readonly serials = new Map<string, string>();
  private readonly waiting = new Set<string>();
  private done: () => void = () => undefined;

  constructor(broker: WatchingBroker) {
    broker.arrived = ({ clientId, serialNumber }) => {
      const isNew = this.serials.get(clientId) !== serialNumber;
      this.serials.set(clientId, serialNumber);
      if (isNew && this.waiting.delete(clientId) && this.waiting.size === 0) this.done();
    };
  }

  /** @param firstTime those that are there already count */
  all(names: readonly string[], firstTime = false): Promise<void> {
    for (const name of names) if (!firstTime || !this.serials.has(name)) this.waiting.add(name);
    return new Promise((resolve) => {
      this.done = resolve;
      if (this.waiting.size === 0) resolve();
    });
  }
}

interface Rotation {
  /** From the message to the renewing node until its answer: the certificates are durable. */
  renewedMs: number;
  /** From the message to the last connection with its new certificate. */
  allMs: number;
  delayP99: number;
}

async function rotate(nodeRed: EmbeddedNodeRed, register: Register, names: readonly string[]): Promise<Rotation> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const start = performance.now();
  const passed = (): number => performance.now() - start;
  delay.enable();
  const out = nodeRed.node('out');
  const renewed = new Promise<number>((resolve) => {
    const answered = (_msg: unknown, _send: unknown, done: () => void): void => {
      done();
      out.off('input', answered);
      resolve(passed());
    };
    out.on('input', answered);
  });
  const all = register.all(names).then(passed);
  nodeRed.node('renew').receive({ payload: names.map((commonName) => ({ commonName })) });
  const [renewedMs, allMs] = await Promise.all([renewed, all]);
  delay.disable();
  return { renewedMs, allMs, delayP99: delay.percentile(99) / 1e6 };
}

/** As many connections by MQTT.js at once, each closed afterwards. @returns milliseconds to the last CONNACK */
async function bareConnects(port: number, ca: string, pair: { cert: string; key: string }, count: number) {
  const start = performance.now();
  const clients = Array.from({ length: count }, (_, index) => {
    const options = { clientId: `bare${index}`, protocolVersion: 4, reconnectPeriod: 0 } as unknown as IClientOptions;
    const open = () => tlsConnect({ host: 'localhost', port, ca, servername: 'localhost', ...pair });
    return new MqttClient(open as never, options);
  });
  // A broker that resets the connection after DISCONNECT is no failure any more.
  await Promise.all(clients.map((client) => new Promise((...ends) => client.once('connect', ends[0]).on('error', ends[1])))); // prettier-ignore
  const ms = performance.now() - start;
  await Promise.all(clients.map((client) => client.endAsync()));
  return ms;
}

async function benchRotation(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-rotation-'));
  const { root, server, client } = await makeBrokerCertificates();
  const pairOf = ({ certificate, privateKey }: typeof server) => ({
    cert: certificate.pem,
    key: secretPrivateKeyPem(privateKey),
  });
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, root.certificate.pem);
  const broker = await WatchingBroker.start(pairOf(server));
  const register = new Register(broker);
  const nodeRed = await EmbeddedNodeRed.start(flowsFor(broker.port, caFile));
  const rows: string[][] = [];
  const perConnection: number[] = [];
  try {
    await register.all(SIZES.flatMap(namesOf), true);
    await rotate(nodeRed, register, namesOf(SIZES[1] as number));
    for (const size of SIZES) {
      const [ours, bare]: [Rotation[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round += 1) {
        ours.push(await rotate(nodeRed, register, namesOf(size)));
        bare.push(await bareConnects(broker.port, root.certificate.pem, pairOf(client), size));
      }
      const of = (key: keyof Rotation): number => median(ours.map((each) => each[key]));
      const all = ours.map(({ allMs }) => allMs);
      const after = ours.map(({ allMs, renewedMs }) => Math.max(0, allMs - renewedMs));
      perConnection.push(of('allMs') / size);
      rows.push([
        String(size),
        ...[of('renewedMs'), median(after), of('allMs'), of('allMs') / size, median(bare)].map((ms) => ms.toFixed(1)),
        pairedRatio(all, bare).toFixed(2),
        of('delayP99').toFixed(0),
      ]);
    }
  } finally {
    await nodeRed.stop();
    broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const growth = (perConnection.at(-1) as number) / (perConnection[0] as number);
  return [
    table(
      [
        ...['connections', 'renewed ms', 'last one uses it, ms later', 'together ms', 'each ms'],
        ...['bare connects ms', 'together / bare', 'held up p99 ms'],
      ],
      rows,
    ),
    '',
    `A connection among ${SIZES.at(-1)} takes ${growth.toFixed(2)} of the time of one alone.`,
  ].join('\n');
}

async function main(): Promise<void> {
  report('rotation', [
    'Each connection has a certificate of its own; all of a row are renewed by one message, keys too.',
    '',
    await benchRotation(),
    '',
    await benchTraffic(),
  ]);
}

void main().then(() => process.exit());
