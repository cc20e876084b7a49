/**
 * The embedded broker beside Mosquitto and a plain aedes, with TLS and client certificates on all of them. They are asked
 * in turns by the same process, whose share is in all rates and in no figure of CPU.
 *
 * - connects: TLS handshake with a client certificate, CONNECT, CONNACK, for {@link AT_ONCE} clients at once, until so
 *   many are there
 * - QoS 0, QoS 1: messages a second from one client to the others in turn, 100 bytes, at most {@link WINDOW} on their way
 * - to all: messages that reach their subscribers a second, when each goes to all clients
 *
 * `BENCH_PROFILE_SERVERS=<folder>` writes a CPU profile of ours and of aedes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { inParallel } from '../src/store/parallel';
import { BenchClient } from './support/bench-client';
import { PEERS, startPeers, type BrokerPeer, type Material, type PeerName } from './support/broker-peers';
import { sized } from './support/options';
import { cpuMsOf, rssKiBOf } from './support/process-usage';
import { report, table } from './support/report';
import { median, pairedRatio } from './support/statistics';

/** Clients that are connected, one of them the publisher; the embedded broker takes a thousand. */
const SIZES = sized([2, 20, 200], [10, 100, 1000]);
/** How often so many connect: small numbers come and go more often. */
const ROUNDS = sized([3, 2, 1], [5, 3, 1], [15, 10, 3]);
const MESSAGE_ROUNDS = sized(1, 5, 15);
const MESSAGES = sized(400, 3000, 10_000);
const AT_ONCE = 8;
const WINDOW = 100;
/** Connects that make one sample. */
const CHUNK = 100;
const PAYLOAD = 'x'.repeat(100);

/** Samples of one measure: one of each peer in turn. */
type Samples = Record<PeerName, number[]>;

class Findings {
  private readonly byMeasure = new Map<string, Samples>();

  add(measure: string, peer: PeerName, value: number): void {
    const samples = this.byMeasure.get(measure) ?? { ours: [], aedes: [], mosquitto: [] };
    this.byMeasure.set(measure, samples);
    samples[peer].push(value);
  }

  rows(): string[][] {
    return [...this.byMeasure].map(([measure, samples]) => {
      const shown = (peer: PeerName): string => median(samples[peer]).toFixed(median(samples.ours) < 10 ? 2 : 0);
      const ratio = (peer: PeerName): string => pairedRatio(samples.ours, samples[peer]).toFixed(2);
      return [measure, shown('ours'), shown('aedes'), ratio('aedes'), shown('mosquitto'), ratio('mosquitto')];
    });
  }

  of(measure: string, peer: PeerName): number {
    return median(this.byMeasure.get(measure)?.[peer] ?? []);
  }
}

/** A broker with the clients that are connected to it; the last one publishes. */
class Crowd {
  readonly clients: BenchClient[] = [];
  private restKiB = NaN;

  constructor(
    readonly name: PeerName,
    private readonly peer: BrokerPeer,
    private readonly material: Material,
  ) {}

  /** From now on memory is that of the clients that come. */
  rest(): void {
    this.restKiB = rssKiBOf(this.peer.pid);
  }

  /** Time and CPU of the broker since the last call. */
  private watch(): () => { seconds: number; cpuMs: number } {
    const [start, cpu] = [performance.now(), cpuMsOf(this.peer.pid)];
    return () => ({ seconds: (performance.now() - start) / 1000, cpuMs: cpuMsOf(this.peer.pid) - cpu });
  }

  async grow(to: number): Promise<{ perSecond: number; cpuMs: number }> {
    const from = this.clients.length;
    const wanted = Array.from({ length: to - from }, (_, index) => from + index);
    const passed = this.watch();
    await inParallel(wanted, AT_ONCE, async (index) => {
      this.clients[index] = await BenchClient.open(this.peer.port, this.material, index);
    });
    const { seconds, cpuMs } = passed();
    return { perSecond: wanted.length / seconds, cpuMs: cpuMs / wanted.length };
  }

  async subscribe(): Promise<void> {
    await inParallel(this.receivers, AT_ONCE, (client, index) => client.subscribe([`to/${index}`, 'to/all'], 1));
  }

