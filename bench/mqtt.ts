/**
 * Our MQTT nodes beside the core ones: in one Node-RED, over the same Mosquitto, both with TLS and both verifying it.
 * They run in turns, so that what else the machine does slows both; the ratios are what counts.
 *
 * - rate: messages a second from mqtt out to the node behind mqtt in, with at most {@link WINDOW} on their way
 * - burst: the same with all of them sent at once, as after a split node
 * - p50, p99: one message at a time, from mqtt out to the node behind mqtt in
 * - CPU of the process for each message of the rate: hardly depends on what else the machine does
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Node, NodeMessage } from 'node-red';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_IN_DEFAULTS } from '../src/model/config/secure-mqtt-in';
import { SECURE_MQTT_OUT_DEFAULTS } from '../src/model/config/secure-mqtt-out';
import { makeBrokerCertificates, writeForMosquitto } from '../test/support/broker-certificates';
import { startMosquitto } from '../test/support/mosquitto';
import { EmbeddedNodeRed } from './support/embedded-node-red';
import { sized } from './support/options';
import { report, table } from './support/report';
import { median, pairedRatio, quantile } from './support/statistics';

/** `--only='QoS 1, 100 B JSON'`: only the cells that begin so, for looking at a profile. */
const ONLY = process.argv.find((each) => each.startsWith('--only='))?.slice('--only='.length) ?? '';
const ROUNDS = sized(1, 7, 25);
/** Messages of a run. */
const COUNT = sized(200, 1000, 3000);
const SINGLE = sized(40, 200, 1000);
const WINDOW = 100;
/** In steps of 50 ms until a side must be connected. */
const MOST_QUESTIONS = 400;

const SIDES = ['core', 'ours'] as const;
type Side = (typeof SIDES)[number];
const SUBSCRIPTIONS = [1, 100];

/** What devices send: a reading as JSON, a state in words, a table. The nodes parse JSON and hand on other texts. */
const PAYLOADS = {
  '100 B JSON': JSON.stringify({ temperature: 21.5, humidity: 48, unit: '°C', at: 'x'.repeat(37) }),
  '100 B text': 'x'.repeat(100),
  '10 kB JSON': JSON.stringify(Array.from({ length: 100 }, (_, index) => ({ index, value: 'x'.repeat(76) }))),
  '10 kB text': 'x'.repeat(10_000),
} as const;
type Payload = keyof typeof PAYLOADS;

interface Cell {
  qos: 0 | 1;
  payload: Payload;
  subscriptions: number;
}
const CELLS: Cell[] = SUBSCRIPTIONS.flatMap((subscriptions) =>
  ([0, 1] as const).flatMap((qos) =>
    (Object.keys(PAYLOADS) as Payload[]).map((payload) => ({ qos, payload, subscriptions })),
  ),
).filter((cell) => nameOf(cell).startsWith(ONLY));

function nameOf({ qos, payload, subscriptions }: Cell): string {
  return `QoS ${qos}, ${payload}, ${subscriptions} subscription${subscriptions > 1 ? 's' : ''}`;
}

const PLACE = { z: 'tab', x: 1, y: 1 };

