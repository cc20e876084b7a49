/**
 * What a probe costs beside a bare `tls.connect`, and how long a thousand of them hold up everything else in Node-RED.
 * All figures of one run, ours and the bare connection in turns: absolute ones depend on the machine and on who else
 * uses it. The server runs in a process of its own, so that its share is in no figure.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import tls from 'node:tls';
import { readChain } from '../src/tls/chain-reading';
import { probe } from '../src/tls/probe';
import { probeMany, type ProbeJob } from '../src/tls/probe-many';
import { probeInThread } from '../src/tls/probe-thread';
import { parseTarget } from '../src/tls/target';
import { trustedCertificates } from '../src/tls/trust';
import { strictVerdict } from '../src/tls/verdicts';
import {
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  trusting,
  type HandmadeCertificate,
} from '../test/support/certificates-fixture';

const ROUNDS = 9;
const CONNECTS_PER_ROUND = 60;
const MANY = 1000;
const CONCURRENCY = 8;

/** CPU of this process and all its threads, milliseconds for each of `count` runs. */
async function cpuMs(count: number, run: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += 1) await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

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

async function benchCost(port: number, root: HandmadeCertificate, sent: HandmadeCertificate[]): Promise<void> {
  const material = { ...trusting(root), servername: 'localhost' };
  const anchors = trustedCertificates(material.trust);
  const bare = () => bareConnect(port, root.pem);
  const ours = async () => {
    const { code, message } = await probe(`tls://127.0.0.1:${port}`, { material });
    if (code) throw new Error(message);
  };
  const reading = () => {
    const fresh = sent.map(({ certificate }) => Buffer.from(certificate.der));
    const chain = readChain(fresh, anchors, Date.now());
    strictVerdict(chain, 'localhost', Date.now());
  };
  const figures = { bare: [] as number[], ours: [] as number[], reading: [] as number[] };
  for (const run of [bare, ours, reading]) await cpuMs(CONNECTS_PER_ROUND, run);
  for (let round = 0; round < ROUNDS; round += 1) {
    figures.bare.push(await cpuMs(CONNECTS_PER_ROUND, bare));
    figures.ours.push(await cpuMs(CONNECTS_PER_ROUND, ours));
    figures.reading.push(await cpuMs(CONNECTS_PER_ROUND, reading));
  }
  const [b, o, r] = [median(figures.bare), median(figures.ours), median(figures.reading)];
  process.stdout.write(
    `a full probe: ${(o / b).toFixed(2)} of the CPU of a bare tls.connect (${b.toFixed(2)} ms); reading and judging ` +
      `the chain alone ${(r / b).toFixed(2)}, all the rest ${((o - r) / b).toFixed(2)}\n`,
  );
}

async function benchMany(port: number, root: HandmadeCertificate): Promise<void> {
  const material = { ...trusting(root), servername: 'localhost' };
  const job: ProbeJob = { target: parseTarget(`tls://127.0.0.1:${port}`), options: { material, timeoutMs: 60_000 } };
  const jobs = new Array<ProbeJob>(MANY).fill(job);
  for (const [where, run] of [
    ['in a thread', probeInThread],
    ['in the main thread', probeMany],
  ] as const) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const start = performance.now();
    const reports = await run(jobs, { concurrency: CONCURRENCY });
    const seconds = (performance.now() - start) / 1000;
    delay.disable();
    const fine = reports.filter(({ code }) => code === null).length;
    process.stdout.write(
      `${MANY} probes ${where}: ${(MANY / seconds).toFixed(0)}/s, ${fine} fine; event loop held up p99 ` +
        `${(delay.percentile(99) / 1e6).toFixed(1)} ms, at most ${(delay.max / 1e6).toFixed(1)} ms\n`,
    );
  }
}

async function run(): Promise<void> {
  const root = handmadeRoot();
  const intermediate = handmadeIntermediate(root);
  const leaf = handmadeServer(intermediate);
  const server = await startServer(leaf, [intermediate]);
  try {
    await benchCost(server.port, root, [leaf, intermediate]);
    await benchMany(server.port, root);
  } finally {
    server.stop();
  }
}

if (process.argv[2] === 'serve') serve();
else void run();
