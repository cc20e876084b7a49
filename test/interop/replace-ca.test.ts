import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { acquireAuthority, type AuthorityLease } from '../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../src/ca/certificate-authority';
import type { RolloverOptions, RolloverStep } from '../../src/ca/rollover';
import { systemClock } from '../../src/model/clock';
import type { SecureMqttConnection } from '../../src/mqtt/connection';
import { LiveRevocationList } from '../../src/node-red/live-revocation-list';
import type { Certificate } from '../../src/pki/certificate';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { nodeFileSystem } from '../../src/store/file-system';
import { OutputFolder } from '../../src/store/output-folder';
import type { ClientIdentity } from '../../src/tls/client-identity';
import { closeConnections, failureOf, Inbox, reached, testConnection } from '../support/connection';
import { EmbeddedServers } from '../support/embedded-server';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { temporaryFolder } from '../support/temporary-folder';
import { authorityOptions, deviceRequest, serverRequest } from '../support/test-authority';

/** A broker whose clients and certificate come from a CA that is being replaced. */
interface Broker {
  readonly port: number;
  readonly authority: CertificateAuthority;
  /** Take a step, and wait until the broker has what the CA hands out then. */
  take(step: RolloverStep, options?: RolloverOptions): Promise<void>;
  /** Let it show a certificate that is issued now. */
  showNew(): Promise<void>;
  close(): Promise<void>;
}

const configuration = (port: number): string[] => [
  `listener ${port} 127.0.0.1`,
  'cafile ca.pem',
  'certfile pair.pem',
  'keyfile pair.pem',
  'crlfile crl.pem',
  'require_certificate true',
  'use_identity_as_username true',
  'allow_anonymous false',
];

/** Mosquitto with the files of an export whose list is live, told by SIGHUP. */
async function mosquitto(): Promise<Broker> {
  const userDir = temporaryFolder();
  const folder = path.join(userDir, 'broker');
  fs.mkdirSync(folder);
  const lease: AuthorityLease = await acquireAuthority(authorityOptions({ userDir }));
  const { authority } = lease;
  const brokers: RunningMosquitto[] = [];
  const writePair = async (): Promise<void> => {
    const [issued] = await authority.issue([serverRequest(['dns:localhost', 'ip:127.0.0.1'])]);
    assert.ok(issued?.secretPrivateKey);
    const chain = issued.chain.map(({ pem }) => pem).join('');
    // Key and certificate in one file: replaced by one rename (FACTS §4).
    const pair = secretPrivateKeyPem(issued.secretPrivateKey) + issued.certificate.pem + chain;
    fs.writeFileSync(path.join(folder, 'pair.new'), pair, { mode: 0o600 });
    fs.renameSync(path.join(folder, 'pair.new'), path.join(folder, 'pair.pem'));
  };
  let reloads = 0;
  let told = 0;
  const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8');
  const reload = async (): Promise<void> => {
    reloads += 1;
    brokers[0]?.reload();
    await brokers[0]?.waitForLines(/Reloading config/, reloads);
    told = reloads;
  };
  await writePair();
  fs.writeFileSync(path.join(folder, 'ca.pem'), authority.trustAnchorsPem);
  fs.writeFileSync(path.join(folder, 'crl.pem'), (await authority.crl()).pem);
  const running = await startMosquitto({
    folder,
    configuration,
  });
  brokers.push(running);
  let written: () => void = () => undefined;
  const list = new LiveRevocationList({
    authority: () => Promise.resolve(authority),
    fs: nodeFileSystem,
    output: new OutputFolder(nodeFileSystem, folder, userDir),
    fileName: 'crl.pem',
    trustFile: { name: 'ca.pem', withChain: true },
    clock: systemClock,
    reload,
    written: () => written(),
    failed: (error) => assert.fail(String(error)),
  });
  list.request();
  return {
    port: running.port,
    authority,
    async take(step, options) {
      await authority.takeStep(step, options);
      const isThere = async (): Promise<boolean> => {
        const wanted = [authority.trustAnchorsPem + authority.chainPem, (await authority.crl()).pem];
        // Files that are there and of which Mosquitto is not told yet would be followed by a reload in the middle of what comes.
        const isTold = reloads === told && !fs.existsSync(path.join(folder, '.secure-mqtt-untold'));
        return isTold && ['ca.pem', 'crl.pem'].every((name, index) => read(name) === wanted[index]);
      };
      for (;;) {
        const next = new Promise<void>((resolve) => (written = resolve));
        if (await isThere()) return;
        await next;
      }
    },
    async showNew() {
      await writePair();
      await reload();
    },
    async close() {
      await list.close();
      await running.stop();
      await lease.release();
    },
  };
}