/** Brokers, one mqtt out and the mqtt ins of a side and number of subscriptions, and one node behind them all. */
function flowOf(side: Side, subscriptions: number, port: number, caFile: string): Record<string, unknown>[] {
  const name = `${side}${subscriptions}`;
  const [tls, broker] = [`${name}tls`, `${name}broker`];
  const ins = Array.from({ length: subscriptions }, (_, index) => ({
    ...SECURE_MQTT_IN_DEFAULTS,
    ...PLACE,
    id: `${name}in${index}`,
    type: side === 'core' ? 'mqtt in' : 'secure-mqtt-in',
    broker,
    topic: `${name}/${index}/value`,
    qos: '1',
    datatype: 'auto-detect',
    wires: [[`${name}sink`]],
  }));
  const out = {
    ...SECURE_MQTT_OUT_DEFAULTS,
    ...PLACE,
    id: `${name}out`,
    type: side === 'core' ? 'mqtt out' : 'secure-mqtt-out',
    broker,
    wires: [],
  };
  const brokers =
    side === 'core'
      ? [
          {
            id: tls,
            type: 'tls-config',
            cert: '',
            key: '',
            ca: caFile,
            verifyservercert: true,
            servername: 'localhost',
          },
          {
            id: broker,
            type: 'mqtt-broker',
            broker: 'localhost',
            port: String(port),
            tls,
            usetls: true,
            clientid: name,
            protocolVersion: '4',
            keepalive: '60',
            cleansession: true,
            autoConnect: true,
          },
        ]
      : [
          {
            ...SECURE_MQTT_BROKER_DEFAULTS,
            id: broker,
            type: 'secure-mqtt-broker-config',
            broker: 'localhost',
            port,
            clientId: name,
            security: 'server',
            trust: 'file',
            caFile,
            identity: 'none',
          },
        ];
  return [...brokers, out, ...ins, { id: `${name}sink`, type: 'junction', ...PLACE, wires: [] }];
}

/** One side with one number of subscriptions: messages go in at mqtt out and are counted behind mqtt in. */
class Lane {
  private readonly out: Node;
  private arrived: () => void = () => undefined;

  constructor(
    nodeRed: EmbeddedNodeRed,
    private readonly name: string,
    private readonly subscriptions: number,
  ) {
    this.out = nodeRed.node(`${name}out`);
    nodeRed.node(`${name}sink`).on('input', (_msg, _send, done) => {
      done();
      this.arrived();
    });
  }

  /** Resolves when messages go through: every subscription is at the broker. */
  async ready(): Promise<void> {
    for (let index = 0; index < this.subscriptions; index += 1) {
      await new Promise<void>((resolve, reject) => {
        let asked = 0;
        const again = setInterval(() => {
          asked += 1;
          if (asked < MOST_QUESTIONS) return this.send(index, 'ready?', 1);
          clearInterval(again);
          reject(new Error(`nothing arrives through ${this.name}`));
        }, 50);
        this.arrived = () => {
          clearInterval(again);
          resolve();
        };
      });
    }
    // Questions that were asked twice.
    await new Promise((resolve) => setTimeout(resolve, 300));
  }

  /** @returns seconds until the last of `count` messages has arrived, with at most `window` on their way */
  run(count: number, window: number, { payload: kind, qos }: Cell): Promise<number> {
    const payload = PAYLOADS[kind];
    return new Promise((resolve) => {
      let [sent, received] = [0, 0];
      const start = performance.now();
      const fill = (): void => {
        while (sent < count && sent - received < window) this.send(sent++, payload, qos);
      };
      this.arrived = () => {
        received += 1;
        if (received === count) resolve((performance.now() - start) / 1000);
        // One for one: several at a time would leave the kernel's late acknowledgements (40 ms, RFC 1122 §4.2.3.2) to
        // decide the rate, because Mosquitto waits for them (Nagle).
        else fill();
      };
      fill();
    });
  }

  /** @returns milliseconds of each message, one after the other */
  async latencies(count: number, { payload: kind, qos }: Cell): Promise<number[]> {
    const payload = PAYLOADS[kind];
    const found: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const start = performance.now();
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
        this.send(index, payload, qos);
      });
      found.push(performance.now() - start);
      // The acknowledgement and the next message are no part of it.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return found;
  }

  private send(index: number, payload: string, qos: 0 | 1): void {
    const topic = `${this.name}/${index % this.subscriptions}/value`;
    this.out.receive({ topic, payload, qos } as NodeMessage);
  }
}

/** Figures of the rounds of one side. */
class Figures {
  readonly rate: number[] = [];
  readonly burst: number[] = [];
  /** Of each round. */
  readonly p50: number[] = [];
  /** Of all rounds together: in one alone it would be the second worst message. */
  readonly singles: number[] = [];
  readonly cpuMicroseconds: number[] = [];
}

