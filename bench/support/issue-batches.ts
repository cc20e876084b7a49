/** Batches of a durable CA: their rate, and what everything else in the process notices of them. */
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { acquireAuthority, authoritySettings } from '../../src/ca/authority-registry';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import type { ContestKey } from './issue-contest';
import { sized } from './options';
import { table } from './report';
import { median, perSecond } from './statistics';

const PASSPHRASE = 'correct horse battery staple';
/** 1x, 10x, 100x. */
const BATCHES: Record<ContestKey, number[]> = {
  'ec-p256': sized([10, 50, 100], [100, 1000, 10_000]),
  'rsa-2048': sized([4], [4, 40], [4, 40, 400]),
};

/** A new CA in a folder of its own. */
export async function openAuthority(userDir: string, keyType: ContestKey, passphrase = '') {
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

type Noticed = Awaited<ReturnType<typeof benchBatch>>;

/** Batches of growing size, each a few times; medians. */
export async function batches(
  keyType: ContestKey,
  folder: string,
  { rounds: most, fastestPeer }: { rounds: number; fastestPeer: number },
) {
  const file = join(folder, 'read-by-another-flow');
  writeFileSync(file, 'x'.repeat(1000));
  const rows: string[][] = [];
  const inClear: { count: number; found: Noticed }[] = [];
  for (const passphrase of ['', PASSPHRASE]) {
    const { issue, release } = await openAuthority(join(folder, 'batches'), keyType, passphrase);
    await issue(2);
    const sizes = passphrase ? BATCHES[keyType].slice(0, 2) : BATCHES[keyType];
    for (const count of sizes) {
      const rounds: Noticed[] = [];
      // Enough of the large ones: they are long.
      for (let round = 0; round < (count > 1000 || keyType === 'rsa-2048' ? 1 : most); round += 1) {
        rounds.push(await benchBatch(count, issue, file));
      }
      const of = (value: keyof Noticed): number => median(rounds.map((each) => each[value]));
      if (!passphrase) inClear.push({ count, found: Object.fromEntries(Object.keys(rounds[0] ?? {}).map((key) => [key, of(key as keyof Noticed)])) as unknown as Noticed }); // prettier-ignore
      const [rate, cpuMs] = [of('rate'), of('cpuMs')];
      rows.push([
        `${count}${passphrase ? ', keys encrypted' : ''}`,
        ...[rate.toFixed(0), (rate / fastestPeer).toFixed(1), (1000 / rate).toFixed(2), cpuMs.toFixed(2)],
        ...[of('loopP99Ms').toFixed(1), of('readMs').toFixed(2), of('grownMb').toFixed(0)],
      ]);
    }
    await release();
  }
  const head = ['durable batch', 'a second', 'of the fastest peer', 'ms each', 'CPU ms each', 'loop p99 ms'];
  const [first, last] = [inClear.at(0), inClear.at(-1)];
  const growth = first && last ? first.found.rate / last.found.rate : NaN;
  const lines = [table([`${keyType}, ${head[0]}`, ...head.slice(1), 'file read of others ms', 'MB more'], rows)];
  if (first && last && first !== last) {
    lines.push(
      '',
      `Growth: a certificate of a batch of ${last.count} takes ${growth.toFixed(2)} times as long as one of a batch of ${first.count}.`,
    );
  }
  return { lines, inClear };
}
