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
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeBrokerCertificates, writeForMosquitto } from '../test/support/broker-certificates';
import { startMosquitto } from '../test/support/mosquitto';
import { EmbeddedNodeRed } from './support/embedded-node-red';
import { flowOf, Lane, SIDES, type Side } from './support/mqtt-lane';
import { sized } from './support/options';
import { report, table } from './support/report';
import { median, pairedRatio, quantile } from './support/statistics';

/** `--only='QoS 1, 100 B JSON'`: only the cells that begin so, for looking at a profile. */
const ONLY = process.argv.find((each) => each.startsWith('--only='))?.slice('--only='.length) ?? '';
const ROUNDS = sized(1, 5, 25);
/** Messages of a run. */
const COUNT = sized(200, 1000, 3000);
const SINGLE = sized(40, 200, 1000);
const WINDOW = 100;
/** Nodes of one broker configuration that subscribe, each to a topic of its own. */
const SUBSCRIPTIONS = sized([1, 100], [1, 10, 100]);
/** Messages in one run, for the growth, and how often. */
const GROWTH = sized([100, 1_000, 10_000], [1_000, 10_000, 100_000]);
const GROWTH_ROUNDS = sized([1, 1, 1], [5, 2, 1], [9, 5, 3]);

/** What devices send: a reading as JSON, a state in words, a table. The nodes parse JSON and hand on other texts. */
const PAYLOADS = {
  '100 B JSON': JSON.stringify({ temperature: 21.5, humidity: 48, unit: '°C', at: 'x'.repeat(37) }),
  '100 B text': 'x'.repeat(100),
  '10 kB JSON': JSON.stringify(Array.from({ length: 100 }, (_, index) => ({ index, value: 'x'.repeat(76) }))),
  '10 kB text': 'x'.repeat(10_000),
} as const;
type Payload = keyof typeof PAYLOADS;
const KINDS = sized<Payload[]>(['100 B JSON', '10 kB text'], Object.keys(PAYLOADS) as Payload[]);

interface Cell {
  qos: 0 | 1;
  payload: Payload;
  subscriptions: number;
}
const CELLS: Cell[] = SUBSCRIPTIONS.flatMap((subscriptions) =>
  ([0, 1] as const).flatMap((qos) => KINDS.map((payload) => ({ qos, payload, subscriptions }))),
).filter((cell) => nameOf(cell).startsWith(ONLY));

function nameOf({ qos, payload, subscriptions }: Cell): string {
  return `QoS ${qos}, ${payload}, ${subscriptions} subscription${subscriptions > 1 ? 's' : ''}`;
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

async function measure(lane: Lane, { qos, payload }: Cell, figures: Figures): Promise<void> {
  const traffic = { qos, payload: PAYLOADS[payload] };
  const before = process.cpuUsage();
  const seconds = await lane.run(COUNT, WINDOW, traffic);
  const { user, system } = process.cpuUsage(before);
  figures.rate.push(COUNT / seconds);
  figures.cpuMicroseconds.push((user + system) / COUNT);
  figures.burst.push(COUNT / (await lane.run(COUNT, Infinity, traffic)));
  const single = await lane.latencies(SINGLE, traffic);
  figures.p50.push(median(single));
  figures.singles.push(...single);
}

async function benchCell(lanes: Map<string, Lane>, cell: Cell, cpu: Map<string, number>): Promise<string[]> {
  const figures = { core: new Figures(), ours: new Figures() };
  const lane = (side: Side): Lane => lanes.get(`${side}${cell.subscriptions}`) as Lane;
  for (const side of SIDES) await measure(lane(side), cell, new Figures());
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) await measure(lane(side), cell, figures[side]);
  }
  for (const side of SIDES) cpu.set(`${side} ${nameOf(cell)}`, median(figures[side].cpuMicroseconds));
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

/** What a message costs with the most subscriptions, of what it costs with one. */
function growthBySubscriptions(cpu: Map<string, number>): string[] {
  const [least, most] = [SUBSCRIPTIONS[0] as number, SUBSCRIPTIONS.at(-1) as number];
  const rows = ([0, 1] as const).flatMap((qos) =>
    KINDS.map((payload) => {
      const of = (side: Side, subscriptions: number): number =>
        cpu.get(`${side} ${nameOf({ qos, payload, subscriptions })}`) ?? NaN;
      return [
        `QoS ${qos}, ${payload}`,
        ...(['ours', 'core'] as const).map((side) => (of(side, most) / of(side, least)).toFixed(2)),
      ];
    }),
  );
  return [table([`CPU of a message, ${most} subscriptions / ${least}`, 'ours', 'core'], rows)];
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapMiB = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

/** Ten and a hundred times as many messages through one subscription: rate, and what stays in memory. */
async function growthByMessages(lanes: Map<string, Lane>): Promise<string[]> {
  const traffic = { qos: 1, payload: PAYLOADS['100 B JSON'] } as const;
  const rows: string[][] = [];
  for (const [index, count] of GROWTH.entries()) {
    const rate: Record<Side, number[]> = { core: [], ours: [] };
    const burst: Record<Side, number[]> = { core: [], ours: [] };
    const left: Record<Side, number[]> = { core: [], ours: [] };
    for (let round = 0; round < (GROWTH_ROUNDS[index] as number); round += 1) {
      for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const lane = lanes.get(`${side}1`) as Lane;
        const before = heapMiB();
        rate[side].push(count / (await lane.run(count, WINDOW, traffic)));
        burst[side].push(count / (await lane.run(count, Infinity, traffic)));
        left[side].push(heapMiB() - before);
      }
    }
    const pair = (of: Record<Side, number[]>, digits = 0) =>
      `${median(of.ours).toFixed(digits)} / ${median(of.core).toFixed(digits)}`;
    const ratio = (of: Record<Side, number[]>) => pairedRatio(of.ours, of.core).toFixed(2);
    rows.push([String(count), pair(rate), ratio(rate), pair(burst), ratio(burst), pair(left, 1)]);
  }
  const head = ['messages, QoS 1, 100 B JSON', `msg/s, ${WINDOW} on their way`, 'ratio', 'msg/s, burst', 'ratio', 'heap + MiB afterwards']; // prettier-ignore
  return [table(head, rows)];
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
    const cpu = new Map<string, number>();
    for (const cell of CELLS) {
      rows.push(await benchCell(lanes, cell, cpu));
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
      ...(ONLY ? [] : ['', ...growthBySubscriptions(cpu), '', ...(await growthByMessages(lanes))]),
    ]);
  } finally {
    await nodeRed.stop();
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

void run();