async function embedded(): Promise<Broker> {
  const servers = await EmbeddedServers.withNewAuthority();
  const server = await servers.start();
  return {
    port: server.port,
    authority: servers.authority,
    take: async (step, options) => {
      const told = once(server, 'certificate');
      await servers.authority.takeStep(step, options);
      await told;
    },
    showNew: async () => undefined,
    close: async () => {
      await servers.stop();
      await servers.release();
    },
  };
}

interface Client {
  name: string;
  identity: ClientIdentity;
  trust: readonly Certificate[];
}

async function clientOf(authority: CertificateAuthority, name: string, trust: readonly Certificate[]): Promise<Client> {
  const [issued] = await authority.issue([deviceRequest(name)]);
  assert.ok(issued?.secretPrivateKey);
  const certificatePem = [issued.certificate, ...issued.chain].map(({ pem }) => pem).join('');
  return { name, identity: { certificatePem, secretKey: issued.secretPrivateKey }, trust };
}

function connectionOf(
  { port }: Pick<Broker, 'port'>,
  { name, identity, trust }: Client,
  suffix = '',
): SecureMqttConnection {
  const pem = trust.map((anchor) => anchor.pem).join('');
  return testConnection({
    port,
    material: () => ({ trust: { kind: 'anchors', pem, label: 'a client' }, identity }),
    session: { clientId: name + suffix },
  });
}

/** Connect, publish to itself, go: for each client once more at each step. */
async function serve(broker: Pick<Broker, 'port'>, clients: readonly Client[], step: string): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      const connection = connectionOf(broker, client, `-${step}`);
      const refused = once(connection, 'failure').then(([failure]) => {
        const { code, message } = failure as { code: string; message: string };
        assert.fail(`${client.name} was refused at ${step}: ${code} ${message}`);
      });
      connection.connect();
      await Promise.race([reached(connection, 'connected'), refused]);
      const inbox = new Inbox();
      await connection.subscribe(`echo/${client.name}`, 'test', { qos: 1 }, inbox.receive);
      await connection.publish({ topic: `echo/${client.name}`, payload: step, qos: 1, retain: false });
      await inbox.count(1);
      refused.catch(() => undefined);
      await connection.close();
    }),
  );
}

for (const [name, start] of [
  ['Mosquitto', mosquitto],
  ['the embedded broker', embedded],
] as const) {
  describe(`replacing the CA of ${name}`, function () {
    this.timeout(60_000);
    let broker: Broker;
    before(async () => {
      broker = await start();
    });
    afterEach(closeConnections);
    after(() => broker.close());

    it('lets every rightful client in at every step, and ends no connection', async () => {
      const { authority } = broker;
      const oldRoot = authority.certificate;
      const clients = [await clientOf(authority, 'device-of-old', [oldRoot])];
      const running = connectionOf(broker, clients[0] as Client, '-running');
      const events: string[] = [];
      running.connect();
      await reached(running, 'connected');
      running.on('failure', ({ code }) => events.push(code));
      running.on('state', ({ phase }) => events.push(phase));
      await serve(broker, clients, 'stable');

      await broker.take('renew');
      await serve(broker, clients, 'renewed');
      clients.push(await clientOf(authority, 'device-after-renewal', [authority.certificate]));
      await serve(broker, clients, 'renewed-two');
      const renewedRoot = authority.certificate;

      await broker.take('introduce');
      clients.push(await clientOf(authority, 'device-with-both', authority.trustAnchors));
      await serve(broker, clients, 'introduced');

      await broker.take('switch');
      // The broker still shows its old certificate, then a new one; no client may notice.
      clients.push(await clientOf(authority, 'updated', authority.trustAnchors));
      clients.push(await clientOf(authority, 'new-certificate-old-root', [renewedRoot]));
      await serve(broker, clients, 'switched');
      await broker.showNew();
      const newcomer = await clientOf(authority, 'newcomer', [authority.certificate]);
      clients.push(newcomer);
      await serve(broker, clients, 'served-anew');
      assert.deepEqual(events, [], 'the connection of the old device went on all the time');

      await assert.rejects(authority.takeStep('retire'), { code: 'CA_IN_USE' });
      for (const { name: commonName } of clients.slice(0, 3)) await authority.renew({ by: 'name', value: commonName });
      await broker.take('retire', { force: true });
      const [, , , updated] = clients;
      await serve(broker, [newcomer, updated as Client], 'retired');
      const [veteran] = clients;
      const { code } = await failureOf(
        connectionOf(broker, { ...(veteran as Client), trust: [authority.certificate] }, '-late'),
      );
      assert.match(code, /^TLS_CLIENT_CERT_/);
    });
  });
}

