/**
 * Says whether the examples do in a running Node-RED what they promise, as the editor would see it: statuses and debug
 * messages come over Node-RED's own comms channel. Besides, a TLS client that shares no code with the package
 * connects to every embedded broker, and Node's X.509 judges every exported certificate.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { connect } from 'node:tls';

/** Far more than a slow machine needs for a few RSA keys; only a failure waits so long. */
const LIMIT_MS = 120_000;
/** Files have no event of their own. */
const LOOK_AGAIN_MS = 500;

const isGreen = (status) => status?.fill === 'green' && status.shape === 'dot';
/** A CA whose keys are in clear is yellow, and so is a certificate with a warning: both are done. */
const isDone = (status) => isGreen(status) || (status?.fill === 'yellow' && status.shape === 'dot');

/** What each kind of node has to show under itself; those with `speaks` also have to reach a debug node. */
const EXPECTED = {
  'tls-ca': { shows: isDone },
  'tls-issue': { shows: isDone },
  'tls-export': { shows: isDone, speaks: true },
  'tls-inventory': { shows: isGreen, speaks: true },
  'tls-probe': { shows: isGreen, speaks: true },
  'secure-mqtt-server': { shows: isGreen },
  'secure-mqtt-in': { shows: isGreen, speaks: true },
  'secure-mqtt-out': { shows: isGreen },
};

const title = (node) => `${node.type} "${node.name || node.id}"`;
const say = (status) => (status ? `${status.fill} ${status.shape} "${status.text}"` : 'nothing');

/** The debug nodes that a message sent by this node can reach. */
function debugsBehind(node, nodes) {
  const byId = new Map(nodes.map((one) => [one.id, one]));
  const seen = new Set();
  const next = [...(node.wires ?? []).flat()];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    next.push(...(byId.get(id)?.wires ?? []).flat());
  }
  return [...seen].filter((id) => byId.get(id)?.type === 'debug' && byId.get(id).tosidebar);
}

export class ExampleCheck {
  #nodes;
  #userDir;
  #socket;
  #statuses = new Map();
  #spoken = new Set();
  #changed = () => {};

  /**
   * Listen to a running Node-RED.
   *
   * @param at `address` (http://…) and `redJs` of the Node-RED, its `userDir`, the `nodes` that run in it
   */
  static async connect({ address, redJs, nodes, userDir }) {
    // Node 20 has no WebSocket client of its own; Node-RED brings one.
    const WebSocket = createRequire(createRequire(redJs).resolve('@node-red/editor-api'))('ws');
    const socket = new WebSocket(`${address.replace(/^http/, 'ws')}/comms`);
    const check = new ExampleCheck(socket, nodes, userDir);
    await new Promise((fulfil, reject) => socket.once('open', fulfil).once('error', reject));
    // Statuses are retained: those that were set before come now.
    for (const topic of ['status/#', 'debug']) socket.send(JSON.stringify({ subscribe: topic }));
    return check;
  }

  constructor(socket, nodes, userDir) {
    this.#socket = socket;
    this.#nodes = nodes;
    this.#userDir = userDir;
    socket.on('message', (data) => this.#read(JSON.parse(data.toString())));
  }

  #read(messages) {
    for (const { topic, data } of [messages].flat()) {
      if (topic?.startsWith('status/')) this.#statuses.set(topic.slice('status/'.length), data);
      if (topic === 'debug') this.#spoken.add(data.id);
    }
    this.#changed();
  }