  /** @returns messages that arrived a second, and the CPU of the broker for each, microseconds */
  async messages(qos: 0 | 1, toAll = false): Promise<{ perSecond: number; cpuMicroseconds: number }> {
    const { receivers } = this;
    const each = toAll ? receivers.length : 1;
    const count = Math.max(1, Math.round(MESSAGES / each));
    const window = Math.max(1, Math.floor(WINDOW / each));
    const passed = this.watch();
    await new Promise<void>((resolve) => {
      let [sent, received] = [0, 0];
      const fill = (): void => {
        while (sent < count && sent * each - received < window * each) {
          const topic = toAll ? 'to/all' : `to/${sent % receivers.length}`;
          (this.clients.at(-1) as BenchClient).publish(topic, PAYLOAD, qos, sent++);
        }
      };
      for (const receiver of receivers) {
        receiver.arrived = () => {
          received += 1;
          if (received === count * each) resolve();
          else fill();
        };
      }
      fill();
    });
    const { seconds, cpuMs } = passed();
    return { perSecond: (count * each) / seconds, cpuMicroseconds: (cpuMs * 1000) / (count * each) };
  }

  /** KiB of the broker for each client. */
  get memoryOfEach(): number {
    return (rssKiBOf(this.peer.pid) - this.restKiB) / this.clients.length;
  }

  async leave(): Promise<void> {
    await inParallel(this.clients.splice(0), AT_ONCE, (client) => client.close());
  }

  private get receivers(): BenchClient[] {
    return this.clients.slice(0, -1);
  }
}

const KINDS: [title: string, qos: 0 | 1, toAll: boolean][] = [
  ['QoS 0', 0, false],
  ['QoS 1', 1, false],
  ['QoS 0 to all', 0, true],
  ['QoS 1 to all', 1, true],
];

/** With so many clients: how they come, and what they say to each other. */
async function benchSize(size: number, rounds: number, crowds: readonly Crowd[], found: Findings): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const crowd of crowds) {
      await crowd.leave();
      crowd.rest();
    }
    for (let here = 0; here < size;) {
      here = Math.min(size, here + CHUNK);
      for (const crowd of crowds) {
        const { perSecond, cpuMs } = await crowd.grow(here);
        found.add('connects/s', crowd.name, perSecond);
        found.add('CPU ms of a connect', crowd.name, cpuMs);
      }
    }
  }
  for (const crowd of crowds) {
    // Of few clients it would be the noise of the garbage collector.
    if (size === SIZES.at(-1)) found.add('KiB for a client', crowd.name, crowd.memoryOfEach);
    await crowd.subscribe();
    for (const [, qos, toAll] of KINDS) await crowd.messages(qos, toAll);
  }
  for (let round = 0; round < MESSAGE_ROUNDS; round += 1) {
    for (const [title, qos, toAll] of KINDS) {
      for (const crowd of crowds) {
        const { perSecond, cpuMicroseconds } = await crowd.messages(qos, toAll);
        found.add(`${title}, msg/s`, crowd.name, perSecond);
        found.add(`${title}, CPU µs`, crowd.name, cpuMicroseconds);
      }
    }
  }
}

/** What a connect and a message cost with the most clients, of what they cost with the fewest. */
function growth(all: readonly Findings[]): string {
  const [first, last] = [all[0], all.at(-1)] as [Findings, Findings];
  const measures = ['CPU ms of a connect', 'QoS 0, CPU µs', 'QoS 1, CPU µs', 'QoS 1 to all, CPU µs'];
  const rows = measures.map((measure) => [
    measure,
    ...PEERS.map((peer) => (last.of(measure, peer) / first.of(measure, peer)).toFixed(2)),
  ]);
  return table([`${SIZES.at(-1)} clients / ${SIZES[0]} clients`, 'ours', 'plain aedes', 'Mosquitto'], rows);
}

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-server-'));
  const { material, peers } = await startPeers(folder, SIZES.at(-1) as number);
  try {
    const crowds = PEERS.map((name) => new Crowd(name, peers[name], material));
    // What is loaded and compiled first is in no figure.
    await benchSize(SIZES[0] as number, 1, crowds, new Findings());
    const all: Findings[] = [];
    const lines: string[] = [];
    for (const [index, size] of SIZES.entries()) {
      const found = new Findings();
      all.push(found);
      await benchSize(size, ROUNDS[index] as number, crowds, found);
      const head = [`${size} clients`, 'ours', 'plain aedes', 'ratio', 'Mosquitto', 'ratio'];
      lines.push(table(head, found.rows()), '');
      process.stderr.write(`${size} clients\r`);
    }
    for (const crowd of crowds) await crowd.leave();
    report('server', [
      `Embedded broker, plain aedes and Mosquitto, TLS with client certificates, in turns. Ratios are ours / theirs: of rates above`,
      '1 is better, of CPU and memory below 1. CPU is that of the broker alone.',
      '',
      ...lines,
      growth(all),
    ]);
  } finally {
    await Promise.all(PEERS.map((name) => peers[name].stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

void run();
