/**
 * How fast a CA issues beside libraries and programs that do, and how long it holds up everything else in Node-RED
 * meanwhile. All take turns of equal length, so that what else the machine does slows all of them, and ratios are those of
 * one round; one certificate of each is read and compared with ours.
 *
 * - sign: a certificate for a key that is there; nothing is written
 * - key + certificate: programs write files, without fsync; libraries write nothing
 * - durable: ours alone, key and certificate on the disk whatever happens next
 */
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { buildCertificate } from '../src/pki/certificate-builder';
import { generatePrivateKey } from '../src/pki/key-generation';
import { newKeyPair } from '../src/pki/key-pair';
import { newSerialNumber } from '../src/pki/serial-number-source';
import { goalTable, type Goal } from './support/goals';
import { batches, openAuthority } from './support/issue-batches';
import { enterAll, type ContestKey, type Entered, type Peer } from './support/issue-contest';
import { LIBRARIES } from './support/issue-libraries';
import { opensslBatch, PROGRAMS } from './support/issue-programs';
import { shareOfKeyMaking } from './support/key-making';
import { sized } from './support/options';
import { report, table } from './support/report';
import { median, pairedRatio, perSecond } from './support/statistics';

const ROUNDS = sized(1, 5, 9);
/** How long each may work in a round; always at least one certificate. */
const TURN_MS = sized(60, 200, 1000);
/** The batch that is compared with others. */
const COMPARED: Record<ContestKey, number> = { 'ec-p256': sized(200, 1000), 'rsa-2048': sized(4, 10, 20) };
const SIGN_AT_ONCE = 3;
/** As many as `key-generation.ts` has in flight. */
const RSA_AT_ONCE = 2;

/** Certificates a second for as long as a turn takes. */
async function turn(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let count = 0;
  do {
    await work();
    count += 1;
  } while (performance.now() - start < TURN_MS);
  return (count * 1000) / (performance.now() - start);
}

/** The floor of pki alone. */
const inMemory: Peer = {
  name: 'ours, in memory',
  install: '',
  leavesFiles: false,
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
    const certify = async (index: number, publicKey: KeyObject): Promise<Buffer> => {
      const made = await buildCertificate({
        ...{ ...common, profile: 'device', serialNumber: newSerialNumber(), publicKey },
        subject: { commonName: `dev${index}` },
        issuer: { certificate, privateKey: issuerKey },
      });
      return made.der;
    };
    return {
      sign: (index) => certify(index, leafKey),
      issue: async (index) => certify(index, (await newKeyPair(keyType)).secretKey),
    };
  },
};

/** Rates of a contestant, one for each round. */
interface Rates {
  sign: number[];
  issue: number[];
}

interface Outcome {
  lines: string[];
  signRatio: (name: string) => number;
  /** Of those who make key and certificate and leave them as files. */
  fastestPeer: { name: string; rate: number; batchRatio: number };
}

const shown = (values: readonly number[]): string => (values.length > 0 ? median(values).toFixed(0) : '–');
const times = (ours: readonly number[], theirs: readonly number[]): string =>
  ours.length > 0 && theirs.length > 0 ? pairedRatio(ours, theirs).toFixed(1) : '–';

async function contest(keyType: ContestKey, folder: string): Promise<Outcome> {
  const folderFor = (name: string): string => {
    const path = join(folder, `${keyType}-${name.replace(/\W+/g, '-')}`);
    mkdirSync(path);
    return path;
  };
  const authority = await openAuthority(folder, keyType);
  const { contestants, absent } = await enterAll([inMemory, ...LIBRARIES, ...PROGRAMS], keyType, folderFor);
  const [{ sign: signOurs }] = contestants as [Required<Entered>];
  const inOneProcess = sized(10, 100);
  const signAll = await opensslBatch(keyType, folderFor('openssl ca'), inOneProcess);
  let index = 1000;
  const named = <T>(name: string, rate: () => Promise<number>, way: T) => ({ name, rate, way });
  const atOnce = `ours, in memory, ${SIGN_AT_ONCE} at once`;
  const batch = `ours, durable, batch of ${COMPARED[keyType]}`;
  const opensslCa = 'openssl ca, one process';
  const turns = [
    ...contestants.flatMap(({ name, sign, issue }) => [
      ...(sign ? [named(name, () => turn(() => sign(index++)), 'sign' as const)] : []),
      ...(issue ? [named(name, () => turn(() => issue(index++)), 'issue' as const)] : []),
    ]),
    named(atOnce, async () => SIGN_AT_ONCE * (await turn(() => perSecond(SIGN_AT_ONCE, () => signOurs(index++), SIGN_AT_ONCE))), 'sign' as const), // prettier-ignore
    named(opensslCa, async () => inOneProcess * (await perSecond(1, signAll)), 'sign' as const),
    named('ours, durable, one by one', () => turn(() => authority.issue(1)), 'issue' as const),
    named(batch, async () => COMPARED[keyType] * (await perSecond(1, () => authority.issue(COMPARED[keyType]))), 'issue' as const), // prettier-ignore
  ];
  const found = new Map<string, Rates>(turns.map(({ name }) => [name, { sign: [], issue: [] }]));
  // The first round warms up.
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { name, rate, way } of turns) {
      const measured = await rate();
      if (round >= 0) found.get(name)?.[way].push(measured);
    }
  }
  await authority.release();
  const ratesOf = (name: string): Rates => found.get(name) ?? { sign: [], issue: [] };
  const [ours, durable] = [ratesOf(inMemory.name).sign, ratesOf(batch).issue];
  const differences = new Map(contestants.map((each) => [each.name, each.differences.join(', ')]));
  const rows = [...found].map(([name, { sign, issue }]) => [
    name,
    ...[shown(sign), times(ours, sign), shown(issue), times(durable, issue), differences.get(name) ?? ''],
  ]);
  const rivals = contestants
    .filter(({ leavesFiles }) => leavesFiles)
    .map(({ name }) => ({ name, rates: ratesOf(name).issue }))
    .sort((one, other) => median(other.rates) - median(one.rates));
  const [{ name, rates }] = rivals as [(typeof rivals)[number]];
  const head = [keyType, 'sign/s', 'ours is x times', 'key + certificate/s', 'our batch is x times', 'made otherwise'];
  return {
    lines: [
      table(head, rows),
      `\nA durable batch, keys and all, is ${times(durable, ratesOf(opensslCa).sign)} times as fast as ${opensslCa}, which signs requests for one key that is there.`,
      ...absent.map((each) => `\n${each}`),
    ],
    signRatio: (peer) => pairedRatio(ours, ratesOf(peer).sign),
    fastestPeer: { name, rate: median(rates), batchRatio: pairedRatio(durable, rates) },
  };
}

