/**
 * What the package adds to the start of Node-RED: milliseconds until flows run, memory, files loaded; and what npm puts
 * on the disk. With and without it in turns, each a process of its own with an empty flow.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { CHECKOUT, runtimes } from '../test/support/runtimes';
import { sized } from './support/options';
import { report, table } from './support/report';
import { median } from './support/statistics';

const ROUNDS = sized(1, 7, 15);
const PACKAGE = '@flowcerts/node-red-secure-mqtt';
const MB = 1_000_000;

interface Start {
  ms: number;
  /** User and system together; unlike the time it hardly depends on what else the machine does. */
  cpuMs: number;
  mb: number;
}

function userDirectory(withPackage: boolean): string {
  const userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-startup-'));
  const settings = `module.exports = { uiHost: '127.0.0.1', uiPort: '0', telemetry: { enabled: false } };\n`;
  writeFileSync(join(userDir, 'settings.js'), settings);
  if (withPackage) {
    const link = join(userDir, 'node_modules', PACKAGE);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(CHECKOUT, link, 'junction');
    writeFileSync(join(userDir, 'package.json'), JSON.stringify({ dependencies: { [PACKAGE]: '*' } }));
  }
  return userDir;
}

/** Until the flows run, as Node-RED logs it. */
async function startOnce(userDir: string): Promise<Start> {
  const start = performance.now();
  const red = runtimes().nodeRed['4.1'];
  const child = spawn(process.execPath, [red, '--userDir', userDir, '--settings', join(userDir, 'settings.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let log = '';
  for await (const chunk of child.stdout) {
    log += String(chunk);
    if (/Started flows/.test(log)) break;
  }
  if (!/Started flows/.test(log)) throw new Error(`Node-RED did not start:\n${log}`);
  const pid = child.pid as number;
  const found = { ms: performance.now() - start, cpuMs: cpuMs(pid), mb: residentMb(pid) };
  child.kill('SIGTERM');
  await once(child, 'exit');
  return found;
}

/** NaN where there is no /proc. */
function residentMb(pid: number): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return NaN;
  return (Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1]) * 1024) / MB;
}

/** In hundredths of a second, as Linux counts (proc(5), utime and stime); NaN where there is no /proc. */
function cpuMs(pid: number): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return NaN;
  const [, fields = ''] = readFileSync(path, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? NaN) + (system ?? NaN)) * 10;
}

/** Files that Node loads for all nodes and the plugin, ours and those of dependencies. */
function loadedFiles(): { own: number; others: number } {
  const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
    'node-red': { nodes: Record<string, string>; plugins: Record<string, string> };
  };
  const { nodes, plugins } = manifest['node-red'];
  const files = [...Object.values(nodes), ...Object.values(plugins)].map((file) => join(CHECKOUT, file));
  const script = `${JSON.stringify(files)}.forEach(require); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const loaded = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as string[];
  const others = loaded.filter((file) => file.includes('node_modules')).length;
  return { own: loaded.length - others, others };
}

function bytesOf(path: string): number {
  const facts = lstatSync(path);
  if (!facts.isDirectory()) return facts.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

/** The tarball unpacked, and what npm installs beside it. */
function installedMb(): { own: number; dependencies: number } {
  const npm = (...args: string[]) => execFileSync('npm', args, { cwd: CHECKOUT, encoding: 'utf8', stdio: 'pipe' });
  const [packed] = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts')) as { unpackedSize: number }[];
  const folders = npm('ls', '--omit=dev', '--all', '--parseable').trim().split('\n').slice(1);
  // A folder inside another one is counted with it.
  const outer = folders.filter((folder) => !folders.some((other) => folder.startsWith(join(other, 'node_modules'))));
  return {
    own: (packed?.unpackedSize ?? NaN) / MB,
    dependencies: outer.reduce((sum, folder) => sum + bytesOf(folder), 0) / MB,
  };
}

async function run(): Promise<void> {
  const userDirs = { without: userDirectory(false), with: userDirectory(true) };
  const found = { without: [] as Start[], with: [] as Start[] };
  try {
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const side of ['without', 'with'] as const) {
        const start = await startOnce(userDirs[side]);
        // The first round warms the file cache.
        if (round >= 0) found[side].push(start);
      }
    }
  } finally {
    for (const userDir of Object.values(userDirs)) rmSync(userDir, { recursive: true, force: true });
  }
  const row = (side: keyof typeof found): string[] => [
    `Node-RED ${side} the package`,
    ...(['ms', 'cpuMs', 'mb'] as const).map((figure) => median(found[side].map((start) => start[figure])).toFixed(0)),
  ];
  const added = (['ms', 'cpuMs', 'mb'] as const).map((figure) =>
    median(found.with.map((start, round) => start[figure] - (found.without[round] as Start)[figure])).toFixed(0),
  );
  const { own, others } = loadedFiles();
  const size = installedMb();
  report('startup', [
    `Until the flows run, resident memory then; ${ROUNDS} rounds in turns, medians.`,
    '',
    table(['', 'ms', 'CPU ms', 'MB'], [row('without'), row('with'), ['difference of a round', ...added]]),
    '',
    `It loads ${own} files of its own and ${others} of others. On the disk it takes ${size.own.toFixed(1)} MB, its ` +
      `dependencies ${size.dependencies.toFixed(1)} MB (goal: 10 together).`,
  ]);
}

void run();
