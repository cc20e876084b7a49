/**
 * What a probe costs beside a bare `tls.connect` and beside other programs, at 1, 10, 100 and 1,000 at once, and how long
 * a thousand of them hold up everything else in Node-RED. Ours and the others in turns: absolute figures depend on the
 * machine and on who else uses it.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { TLS_PROBE_DEFAULTS } from '../src/model/config/tls-probe';
import { parseTarget } from '../src/model/target';
import { inParallel } from '../src/store/parallel';
import { readChain } from '../src/tls/chain-reading';
import { probe } from '../src/tls/probe';
import { probeMany } from '../src/tls/probe-many';
import type { ProbeReport } from '../src/tls/probe-report';
import { probeInThread } from '../src/tls/probe-thread';
import { trustedCertificates } from '../src/tls/trust';
import { strictVerdict } from '../src/tls/verdicts';
import { trusting } from '../test/support/certificates-fixture';
import { EmbeddedNodeRed } from './support/embedded-node-red';
import { sized } from './support/options';
import { CONTEST_HEAD, ContestFigures, type Contender } from './support/probe-contest';
import { startEndpoint, type ProbeEndpoint } from './support/probe-endpoint';
import { report, table } from './support/report';
import { median, pairedRatio } from './support/statistics';

const run = promisify(execFile);
const COST_ROUNDS = sized(3, 15, 40);
const CONNECTS_PER_ROUND = sized(15, 60);
const ROUNDS = sized(1, 3, 9);
const AT_ONCE = sized([1, 10, 100], [1, 10, 100, 1000]);
const NODE_SIZES = sized([1, 10, 100], [10, 100, 1000]);
/** The default of the node. */
const CONCURRENCY = TLS_PROBE_DEFAULTS.concurrency;
const HELD_UP = ['a second', 'ms each', 'held up p99 ms', 'at most ms'];

/** CPU of this process and all its threads, milliseconds for each of `count` runs. */
async function cpuMs(count: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}

function bareConnect(port: number, ca: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () => socket.destroy());
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}

const materialOf = ({ root }: ProbeEndpoint) => ({ ...trusting(root), servername: 'localhost' });
const targetOf = ({ port }: ProbeEndpoint): string => `tls://127.0.0.1:${port}`;

function assertFine(reports: readonly ProbeReport[]): void {
  const failed = reports.find(({ code }) => code !== null);
  if (failed) throw new Error(failed.message);
}

/** One after the other, by CPU: what the reading of the wire, the verdicts and the report add to a handshake. */
async function benchCost(endpoint: ProbeEndpoint): Promise<string> {
  const { port, root, sent } = endpoint;
  const material = materialOf(endpoint);
  const anchors = trustedCertificates(material.trust);
  const read = () => {
    const fresh = sent.map(({ certificate }) => Buffer.from(certificate.der));
    const now = Date.now();
    strictVerdict(readChain(fresh, anchors, now), 'localhost', now);
  };
  const bare = () => bareConnect(port, root.pem);
  const works = [
    bare,
    async () => assertFine([await probe(targetOf(endpoint), { material })]),
    () => bare().then(read),
  ];
  const figures = works.map((): number[] => []);
  for (let round = -2; round < COST_ROUNDS; round += 1) {
    for (const [index, work] of works.entries()) {
      const ms = await cpuMs(CONNECTS_PER_ROUND, work);
      // The first rounds warm up.
      if (round >= 0) figures[index]?.push(ms);
    }
  }
  const [bareMs = [], oursMs = [], readMs = []] = figures;
  return (
    `A full probe takes ${pairedRatio(oursMs, readMs).toFixed(2)} of the CPU of a bare tls.connect that also reads and judges the ` +
    `chain; ${pairedRatio(oursMs, bareMs).toFixed(2)} of one that does not (${median(bareMs).toFixed(2)} ms).`
  );
}

function contendersFor(endpoint: ProbeEndpoint, ca: string): Contender[] {
  const { port, root } = endpoint;
  const options = { material: materialOf(endpoint), timeoutMs: 60_000 };
  const jobs = (count: number) =>
    new Array(count).fill({ target: parseTarget(targetOf(endpoint)), options }) as never[];
  const many = (atOnce: number): number => Math.max(sized(10, 100), atOnce);
  const each = (work: () => Promise<unknown>) => (count: number, atOnce: number) =>
    inParallel(new Array<number>(count).fill(0), atOnce, async () => void (await work()));
  const program = { program: true, endpoints: (atOnce: number) => Math.max(sized(3, 20), atOnce), mostAtOnce: 10 };
  return [
    { name: 'bare tls.connect', mostAtOnce: Infinity, endpoints: many, run: each(() => bareConnect(port, root.pem)) },
    {
      ...{ name: 'a probe', mostAtOnce: 100, endpoints: many },
      run: async (count, concurrency) => assertFine(await probeMany(jobs(count), { concurrency })),
    },
    {
      // The node and this engine take 64 at once at most; more only wait.
      ...{ name: 'a probe, in the thread', mostAtOnce: Infinity, endpoints: many },
      run: async (count, concurrency) => assertFine(await probeInThread(jobs(count), { concurrency })),
    },
    {
      ...{ ...program, name: 'openssl s_client', install: 'sudo apt-get install openssl' },
      run: each(() => sClient(port, ca)),
    },
    {
      // Tries all versions and ciphers: it says more of the server, and nothing of the chain.
      ...{
        ...program,
        name: 'sslscan',
        install: 'sudo apt-get install sslscan',
        mostAtOnce: 1,
        endpoints: () => sized(1, 2),
      },
      run: each(() => run('sslscan', ['--no-colour', `127.0.0.1:${port}`])),
    },
  ];
}