/** Making the keys is all that counts with RSA. */
async function rawRsa(folder: string): Promise<{ line: string; share: number }> {
  const make = promisify(generateKeyPair);
  const { issue, release } = await openAuthority(join(folder, 'rsa'), 'rsa-2048');
  const count = sized(4, 24, 64);
  const [raw, ours, busy, busyRaw]: number[][] = [[], [], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const alone = () => perSecond(count, () => make('rsa', { modulusLength: 2048 }), RSA_AT_ONCE);
    busyRaw?.push(await shareOfKeyMaking(RSA_AT_ONCE, async () => raw?.push(await alone())));
    const durable = async () => (await perSecond(1, () => issue(count))) * count;
    busy?.push(await shareOfKeyMaking(RSA_AT_ONCE, async () => ours?.push(await durable())));
  }
  await release();
  const sum = (values: readonly number[] = []): number => values.reduce((total, value) => total + 1 / value, 0);
  const percent = (100 * sum(raw)) / sum(ours);
  const share = (100 * median(busy ?? [])) / median(busyRaw ?? []);
  const line = `Durable RSA-2048 certificates: ${percent.toFixed(0)} % of the rate of generateKeyPair alone, ${RSA_AT_ONCE} in flight (${ROUNDS * count} keys each; primes are luck). Keys were in the making ${share.toFixed(1)} % as much of the time.`;
  return { line, share };
}

/** What dominates, so what a miss is due to; the reasons stand in docs/performance.md. */
const SIGNING: Record<ContestKey, string> = {
  'ec-p256': 'half of it is OpenSSL: signing, and verifying, which the peer leaves out',
  'rsa-2048': 'nearly all of it is the RSA signature of OpenSSL',
};
const WRITING = 'two synced files each, and the loop that hands them over';
const SHARED = 'other work of this machine; the batch itself leaves a thread and turns to others';

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-'));
  try {
    const lines: string[] = [];
    const goals: Goal[] = [];
    for (const keyType of ['ec-p256', 'rsa-2048'] as const) {
      const { lines: compared, fastestPeer, signRatio } = await contest(keyType, folder);
      const { lines: sizes, inClear } = await batches(keyType, folder, {
        rounds: ROUNDS,
        fastestPeer: fastestPeer.rate,
      });
      lines.push(...compared, '', ...sizes, '');
      const largest = Math.max(...inClear.map(({ found }) => found.loopP99Ms));
      const reads = Math.max(...inClear.map(({ found }) => found.readMs));
      goals.push({ what: `${keyType}: sign only, times @peculiar/x509`, found: signRatio('@peculiar/x509'), limit: { atLeast: 10 }, cause: SIGNING[keyType] }); // prettier-ignore
      if (keyType === 'ec-p256') {
        const what = `durable batch of ${COMPARED[keyType]}, times the fastest peer with files (${fastestPeer.name})`;
        goals.push({ what, found: fastestPeer.batchRatio, limit: { atLeast: 4 }, cause: WRITING });
        goals.push({
          what: 'the same, stretch goal',
          found: fastestPeer.batchRatio,
          limit: { atLeast: 8 },
          cause: WRITING,
        });
      } else {
        goals.push({ what: 'median file read of another flow', found: reads, limit: { atMost: 1 }, unit: ' ms', cause: SHARED }); // prettier-ignore
      }
      goals.push({ what: `${keyType}: event loop delay p99 in batches`, found: largest, limit: { atMost: 20 }, unit: ' ms', cause: SHARED }); // prettier-ignore
    }
    const rsa = await rawRsa(folder);
    goals.push({ what: 'RSA-2048: keys in the making, of the time they are with generateKeyPair alone', found: rsa.share, limit: { atLeast: 95 }, unit: ' %', cause: 'keys waited for something else' }); // prettier-ignore
    report('issue', [
      `${ROUNDS} rounds in turns, medians; ratios are those of one round.`,
      ...['', ...lines, rsa.line, '', goalTable(goals)],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void run();
