/**
 * What a probe costs beside a bare `tls.connect` and beside other programs, how it grows, and how long a thousand of
 * them hold up everything else in Node-RED. Ours and the others in turns: absolute figures depend on the machine and on
 * who else uses it. The server runs in a process of its own, so that its share is in no figure.
 */
import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { TLS_PROBE_DEFAULTS } from '../src/model/config/tls-probe';
import { parseTarget } from '../src/model/target';
import { readChain } from '../src/tls/chain-reading';
import { probe } from '../src/tls/probe';
import { probeMany, type ProbeJob } from '../src/tls/probe-many';
import type { ProbeReport } from '../src/tls/probe-report';
import { trustedCertificates } from '../src/tls/trust';
import { strictVerdict } from '../src/tls/verdicts';
import {
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  trusting,
  type HandmadeCertificate,
} from '../test/support/certificates-fixture';
import { EmbeddedNodeRed } from './support/embedded-node-red';
import { sized } from './support/options';
import { report, table } from './support/report';
import { median, pairedRatio } from './support/statistics';

const run = promisify(execFile);
const ROUNDS = sized(2, 9);
const CONNECTS_PER_ROUND = sized(20, 60);
const PROGRAM_RUNS = sized(3, 20);
const SIZES = sized([1, 10, 100], [1, 10, 100, 1000]);
const CONCURRENCY = 8;

/** CPU of this process and all its threads, milliseconds for each of `count` runs. */
async function cpuMs(count: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}

/** Milliseconds on the clock for each of `count` runs, one after the other. */
async function wallMs(count: number, work: () => unknown): Promise<number> {
  const start = performance.now();
  for (let done = 0; done < count; done += 1) await work();
  return (performance.now() - start) / count;
}

function bareConnect(port: number, ca: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () => socket.destroy());
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}

/** The child is this file once more. */
async function startServer(leaf: HandmadeCertificate, chain: HandmadeCertificate[]) {
  const child = fork(__filename, ['serve'], { execArgv: ['--require', 'tsx/cjs'] });
  child.send({ key: leaf.keyPem, cert: [leaf, ...chain].map(({ pem }) => pem).join('') });
  const [port] = (await once(child, 'message')) as [number];
  return { port, stop: () => child.kill() };
}

function serve(): void {
  process.once('message', (identity: { key: string; cert: string }) => {
    const server = tls.createServer(identity, (socket) => socket.on('error', () => undefined).resume());
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
  });
}

async function benchCost(port: number, root: HandmadeCertificate, sent: HandmadeCertificate[]): Promise<string> {
  const material = { ...trusting(root), servername: 'localhost' };
  const anchors = trustedCertificates(material.trust);
  const read = () => {
    const fresh = sent.map(({ certificate }) => Buffer.from(certificate.der));
    const now = Date.now();
    strictVerdict(readChain(fresh, anchors, now), 'localhost', now);
  };
  const bare = () => bareConnect(port, root.pem);
  const works = [bare, () => probed(port, material), () => bare().then(read)];
  const figures = works.map((): number[] => []);
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [index, work] of works.entries()) {
      const ms = await cpuMs(CONNECTS_PER_ROUND, work);
      // The first round warms up.
      if (round >= 0) figures[index]?.push(ms);
    }
  }
  const [bareMs = [], oursMs = [], readMs = []] = figures;
  return (
    `A full probe takes ${pairedRatio(oursMs, readMs).toFixed(2)} of the CPU of a bare tls.connect that also reads and judges the ` +
    `chain; ${pairedRatio(oursMs, bareMs).toFixed(2)} of one that does not (${median(bareMs).toFixed(2)} ms).`
  );
}

async function probed(port: number, material: ReturnType<typeof trusting>): Promise<void> {
  const { code, message } = await probe(`tls://127.0.0.1:${port}`, { material });
  if (code) throw new Error(message);
}