async function measure(lane: Lane, cell: Cell, figures: Figures): Promise<void> {
  const before = process.cpuUsage();
  const seconds = await lane.run(COUNT, WINDOW, cell);
  const { user, system } = process.cpuUsage(before);
  figures.rate.push(COUNT / seconds);
  figures.cpuMicroseconds.push((user + system) / COUNT);
  figures.burst.push(COUNT / (await lane.run(COUNT, Infinity, cell)));
  const single = await lane.latencies(SINGLE, cell);
  figures.p50.push(median(single));
  figures.singles.push(...single);
}

async function benchCell(lanes: Map<string, Lane>, cell: Cell): Promise<string[]> {
  const figures = { core: new Figures(), ours: new Figures() };
  const lane = (side: Side): Lane => lanes.get(`${side}${cell.subscriptions}`) as Lane;
  for (const side of SIDES) await measure(lane(side), cell, new Figures());
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) await measure(lane(side), cell, figures[side]);
  }
  const shown = (key: Exclude<keyof Figures, 'singles'>, digits: number): string[] => {
    const [ours, core] = [figures.ours[key], figures.core[key]];
    return [`${median(ours).toFixed(digits)} / ${median(core).toFixed(digits)}`, pairedRatio(ours, core).toFixed(2)];
  };
  const [oursP99, coreP99] = [quantile(figures.ours.singles, 0.99), quantile(figures.core.singles, 0.99)];
  const p99 = [`${oursP99.toFixed(2)} / ${coreP99.toFixed(2)}`, (oursP99 / coreP99).toFixed(2)];
  return [
    nameOf(cell),
    ...shown('rate', 0),
    ...shown('burst', 0),
    ...shown('p50', 2),
    ...p99,
    ...shown('cpuMicroseconds', 0),
  ];
}

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-broker-'));
  const { root, server } = await makeBrokerCertificates();
  const caFile = join(folder, 'trusted.pem');
  writeFileSync(caFile, root.certificate.pem);
  const mosquitto = await startMosquitto({
    configuration: (port) => [
      `listener ${port}`,
      ...writeForMosquitto(folder, root, server),
      'allow_anonymous true',
      // Nothing is dropped while a burst waits.
      'max_queued_messages 0',
      'log_type information',
    ],
  });
  const flows = SUBSCRIPTIONS.flatMap((subscriptions) =>
    SIDES.flatMap((side) => flowOf(side, subscriptions, mosquitto.port, caFile)),
  );
  const nodeRed = await EmbeddedNodeRed.start([{ id: 'tab', type: 'tab' }, ...flows]);
  try {
    const lanes = new Map<string, Lane>();
    for (const subscriptions of SUBSCRIPTIONS) {
      for (const side of SIDES) {
        const lane = new Lane(nodeRed, `${side}${subscriptions}`, subscriptions);
        await lane.ready();
        lanes.set(`${side}${subscriptions}`, lane);
      }
    }
    const rows: string[][] = [];
    for (const cell of CELLS) {
      rows.push(await benchCell(lanes, cell));
      process.stderr.write(`${rows.length}/${CELLS.length}\r`);
    }
    const pair = (title: string): string[] => [title, 'ratio'];
    report('mqtt', [
      `Node-RED ${nodeRed.version}, ours / core mqtt nodes, MQTT 3.1.1 over TLS to Mosquitto, ${ROUNDS} rounds in turns.`,
      'Rates: above 1 is better; milliseconds and CPU: below 1 is better.',
      '',
      table(
        [
          '',
          ...pair(`msg/s, ${WINDOW} on their way`),
          ...pair('msg/s, burst'),
          ...pair('p50 ms'),
          ...pair('p99 ms'),
          ...pair('CPU µs'),
        ],
        rows,
      ),
    ]);
  } finally {
    await nodeRed.stop();
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

void run();
