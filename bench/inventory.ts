/**
 * A CA with many certificates: how long it takes to open its folder, to list, to filter and to find what is due next,
 * and how much memory each certificate takes. One certificate is issued; the others are its lines with other names.
 */
import { readFileSync, appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { acquireAuthority } from '../src/ca/authority-registry';
import { CaFolder } from '../src/store/ca-folder';
import { nodeFileSystem } from '../src/store/file-system';
import { authorityOptions, deviceRequest } from '../test/support/test-authority';
import { sized } from './support/options';
import { report, table } from './support/report';
import { median } from './support/statistics';

/** 1x, 10x, 100x. */
const SIZES = sized([100, 1000, 10_000], [1000, 10_000, 100_000]);
const ROUNDS = sized(3, 9);
const PAGE = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const usedBytes = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

/** A folder as after `count` certificates. */
async function fill(userDir: string, count: number) {
  const options = authorityOptions({ userDir });
  const { authority, release } = await acquireAuthority(options);
  const [issued] = await authority.issue([deviceRequest('device')]);
  const path = authority.folder;
  await release();
  const folder = new CaFolder(nodeFileSystem, path);
  const [pattern = ''] = issued ? [issued.serialNumber] : [];
  for (const name of ['index.txt', 'journal.jsonl'] as const) {
    const line =
      readFileSync(folder.pathOf(name), 'utf8')
        .split('\n')
        .find((each) => each.includes(pattern)) ?? '';
    const lines = serialNumbers(count - 1).map((serialNumber, index) =>
      line
        .replaceAll(pattern, serialNumber)
        .replaceAll('device', `device${index}`)
        .replaceAll('"profile":"device' + index, '"profile":"device'),
    );
    appendFileSync(folder.pathOf(name), `${lines.join('\n')}\n`);
  }
  // Only their names are read when a folder is opened.
  for (const serialNumber of serialNumbers(count - 1)) {
    writeFileSync(folder.certificatePath(serialNumber), '');
    writeFileSync(folder.privateKeyPath(serialNumber), '');
  }
  return options;
}

/** As long as real ones. */
const serialNumbers = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `40${(index + 1).toString(16).toUpperCase().padStart(38, '0')}`);

async function milliseconds(work: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    await work();
    rounds.push(performance.now() - start);
  }
  return median(rounds);
}

async function benchSize(count: number): Promise<string[]> {
  const userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-inventory-'));
  try {
    const options = await fill(userDir, count);
    const before = usedBytes();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const start = performance.now();
    const { authority, release } = await acquireAuthority(options);
    const openMs = performance.now() - start;
    delay.disable();
    const bytesEach = (usedBytes() - before) / count;
    const total = authority.list({ limit: 0 }).total;
    if (total !== count) throw new Error(`${total} certificates were found, ${count} written`);
    const figures = [
      openMs,
      delay.max / 1e6,
      await milliseconds(() => authority.list({ limit: PAGE })),
      await milliseconds(() => authority.list({ name: 'device1*', limit: PAGE })),
      await milliseconds(() => authority.list({ name: '*vice77*', limit: PAGE })),
      await milliseconds(() => authority.list({ status: 'expiring', limit: PAGE })),
      await milliseconds(() => authority.list({ profile: 'server', limit: PAGE })),
      await milliseconds(() => authority.find({ by: 'name', value: 'device7' })),
      await milliseconds(() => authority.outlook(new Set(['due']))),
    ];
    await release();
    return [String(count), ...figures.map((ms) => ms.toFixed(ms < 1 ? 2 : 1)), bytesEach.toFixed(0)];
  } finally {
    rmSync(userDir, { recursive: true, force: true });
  }
}

/** The largest divided by the smallest, for 100 times as many certificates. */
function growthOf(rows: readonly string[][]): string[] {
  const [first = [], last = []] = [rows[0], rows.at(-1)];
  return last.map((cell, column) =>
    column === 0 ? 'growth' : `${(Number(cell) / Number(first[column])).toFixed(0)} x`,
  );
}

async function run(): Promise<void> {
  await benchSize(10); // warms up
  const rows: string[][] = [];
  for (const size of SIZES) rows.push(await benchSize(size));
  const head = ['certificates', 'open ms', 'loop held up, most', `list of ${PAGE}`];
  const filters = ['name*', '*name part*', 'status', 'profile'];
  report('inventory', [
    `Milliseconds; lists with the total of what matches. Goals at ${SIZES.at(-1)}: open < 1,000, others < 20, < 1,000 bytes each.`,
    '',
    table([...head, ...filters, 'one by name', 'next due', 'bytes each'], [...rows, growthOf(rows)]),
  ]);
}

void run();
