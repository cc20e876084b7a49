/**
 * How fast a CA issues beside libraries and programs that do, and how long it holds up everything else in Node-RED
 * meanwhile. All take turns, so that what else the machine does slows all of them; the ratios are what counts.
 *
 * - sign: a certificate for a key that is there; nothing is written
 * - key + certificate: programs write files, without fsync; libraries write nothing
 * - durable: ours alone, key and certificate on the disk whatever happens next
 */
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { acquireAuthority, authoritySettings } from '../src/ca/authority-registry';
import { TLS_CA_DEFAULTS } from '../src/model/config/tls-ca';
import { buildCertificate } from '../src/pki/certificate-builder';
import { generatePrivateKey } from '../src/pki/key-generation';
import { newSerialNumber } from '../src/pki/serial-number-source';
import { inParallel } from '../src/store/parallel';
import { enterAll, type Contestant, type ContestKey, type Peer } from './support/issue-contest';
import { LIBRARIES } from './support/issue-libraries';
import { opensslBatch, PROGRAMS } from './support/issue-programs';
import { sized } from './support/options';
import { report, table } from './support/report';
import { median } from './support/statistics';

const ROUNDS = sized(1, 5, 9);
/** Certificates of a round: signing is quick, making an RSA key takes 140 ms on Node 20, starting a program 10 to 100. */
const COUNTS = { sign: sized(100, 500), issue: { 'ec-p256': sized(3, 20), 'rsa-2048': sized(2, 6) } };
/** Batches at 1x, 10x and 100x. */
const BATCHES: Record<ContestKey, number[]> = {
  'ec-p256': sized([10, 100, 200], [10, 100, 1000], [100, 1000, 10_000]),
  'rsa-2048': sized([2, 6], [4, 40]),
};
const SIGN_AT_ONCE = 3;
/** As many as `key-generation.ts` has in flight. */
const RSA_AT_ONCE = 2;

async function perSecond(count: number, work: (index: number) => Promise<unknown>, atOnce = 1): Promise<number> {
  const start = performance.now();
  await inParallel(Array.from({ length: count }), atOnce, async (_, index) => void (await work(index)));
  return (count * 1000) / (performance.now() - start);
}

/** The floor of pki alone. */
const inMemory: Peer = {
  name: 'ours, in memory',
  install: '',
  async enter(keyType) {
    const issuerKey = await generatePrivateKey(keyType);
    const now = Date.now();
    const common = { subjectAltNames: [], notBefore: new Date(now - 1000), notAfter: new Date(now + 86_400_000) };
    const certificate = await buildCertificate({
      ...common,
      profile: 'root',
      serialNumber: newSerialNumber(),
      subject: { commonName: 'Bench' },
      publicKey: createPublicKey(issuerKey),
      issuer: { selfSignedWith: issuerKey },
    });
    const leafKey = createPublicKey(await generatePrivateKey(keyType));
    const certify = (index: number, publicKey: KeyObject) =>
      buildCertificate({
        ...{ ...common, profile: 'device', serialNumber: newSerialNumber(), publicKey },
        subject: { commonName: `dev${index}` },
        issuer: { certificate, privateKey: issuerKey },
      });
    return {
      sign: (index) => certify(index, leafKey),
      issue: async (index) => certify(index, createPublicKey(await generatePrivateKey(keyType))),
    };
  },
};

async function openAuthority(userDir: string, keyType: ContestKey, passphrase = '') {
  const { authority, release } = await acquireAuthority({
    folder: join(userDir, `ca-${keyType}-${passphrase ? 'encrypted' : 'clear'}`),
    ...{ userDir, nodeId: 'bench', settings: authoritySettings({ ...TLS_CA_DEFAULTS, name: 'Bench', keyType }) },
    ...(passphrase && { passphrase }),
  });
  const issue = (count: number) =>
    authority.issue(
      Array.from({ length: count }, (_, index) => ({
        ...{ profile: 'device' as const, subject: { commonName: `dev${index}` }, keyType },
      })),
    );
  return { issue, release };
}