/** Programs that a shell script would call in a loop; one that is missing is named. */
async function benchPrograms(port: number, root: HandmadeCertificate, folder: string): Promise<string[]> {
  const ca = path.join(folder, 'ca.pem');
  writeFileSync(ca, root.pem);
  const material = { ...trusting(root), servername: 'localhost' };
  const rows: [name: string, work: () => Promise<unknown>][] = [
    ['a probe', () => probed(port, material)],
    ['openssl s_client', () => sClient(port, ca)],
    ['sslscan', () => run('sslscan', ['--no-colour', `127.0.0.1:${port}`])],
  ];
  const figures: string[][] = [];
  const missing: string[] = [];
  for (const [name, work] of rows) {
    try {
      await work();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      missing.push(`${name} is missing: sudo apt-get install ${name.split(' ')[0]}`);
      continue;
    }
    figures.push([name, (await wallMs(name === 'sslscan' ? 3 : PROGRAM_RUNS, work)).toFixed(1)]);
  }
  const [own = ''] = figures.map(([, ms]) => ms ?? '');
  const shown = figures.map(([name = '', ms = '']) => [name, ms, (Number(ms) / Number(own)).toFixed(1)]);
  return [table(['one after the other', 'ms each', 'times ours'], shown), ...missing];
}

async function sClient(port: number, ca: string): Promise<void> {
  const args = ['-brief', '-verify_return_error', '-CAfile', ca, '-verify_hostname', 'localhost'];
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`openssl s_client ended with ${code}`);
}

/** As in Node-RED: the node takes a list, probes in a thread, and sends one message. */
async function benchNode(port: number, folder: string): Promise<string[]> {
  const flows = [
    { id: 'tab', type: 'tab' },
    { id: 'out', type: 'debug', z: 'tab', x: 2, y: 1, active: false },
    {
      ...{ id: 'probe', type: 'tls-probe', z: 'tab', x: 1, y: 1, wires: [['out']] },
      ...TLS_PROBE_DEFAULTS,
      ...{ trust: 'file', caFile: path.join(folder, 'ca.pem'), servername: 'localhost', concurrency: CONCURRENCY },
    },
  ];
  const nodeRed = await EmbeddedNodeRed.start(flows);
  const rows: string[][] = [];
  try {
    for (const size of [SIZES[0] as number, ...SIZES]) {
      rows.push(await benchRun(nodeRed, new Array<string>(size).fill(`tls://127.0.0.1:${port}`)));
    }
  } finally {
    await nodeRed.stop();
  }
  // The first run warms up what every later one uses.
  const head = ['endpoints, in the node', 'a second', 'ms each', 'held up p99 ms', 'at most ms'];
  return [table(head, rows.slice(1))];
}

async function benchRun(nodeRed: EmbeddedNodeRed, targets: string[]): Promise<string[]> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const answered = once(nodeRed.node('out'), 'input');
  const start = performance.now();
  delay.enable();
  nodeRed.node('probe').receive({ payload: targets });
  const [{ payload }] = (await answered) as [{ payload: ProbeReport[] }];
  delay.disable();
  const ms = performance.now() - start;
  const failed = payload.find(({ code }) => code !== null);
  if (failed) throw new Error(failed.message);
  const figures = [(targets.length * 1000) / ms, ms / targets.length, delay.percentile(99) / 1e6, delay.max / 1e6];
  return [String(targets.length), ...figures.map((figure) => figure.toFixed(1))];
}

/** What it would be without the thread. */
async function benchMainThread(port: number, root: HandmadeCertificate): Promise<string> {
  const material = { ...trusting(root), servername: 'localhost' };
  const job: ProbeJob = { target: parseTarget(`tls://127.0.0.1:${port}`), options: { material, timeoutMs: 60_000 } };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await probeMany(new Array<ProbeJob>(SIZES.at(-1) as number).fill(job), { concurrency: CONCURRENCY });
  delay.disable();
  const [p99, most] = [delay.percentile(99), delay.max].map((nanoseconds) => (nanoseconds / 1e6).toFixed(1));
  return `Without the thread ${SIZES.at(-1)} probes hold up the event loop for ${p99} ms (p99), at most ${most} ms.`;
}

async function bench(): Promise<void> {
  const root = handmadeRoot();
  const intermediate = handmadeIntermediate(root);
  const leaf = handmadeServer(intermediate);
  const folder = mkdtempSync(path.join(tmpdir(), 'secure-mqtt-bench-probe-'));
  const server = await startServer(leaf, [intermediate]);
  try {
    report('probe', [
      await benchCost(server.port, root, [leaf, intermediate]),
      '',
      ...(await benchPrograms(server.port, root, folder)),
      '',
      ...(await benchNode(server.port, folder)),
      '',
      await benchMainThread(server.port, root),
    ]);
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[2] === 'serve') serve();
else void bench().then(() => process.exit());
