/**
 * `npm start`: a real Node-RED with this package, as a user would have it, and the examples.
 *
 *   npm start                        Node-RED 4.1 on 127.0.0.1, port 1880 or the next free one, until Ctrl-C
 *   npm start -- --node-red 5        the same with Node-RED 5 on the Node it needs
 *   npm start -- --check             until all examples are green, then ends with 0; with 1 when they do not become so
 *   npm start -- --user-dir <path>   another user directory than .node-red/ (made when it does not exist)
 *   npm start -- --no-build          what dist/ holds now
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ExampleCheck } from './example-check.mjs';
import { freePort } from './free-port.mjs';
import { fetchRuntimes } from './runtimes.mjs';
import { installPackage, runningNodes, writeFirstFlows, writeSettings } from './user-directory.mjs';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
/** The line that Node-RED logs when all nodes of the flows were made. */
const STARTED = /Started flows/;
/** What it logs instead when a node file did not load. */
const NOT_STARTED = /Waiting for missing types/;
/** Which Node runs which Node-RED. */
const NODE_OF = { 4.1: undefined, 5: '22' };
const STOP_LIMIT_MS = 15_000;

const { values: options } = parseArgs({
  options: {
    'node-red': { type: 'string', default: '4.1' },
    'user-dir': { type: 'string', default: join(checkout, '.node-red') },
    check: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});

/** The program and its arguments for the wanted Node-RED. */
function nodeRedCommand(version) {
  if (!(version in NODE_OF))
    throw new Error(`--node-red ${version}: there are ${Object.keys(NODE_OF).sort().join(' and ')}`);
  const redJs41 = join(checkout, 'node_modules', 'node-red', 'red.js');
  if (!NODE_OF[version]) return { node: process.execPath, redJs: redJs41 };
  const runtimes = fetchRuntimes();
  return { node: runtimes.node[NODE_OF[version]], redJs: runtimes.nodeRed[version] };
}

/** Start Node-RED and pass its log through. @returns the process, and a promise of the line that says "started" */
function startNodeRed({ node, redJs }, userDir, settings) {
  const child = spawn(node, [redJs, '--userDir', userDir, '--settings', settings], {
    cwd: userDir,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const started = new Promise((fulfil, reject) => {
    let log = '';
    child.stdout.on('data', (chunk) => {
      process.stdout.write(chunk);
      if (log === undefined) return;
      log += chunk;
      if (NOT_STARTED.test(log)) reject(new Error('Node-RED misses node types, see its log above'));
      if (!STARTED.test(log)) return;
      log = undefined;
      fulfil();
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`Node-RED ended with ${signal ?? code}`)));
  });
  return { child, started };
}

/** Ask Node-RED to end and wait for it; a Node-RED that hangs while it closes is a fault worth seeing. */
function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((fulfil, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Node-RED did not end within ${STOP_LIMIT_MS / 1000} seconds`));
    }, STOP_LIMIT_MS);
    child.once('exit', () => {
      clearTimeout(limit);
      fulfil();
    });
    child.kill('SIGTERM');
  });
}

/**
 * Press the button of every inject node that does not fire by itself, as the first example asks for; what takes
 * certificates back is left to the person.
 */
async function pressButtons(address, nodes) {
  const revoking = new Set(nodes.filter((node) => node.type === 'tls-revoke').map((node) => node.id));
  const isPressed = ({ type, once, wires }) =>
    type === 'inject' && !once && !wires.flat().some((id) => revoking.has(id));
  for (const { id, name } of nodes.filter(isPressed)) {
    const { status } = await fetch(`${address}/inject/${id}`, { method: 'POST' });
    if (status !== 200) throw new Error(`inject node "${name}" answered ${status}`);
  }
}

/** Where a person finds what was made. */
function placesOf(nodes, userDir) {
  const places = [];
  for (const node of nodes) {
    if (node.type === 'tls-ca' && node.folder) places.push(['CA folder', node.folder]);
    if (node.type === 'tls-export' && node.write === 'files' && node.folder)
      places.push(['exported files', node.folder]);
  }
  const lines = places.map(([what, folder]) => `  ${what.padEnd(16)}${resolve(userDir, folder)}`);
  return [`  ${'flows'.padEnd(16)}${join(userDir, 'flows.json')}`, ...new Set(lines)];
}

const userDir = resolve(options['user-dir']);
const command = nodeRedCommand(options['node-red']);
if (!options['no-build'])
  execFileSync(process.execPath, [join(checkout, 'scripts/build.mjs'), '--fast'], { stdio: 'inherit' });
mkdirSync(userDir, { recursive: true });
installPackage(userDir);
const firstTime = await writeFirstFlows(userDir);
const nodes = runningNodes(userDir);
const port = await freePort(1880);
const address = `http://127.0.0.1:${port}`;
const { child, started } = startNodeRed(command, userDir, writeSettings(userDir, port));

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopping = true;
    stop(child).catch((error) => console.error(error.message));
  });
}

try {
  await started;
  const check = options.check
    ? await ExampleCheck.connect({ address, port, nodes, userDir, redJs: command.redJs })
    : undefined;
  await check?.connected();
  if (firstTime || check) await pressButtons(address, nodes);
  const findings = await check?.result();
  console.log(['', `Node-RED ${options['node-red']}: ${address}`, ...placesOf(nodes, userDir), ''].join('\n'));
  if (check) {
    await stop(child);
    for (const finding of findings) console.error(`not green: ${finding}`);
    console.log(findings.length === 0 ? 'all examples are green' : `${findings.length} findings`);
    process.exitCode = findings.length === 0 ? 0 : 1;
  } else {
    console.log('Ctrl-C ends it.\n');
    await new Promise((fulfil) => child.once('exit', fulfil));
    process.exitCode = stopping ? 0 : (child.exitCode ?? 1);
  }
} catch (error) {
  if (!stopping) {
    console.error(`start: ${error.message}`);
    process.exitCode = 1;
  }
  await stop(child);
}