/** What another flow notices of a batch, and what the batch takes. */
async function benchBatch(count: number, issue: (count: number) => Promise<unknown>, file: string) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const reads: number[] = [];
  const before = process.memoryUsage().rss;
  let [most, running] = [before, true];
  const other = (async () => {
    while (running) {
      const start = performance.now();
      await readFile(file);
      reads.push(performance.now() - start);
      most = Math.max(most, process.memoryUsage().rss);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const cpu = process.cpuUsage();
  delay.enable();
  const rate = await perSecond(1, () => issue(count));
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  running = false;
  await other;
  return {
    rate: rate * count,
    cpuMs: (user + system) / 1000 / count,
    loopP99Ms: delay.percentile(99) / 1e6,
    readMs: median(reads),
    grownMb: (most - before) / 1e6,
  };
}

async function contest(keyType: ContestKey, folder: string): Promise<{ lines: string[]; fastestPeer: number }> {
  const folderFor = (name: string): string => {
    const path = join(folder, `${keyType}-${name.replace(/\W+/g, '-')}`);
    mkdirSync(path);
    return path;
  };
  const authority = await openAuthority(folder, keyType);
  const own: Contestant = { name: 'ours, durable, one by one', issue: () => authority.issue(1) };
  const { contestants, absent } = await enterAll([inMemory, ...LIBRARIES, ...PROGRAMS], keyType, folderFor);
  contestants.splice(1, 0, own);
  const found = new Map(contestants.map(({ name }) => [name, { sign: [] as number[], issue: [] as number[] }]));
  const atOnce: number[] = [];
  let index = 0;
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { name, ...ways } of contestants) {
      for (const way of ['sign', 'issue'] as const) {
        const work = ways[way];
        const count = way === 'sign' ? COUNTS.sign : COUNTS.issue[keyType];
        const rate = work && (await perSecond(count, () => work(index++)));
        // The first round warms up.
        if (rate !== undefined && round >= 0) found.get(name)?.[way].push(rate);
      }
    }
    const [{ sign }] = contestants as [Required<Contestant>];
    atOnce.push(await perSecond(COUNTS.sign, () => sign(index++), SIGN_AT_ONCE));
  }
  await authority.release();
  const batch = await opensslBatch(keyType, folderFor('openssl ca'), sized(10, 100));
  const shown = (values: number[] | undefined, first: number[] | undefined): string[] => {
    if (!values?.length || !first?.length) return ['–', '–'];
    return [median(values).toFixed(0), (median(first) / median(values)).toFixed(1)];
  };
  const first = found.get(inMemory.name);
  const rows = [...found].map(([name, { sign, issue }]) => [
    name,
    ...shown(sign, first?.sign),
    ...shown(issue, first?.issue),
  ]);
  rows.push(['openssl ca, one process', ...shown([batch], first?.sign), '–', '–']);
  rows.push([`ours, in memory, ${SIGN_AT_ONCE} at once`, ...shown(atOnce.slice(1), first?.sign), '–', '–']);
  const peers = contestants.slice(2).map(({ name }) => median(found.get(name)?.issue ?? []));
  const head = [keyType, 'sign/s', 'ours is x times', 'key + certificate/s', 'ours is x times'];
  return { lines: [table(head, rows), ...absent.map((each) => `\n${each}`)], fastestPeer: Math.max(batch, ...peers) };
}

async function batches(keyType: ContestKey, folder: string, fastestPeer: number): Promise<string[]> {
  const file = join(folder, 'read-by-another-flow');
  writeFileSync(file, 'x'.repeat(1000));
  const rows: string[][] = [];
  for (const passphrase of ['', 'correct horse battery staple']) {
    const { issue, release } = await openAuthority(join(folder, 'batches'), keyType, passphrase);
    await issue(2);
    for (const count of BATCHES[keyType]) {
      const { rate, cpuMs, loopP99Ms, readMs, grownMb } = await benchBatch(count, issue, file);
      rows.push([
        `${count}${passphrase ? ', keys encrypted' : ''}`,
        ...[rate.toFixed(0), (rate / fastestPeer).toFixed(1), (1000 / rate).toFixed(2), cpuMs.toFixed(2)],
        ...[loopP99Ms.toFixed(1), readMs.toFixed(2), grownMb.toFixed(0)],
      ]);
    }
    await release();
  }
  const head = ['durable batch', 'a second', 'of the fastest peer', 'ms each', 'CPU ms each', 'loop p99 ms'];
  return [table([`${keyType}, ${head[0]}`, ...head.slice(1), 'file read of others ms', 'MB more'], rows)];
}

/** Making the keys is all that counts with RSA. */
async function rawRsa(folder: string): Promise<string> {
  const make = promisify(generateKeyPair);
  const { issue, release } = await openAuthority(join(folder, 'rsa'), 'rsa-2048');
  const count = sized(4, 20);
  const [raw, ours]: number[][] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    raw?.push(await perSecond(count, () => make('rsa', { modulusLength: 2048 }), RSA_AT_ONCE));
    ours?.push((await perSecond(1, () => issue(count))) * count);
  }
  await release();
  const share = (100 * median(ours ?? [])) / median(raw ?? []);
  return `Durable RSA-2048 certificates: ${share.toFixed(0)} % of the rate of generateKeyPair alone, ${RSA_AT_ONCE} in flight (goal 95; primes are luck).`;
}

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-'));
  try {
    const lines: string[] = [];
    for (const keyType of ['ec-p256', 'rsa-2048'] as const) {
      const { lines: found, fastestPeer } = await contest(keyType, folder);
      lines.push(...found, '', ...(await batches(keyType, folder, fastestPeer)), '');
    }
    report('issue', [`${ROUNDS} rounds in turns, medians.`, '', ...lines, await rawRsa(folder)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void run();
