/**
 * A Node-RED user directory for `npm start`: the package in it as a user gets it (packed, then installed from the
 * tarball), settings that keep to this machine, and the examples as its first flows.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
/** The examples that show the main job and need nothing else: certificates, TLS, expiry, a whole broker. */
const EXAMPLES = /\/(?:01|04|05|12) - [^/]*\.json$/;
/** Where the examples' own brokers listen and their clients connect. */
const PORT_FIELDS = ['port', 'brokerPort'];

function npm(args, options) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  return execFileSync('npm', [...args, ...quiet], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    ...options,
  });
}

/** Pack what `dist/` holds now. @returns the path of the tarball, whose name tells its content apart */
function packTarball(folder) {
  mkdirSync(folder, { recursive: true });
  // The build ran before; `prepack` would do it again.
  const [{ filename }] = JSON.parse(
    npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: checkout }),
  );
  const packed = join(folder, filename);
  // npm writes a fixed time into every entry, so the same content gives the same bytes.
  const digest = createHash('sha256').update(readFileSync(packed)).digest('hex').slice(0, 12);
  const named = join(folder, `${filename.slice(0, -'.tgz'.length)}-${digest}.tgz`);
  copyFileSync(packed, named);
  rmSync(packed);
  return named;
}

/**
 * Install the package as a user would; quick when the same content is already there.
 *
 * @param userDir absolute path of the user directory
 */
export function installPackage(userDir) {
  const folder = join(userDir, '.package');
  const before = existsSync(folder) ? readdirSync(folder) : [];
  const tarball = packTarball(folder);
  const installed = join(userDir, 'node_modules', manifest.name, 'package.json');
  const marker = join(userDir, '.package-installed');
  if (existsSync(installed) && existsSync(marker) && readFileSync(marker, 'utf8') === tarball) return;
  console.log(`installing the package into ${userDir}`);
  const own = join(userDir, 'package.json');
  if (!existsSync(own)) {
    writeFileSync(own, `${JSON.stringify({ name: 'node-red-project', version: '0.0.1', private: true }, null, 2)}\n`);
  }
  npm(['install', tarball], { cwd: userDir, stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(marker, tarball);
  for (const name of before) if (join(folder, name) !== tarball) rmSync(join(folder, name));
}

/** Node-RED's settings: this machine only, nothing sent out, no greeting tours. Written anew at every start. */
export function writeSettings(userDir, port) {
  const secretFile = join(userDir, 'credential-secret');
  if (!existsSync(secretFile)) writeFileSync(secretFile, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  const file = join(userDir, 'settings.js');
  writeFileSync(
    file,
    `// Written by scripts/start.mjs at every start.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

module.exports = {
  uiHost: '127.0.0.1',
  uiPort: ${port},
  flowFile: 'flows.json',
  flowFilePretty: true,
  credentialSecret: readFileSync(join(__dirname, 'credential-secret'), 'utf8'),
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },
  runtimeState: { enabled: false, ui: false },
  logging: { console: { level: 'info', metrics: false, audit: false } },
  editorTheme: {
    tours: false,
    page: { title: 'Node-RED with ${manifest.name}' },
    projects: { enabled: false },
  },
};
`,
  );
  return file;
}

/** The examples as one list of nodes. A config node that two of them bring under one id has to be the same in both. */
export function exampleFlows() {
  const folder = join(checkout, 'examples');
  const nodes = new Map();
  const files = readdirSync(folder).flatMap((one) => readdirSync(join(folder, one)).map((file) => `${one}/${file}`));
  for (const name of files.filter((one) => EXAMPLES.test(one)).sort()) {
    for (const node of JSON.parse(readFileSync(join(folder, name), 'utf8'))) {
      const known = nodes.get(node.id);
      if (known && JSON.stringify(known) !== JSON.stringify(node)) {
        throw new Error(`example "${name}" uses the id ${node.id} for something else than an earlier example`);
      }
      nodes.set(node.id, node);
    }
  }
  if (nodes.size === 0) throw new Error(`no examples in ${folder}`);
  return [...nodes.values()];
}

/** Where an example's broker has to give way because its port is taken, its clients and probes go along. */
async function moveTakenPorts(nodes) {
  const moved = new Map();
  const wanted = new Set(nodes.filter((node) => node.type === 'secure-mqtt-server').map((node) => node.port));
  for (const port of wanted) {
    const avoid = [...wanted, ...moved.values()].filter((one) => one !== port);
    const free = await freePort(port, avoid);
    if (free !== port) moved.set(port, free);
  }
  for (const [from, to] of moved) console.log(`port ${from} is taken: the examples use ${to}`);
  return nodes.map((node) => {
    const copy = { ...node };
    for (const field of PORT_FIELDS) if (moved.has(copy[field])) copy[field] = moved.get(copy[field]);
    if (typeof copy.target === 'string') {
      copy.target = copy.target.replace(/:(\d+)$/, (whole, port) => `:${moved.get(Number(port)) ?? port}`);
    }
    return copy;
  });
}

/**
 * Put the examples into the flows file of a directory that has none.
 *
 * @returns true when they were put there now
 */
export async function writeFirstFlows(userDir) {
  const file = join(userDir, 'flows.json');
  if (existsSync(file)) return false;
  const nodes = await moveTakenPorts(exampleFlows());
  writeFileSync(file, `${JSON.stringify(nodes, null, 4)}\n`);
  return true;
}

/** The nodes of the flows file that run: not disabled, nor on a disabled tab. */
export function runningNodes(userDir) {
  const nodes = JSON.parse(readFileSync(join(userDir, 'flows.json'), 'utf8'));
  const off = new Set(nodes.filter((node) => node.disabled).map((node) => node.id));
  return nodes.filter((node) => !node.d && !off.has(node.id) && !off.has(node.z));
}
