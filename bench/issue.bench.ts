import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { acquireAuthority, authoritySettings } from '../src/ca/authority-registry';
import { TLS_CA_DEFAULTS } from '../src/model/config/tls-ca';
import type { Row } from './print';

const BATCH = 1_000;
const ROUNDS = 3;
/** openssl needs a process for each step, as the workshop's script does it. */
const OPENSSL_CERTIFICATES = 10;

/** One batch of P-256 device certificates into a folder, durable; the longest time the event loop stood still. */
async function batch(): Promise<{ perSecond: number; longestStallMs: number; p99StallMs: number }> {
  const userDir = await mkdtemp(join(tmpdir(), 'secure-mqtt-bench-'));
  const lease = await acquireAuthority({
    folder: join(userDir, 'pki', 'bench'),
    userDir,
    nodeId: 'bench',
    settings: authoritySettings({ ...TLS_CA_DEFAULTS, name: 'Bench' }),
  });
  const requests = Array.from({ length: BATCH }, (_, index) => ({
    profile: 'device' as const,
    subject: { commonName: `dev${index}` },
  }));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  await lease.authority.issue(requests);
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  await lease.release();
  await rm(userDir, { recursive: true });
  return { perSecond: BATCH / seconds, longestStallMs: delay.max / 1e6, p99StallMs: delay.percentile(99) / 1e6 };
}

/** The same by openssl: key, request, signature. Not durable: nothing is synced. */
async function openssl(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-mqtt-bench-'));
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = (name: string) => run('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', name);
  key('ca.key');
  run('req', '-x509', '-key', 'ca.key', '-subj', '/CN=Bench', '-out', 'ca.pem');
  const start = performance.now();
  for (let index = 0; index < OPENSSL_CERTIFICATES; index += 1) {
    key('dev.key');
    run('req', '-new', '-key', 'dev.key', '-subj', `/CN=dev${index}`, '-out', 'dev.csr');
    run('x509', '-req', '-in', 'dev.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'dev.pem');
  }
  const perSecond = OPENSSL_CERTIFICATES / ((performance.now() - start) / 1000);
  await rm(folder, { recursive: true });
  return perSecond;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

export async function run(): Promise<Row[]> {
  await batch();
  const ours: Awaited<ReturnType<typeof batch>>[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await batch());
    theirs.push(await openssl());
  }
  const perSecond = median(ours.map((one) => one.perSecond));
  const stall = Math.max(...ours.map((one) => one.longestStallMs));
  return [
    { what: 'openssl CLI, three processes, not durable', value: median(theirs), unit: 'certificates/s' },
    {
      what: `batch of ${BATCH}, P-256, key stored, durable`,
      value: perSecond,
      unit: 'certificates/s',
      beside: `${(perSecond / median(theirs)).toFixed(1)} x openssl CLI`,
    },
    {
      what: 'longest stall of the event loop in a batch',
      value: stall,
      unit: 'ms',
      goal: { text: 'at most 50 ms', met: stall <= 50 },
    },
    { what: 'stall, 99th percentile', value: median(ours.map((one) => one.p99StallMs)), unit: 'ms' },
  ];
}