  /** What is still missing, one sentence each. */
  #missing() {
    const missing = [];
    for (const type of Object.keys(EXPECTED)) {
      const found = this.#nodes.filter((node) => node.type === type);
      if (found.length === 0) missing.push(`no ${type} among the examples`);
      for (const node of found) {
        const { shows, speaks } = EXPECTED[type];
        const status = this.#statuses.get(node.id);
        if (!shows(status)) missing.push(`${title(node)} shows ${say(status)}`);
        const debugs = speaks ? debugsBehind(node, this.#nodes) : [];
        if (debugs.length > 0 && !debugs.some((id) => this.#spoken.has(id))) {
          missing.push(`no message of ${title(node)} has reached a debug node`);
        }
      }
    }
    for (const folder of this.#folders('tls-ca')) {
      for (const name of ['ca.pem', 'crl.pem', 'index.txt']) {
        if (!existsSync(join(folder, name))) missing.push(`no ${name} in ${folder}`);
      }
    }
    return missing;
  }

  #folders(type) {
    const folders = this.#nodes.filter((node) => node.type === type && node.folder).map((node) => node.folder);
    return [...new Set(folders)].map((folder) => resolve(this.#userDir, folder));
  }

  /**
   * Wait until everything that talks MQTT is connected: a button that is pressed before sends to nobody. What does not
   * connect is told by {@link result}.
   */
  async connected() {
    const talking = this.#nodes.filter(({ type }) => type.startsWith('secure-mqtt-') && EXPECTED[type]);
    let limit;
    await new Promise((fulfil) => {
      this.#changed = () => {
        if (talking.every(({ id }) => isGreen(this.#statuses.get(id)))) fulfil();
      };
      limit = setTimeout(fulfil, LIMIT_MS / 4);
      this.#changed();
    });
    clearTimeout(limit);
  }

  /** Wait until everything is there or the time is up. @returns what is missing, empty when all is well */
  async result() {
    let missing = this.#missing();
    let timer;
    let limit;
    await new Promise((fulfil) => {
      this.#changed = () => {
        missing = this.#missing();
        if (missing.length === 0) fulfil();
      };
      timer = setInterval(this.#changed, LOOK_AGAIN_MS);
      limit = setTimeout(fulfil, LIMIT_MS);
      this.#changed();
    });
    clearInterval(timer);
    clearTimeout(limit);
    this.#changed = () => {};
    if (missing.length === 0) missing = [...(await this.#refusedBrokers()), ...this.#wrongFiles()];
    this.#socket.close();
    return missing;
  }

  /** Connect to every embedded broker as a client that trusts nothing but the CA of its folder. */
  async #refusedBrokers() {
    const servers = this.#nodes.filter((node) => node.type === 'secure-mqtt-server');
    const findings = await Promise.all(
      servers.map(async (server) => {
        const authority = this.#nodes.find((node) => node.id === server.ca);
        const ca = readFileSync(join(resolve(this.#userDir, authority.folder), 'ca.pem'));
        const servername = server.hosts.split(/[\s,]+/)[0];
        const refusal = await new Promise((fulfil) => {
          const socket = connect({ host: '127.0.0.1', port: server.port, servername, ca });
          // The broker refuses a client without certificate later; here only its own certificate is judged.
          socket.once('secureConnect', () => {
            fulfil(undefined);
            socket.destroy();
          });
          socket.on('error', (error) => fulfil(error.message));
          socket.once('close', () => fulfil('closed during the handshake'));
        });
        return refusal ? [`a TLS client refuses ${title(server)}: ${refusal}`] : [];
      }),
    );
    return findings.flat();
  }

  /** Every exported certificate is signed by the CA of its node, and every key beside it belongs to it. */
  #wrongFiles() {
    const findings = [];
    for (const node of this.#nodes.filter((one) => one.type === 'tls-export' && one.write === 'files')) {
      const folder = resolve(this.#userDir, node.folder);
      const authority = this.#nodes.find((one) => one.id === node.ca);
      const root = new X509Certificate(readFileSync(join(resolve(this.#userDir, authority.folder), 'ca.pem')));
      const names = readdirSync(folder);
      const certificates = names.filter((name) => /_(crt|certificate)\.pem$/.test(name));
      if (certificates.length < 2) findings.push(`${title(node)} wrote ${names.length} files, but no certificates`);
      for (const name of certificates) {
        const certificate = new X509Certificate(readFileSync(join(folder, name)));
        if (!certificate.checkIssued(root) || !certificate.verify(root.publicKey)) {
          findings.push(`${name} is not signed by the CA in ${authority.folder}`);
        }
        const key = name.replace(/_crt\.pem$/, '_key_nopass.pem');
        if (key === name) continue;
        if (!names.includes(key)) findings.push(`${name} has no ${key} beside it`);
        else if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(join(folder, key))))) {
          findings.push(`${key} does not belong to ${name}`);
        }
      }
    }
    return findings;
  }
}