async function sClient(port: number, ca: string): Promise<void> {
  const args = ['-brief', '-verify_return_error', '-CAfile', ca, '-verify_hostname', 'localhost'];
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`openssl s_client ended with ${code}`);
}

/** Everybody at each concurrency, in turns; a program that is missing is named. */
async function benchContest(endpoint: ProbeEndpoint, ca: string): Promise<string[]> {
  const all = contendersFor(endpoint, ca);
  const missing = all.filter(({ name, program }) => program && spawnSync(name.split(' ')[0] as string, ['--version']).error); // prettier-ignore
  const contenders = all.filter((each) => !missing.includes(each));
  for (const contender of contenders) if (!contender.program) await contender.run(2, 1);
  const rows: string[][] = [];
  for (const atOnce of AT_ONCE) {
    const here = contenders.filter(({ mostAtOnce }) => atOnce <= mostAtOnce);
    const figures = new Map(here.map((contender) => [contender, new ContestFigures()]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const contender of here) await figures.get(contender)?.measure(contender, atOnce);
    }
    const bare = figures.get(here[0] as Contender) as ContestFigures;
    for (const [{ name }, found] of figures) rows.push(found.row(name, atOnce, bare));
  }
  return [
    table(CONTEST_HEAD, rows),
    '',
    'The CPU of a thread counts its start, 50 ms. Programs: their own CPU, in steps of 10 ms for all of a round.',
    ...missing.map(({ name, install = '' }) => `${name} is missing: ${install}`),
  ];
}

/** As in Node-RED: the node takes a list, probes in a thread, and sends one message. */
async function benchNode(endpoint: ProbeEndpoint, caFile: string): Promise<string[]> {
  const flows = [
    { id: 'tab', type: 'tab' },
    { id: 'out', type: 'debug', z: 'tab', x: 2, y: 1, active: false },
    {
      ...{ id: 'probe', type: 'tls-probe', z: 'tab', x: 1, y: 1, wires: [['out']] },
      ...TLS_PROBE_DEFAULTS,
      ...{ trust: 'file', caFile, servername: 'localhost' },
    },
  ];
  const nodeRed = await EmbeddedNodeRed.start(flows);
  const rows: string[][] = [];
  try {
    for (const size of [NODE_SIZES[0] as number, ...NODE_SIZES]) {
      const figures = await heldUp(size, async () => {
        const answered = once(nodeRed.node('out'), 'input');
        nodeRed.node('probe').receive({ payload: new Array<string>(size).fill(targetOf(endpoint)) });
        const [{ payload }] = (await answered) as [{ payload: ProbeReport[] }];
        assertFine(payload);
      });
      rows.push([String(size), ...figures]);
    }
  } finally {
    await nodeRed.stop();
  }
  const most = NODE_SIZES.at(-1) as number;
  const jobs = contendersFor(endpoint, caFile).find(({ name }) => name === 'a probe') as Contender;
  rows.push([`${most}, without the thread`, ...(await heldUp(most, () => jobs.run(most, CONCURRENCY)))]);
  // The first run warms up what every later one uses.
  return [table([`endpoints, in the node, ${CONCURRENCY} at once`, ...HELD_UP], rows.slice(1))];
}

/** Rate, and how long the event loop was held up. */
async function heldUp(count: number, work: () => Promise<unknown>): Promise<string[]> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const start = performance.now();
  delay.enable();
  await work();
  delay.disable();
  const ms = performance.now() - start;
  return [(count * 1000) / ms, ms / count, delay.percentile(99) / 1e6, delay.max / 1e6].map((each) => each.toFixed(1));
}

async function bench(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'secure-mqtt-bench-probe-'));
  const endpoint = await startEndpoint();
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, endpoint.root.pem);
  try {
    const cost = await benchCost(endpoint);
    const contest = await benchContest(endpoint, caFile);
    report('probe', [cost, '', ...contest, '', ...(await benchNode(endpoint, caFile))]);
  } finally {
    endpoint.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

void bench().then(() => process.exit());