/** Let another process take a step and be killed (SIGKILL) before or after the one rename that decides. */
async function killedIn(userDir: string, step: RolloverStep, moment: 'before' | 'after'): Promise<void> {
  const script = path.join(__dirname, '../support/rollover-child.ts');
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', script, userDir, step, moment], { stdio: 'inherit' });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', `${step}, ${moment}`);
}

describe('a Node-RED that is killed while it replaces its CA', function () {
  this.timeout(120_000);
  let broker: RunningMosquitto | undefined;
  let servers: EmbeddedServers | undefined;
  afterEach(async () => {
    await closeConnections();
    await servers?.stop();
    await servers?.release();
    await broker?.stop();
  });

  it('shuts out no rightful client, neither of Mosquitto nor of the embedded broker', async () => {
    const userDir = temporaryFolder();
    const folder = path.join(userDir, 'broker');
    fs.mkdirSync(folder);
    servers = await EmbeddedServers.withNewAuthority({ userDir });
    const { authority } = servers;
    const veteran = await clientOf(authority, 'veteran', [authority.certificate]);
    const pair = await servers.identityOf('localhost', 'server');
    const write = async (now: CertificateAuthority): Promise<void> => {
      fs.writeFileSync(path.join(folder, 'ca.pem'), now.trustAnchorsPem + now.chainPem);
      fs.writeFileSync(path.join(folder, 'crl.pem'), (await now.crl()).pem);
    };
    await write(authority);
    const pairPem = secretPrivateKeyPem(pair.secretKey as KeyObject) + String(pair.certificatePem);
    fs.writeFileSync(path.join(folder, 'pair.pem'), pairPem, { mode: 0o600 });
    broker = await startMosquitto({ folder, configuration });
    await servers.release();
    let reloads = 0;

    for (const [step, moment, after] of [
      ['renew', 'after', 'stable'],
      ['introduce', 'after', 'introduced'],
      ['switch', 'before', 'introduced'],
      ['switch', 'after', 'switched'],
    ] as const) {
      const where = `${step}-${moment}`;
      await killedIn(userDir, step, moment);
      // Nobody tells the broker anything meanwhile.
      await serve(broker, [veteran], `${where}-alone`);
      servers = await EmbeddedServers.withNewAuthority({ userDir });
      assert.equal(servers.authority.rollover.step, after, where);
      await write(servers.authority);
      broker.reload();
      await broker.waitForLines(/Reloading config/, (reloads += 1));
      // The broker keeps the certificate it has, which a newcomer with both roots accepts.
      const newcomer = await clientOf(servers.authority, `new-${where}`, servers.authority.trustAnchors);
      await serve(broker, [veteran, newcomer], where);
      await serve(await servers.start(), [veteran, newcomer], `${where}-embedded`);
      await servers.stop();
      await servers.release();
    }

    // The old key goes only when it is said so, and then for all.
    await killedIn(userDir, 'retire', 'after');
    servers = await EmbeddedServers.withNewAuthority({ userDir });
    assert.equal(servers.authority.rollover.step, 'stable');
    const newcomer = await clientOf(servers.authority, 'last', servers.authority.trustAnchors);
    const server = await servers.start();
    await serve(server, [newcomer], 'retired');
    const { code } = await failureOf(
      connectionOf(server, { ...veteran, trust: servers.authority.trustAnchors }, '-late'),
    );
    assert.match(code, /^TLS_CLIENT_CERT_/);
  });
});
