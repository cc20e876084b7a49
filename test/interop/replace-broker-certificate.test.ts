import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import tlsCa from '../../nodes/tls-ca';
import tlsExport from '../../nodes/tls-export';
import tlsIssue from '../../nodes/tls-issue';
import tlsRevoke from '../../nodes/tls-revoke';
import { systemClock } from '../../src/model/clock';
import type { CertificateResult } from '../../src/model/certificate-result';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS, type TlsExportConfig } from '../../src/model/config/tls-export';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_REVOKE_DEFAULTS } from '../../src/model/config/tls-revoke';
import type { BrokerExportResult } from '../../src/node-red/broker-export';
import { ExportUpkeep } from '../../src/node-red/export-upkeep';
import { FileReplacement } from '../../src/store/file-replacement';
import { nodeFileSystem, type FileSystem } from '../../src/store/file-system';
import { OutputFolder } from '../../src/store/output-folder';
import { publish } from '../support/exported-broker';
import { Flows, type NodeModule, type Outcome } from '../support/flows';
import { freePort } from '../support/free-port';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { mosquittoClient } from '../support/mosquitto-client';
import { sends } from '../support/mqtt-flow';

const MODULES = [tlsCa, tlsIssue, tlsExport, tlsRevoke] as unknown as NodeModule[];
const PLACE = { z: 'tab', x: 1, y: 1 };
/** Long enough for a Mosquitto that will serve, short enough for one that never does. */
const PATIENCE_MS = 2_000;

describe('replacing the certificate of a running Mosquitto', () => {
  let flows: Flows;
  let broker: RunningMosquitto | undefined;
  let port: number;
  let out: string;

  afterEach(async () => {
    await broker?.stop();
    broker = undefined;
    await flows.stop();
  });

  /** A CA, a broker certificate and a client certificate, exported, and the broker started on the files. */
  async function start(config: Partial<TlsExportConfig> = {}): Promise<void> {
    port = await freePort();
    const issue = (id: string, more: object) => ({ id, type: 'tls-issue', ...TLS_ISSUE_DEFAULTS, ca: 'ca', ...more, ...PLACE, wires: [[`${id}-seen`]] }); // prettier-ignore
    const seen = (id: string) => ({ id: `${id}-seen`, type: 'helper', ...PLACE });
    flows = await Flows.start(MODULES, [
      { id: 'tab', type: 'tab' },
      { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA' },
      issue('server', { profile: 'server', subjectAltNames: '["dns:localhost"]' }),
      issue('client', { profile: 'client' }),
      issue('renewing', { action: 'renew' }),
      { id: 'revoking', type: 'tls-revoke', ...TLS_REVOKE_DEFAULTS, ca: 'ca', ...PLACE, wires: [['revoking-seen']] },
      {
        id: 'export',
        type: 'tls-export',
        ...TLS_EXPORT_DEFAULTS,
        ca: 'ca',
        layout: 'mosquitto',
        folder: 'broker',
        targetDir: '.',
        brokerHost: 'localhost',
        brokerPort: port,
        crl: 'live',
        reload: 'message',
        reloadTimeoutMs: PATIENCE_MS,
        ...config,
        ...PLACE,
        wires: [['export-seen'], ['reload-seen']],
      },
      ...['server', 'client', 'renewing', 'revoking', 'export', 'reload'].map(seen),
    ]);
    out = path.join(flows.userDir, 'broker');
    const certificates = [await send('server', 'broker'), await send('client', 'node-red')].map(
      ({ payload }) => payload,
    );
    const first = await send('export', certificates);
    assert.equal((first.payload as BrokerExportResult).replaced?.proved, false, first.error?.message);
    await startBroker();
    // The broker obeys the flow from here on.
    flows.node('reload-seen').on('input' as never, (() => broker?.reload()) as never);
  }

  async function startBroker(): Promise<void> {
    broker = await startMosquitto({
      port,
      folder: out,
      configuration: () => [readFileSync(path.join(out, 'mosquitto.conf'), 'utf8'), `pid_file ${out}/mosquitto.pid`],
    });
  }

  const send = (id: string, payload: unknown): Promise<Outcome> => flows.send(id, { payload } as never, `${id}-seen`);
  const renewed = async (): Promise<CertificateResult> =>
    (await send('renewing', 'broker')).payload as CertificateResult;
  const at = (name: string): string[] => ['-h', 'localhost', '-p', String(port), '--cafile', `${out}/ca.pem`, '--cert', `${out}/${name}.crt.pem`, '--key', `${out}/${name}.key.pem`]; // prettier-ignore
  /** Content, owner and mode of what the broker reads. */
  const state = (): object =>
    Object.fromEntries(
      readdirSync(out)
        .filter((name) => name.endsWith('.pem') || name === 'acl')
        .map((name) => [name, [readFileSync(path.join(out, name), 'utf8'), statSync(path.join(out, name)).ino]]),
    );
  const served = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = tls.connect(
        { port, host: 'localhost', servername: 'localhost', rejectUnauthorized: false },
        () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        },
      );
      socket.once('error', reject);
    });

  it('the broker serves the new one, a connected client stays, and the old files are gone', async () => {
    await start();
    const live = mosquittoClient('mosquitto_sub', [...at('node-red'), '-i', 'live', '-t', 'a', '-C', '1']);
    await broker?.waitForLog(/as live /);
    const { serialNumber } = await renewed();
    const { payload, error } = await send('export', `serial:${serialNumber}`);
    assert.equal(error, undefined, error?.message);
    const { replaced } = payload as BrokerExportResult;
    assert.deepEqual({ ...replaced, previous: '' }, { serialNumber, previous: '', proved: true, target: `mqtts://localhost:${port}` }); // prettier-ignore
    assert.notEqual(replaced?.previous, serialNumber);
    assert.equal(await served(), serialNumber);
    assert.ok(publish([...at('node-red')], 'a', 'x').accepted);
    assert.equal((await live.ended).output, 'x\n');
    assert.deepEqual(readdirSync(out).filter((name) => /\.(new|previous)$|replacing/.test(name)), []); // prettier-ignore
  });

  it('by a signal to the program of the pid file', async () => {
    await start({ reload: 'signal', pidFile: 'broker/mosquitto.pid' });
    const { serialNumber } = await renewed();
    const { error } = await send('export', `serial:${serialNumber}`);
    assert.equal(error, undefined, error?.message);
    assert.equal(await served(), serialNumber);
  });

  it('a broker that goes on with the old one: the old files are back exactly, and the reason is told', async () => {
    await start();
    const before = state();
    const old = await served();
    flows.node('reload-seen').removeAllListeners('input');
    const { serialNumber } = await renewed();
    const { error } = await send('export', `serial:${serialNumber}`);
    assert.equal(error?.code, 'CERT_SUPERSEDED');
    assert.deepEqual([error.cause.expected, error.cause.served, error.cause.restored], [serialNumber, old, true]);
    assert.match(error.message, /the old files were put back/);
    assert.deepEqual(state(), before);
    const news = await sends<{ payload: { reason: string } }[]>(flows.node('export'), (msg) => msg[1]?.payload.reason === 'put back'); // prettier-ignore
    assert.equal(news[1]?.payload.reason, 'put back');
  });

  it('a broker that dies of the reload: the old files are back, and it starts with them', async () => {
    await start();
    const before = state();
    flows.node('reload-seen').removeAllListeners('input');
    flows.node('reload-seen').on('input' as never, (() => void broker?.stop()) as never);
    // What a program of its own makes of the folder is of no interest when it ends.
    chmodSync(out, 0o755);
    const { serialNumber } = await renewed();
    const ended = send('export', `serial:${serialNumber}`);
    const { error } = await ended;
    assert.equal(error?.code, 'NET_REFUSED');
    assert.equal(error.cause.restored, false);
    assert.deepEqual(state(), before);
    await startBroker();
    assert.ok(publish([...at('node-red')], 'a', 'x').accepted);
  });

  it('killed between certificate and key, and the broker reloaded by somebody: the next start makes it serve again', async () => {
    await start();
    const [before, old] = [state(), await served()];
    const { fullChain } = (await send('server', 'broker')).payload as CertificateResult;
    const conf = readFileSync(path.join(out, 'mosquitto.conf'), 'utf8');
    const [certfile, keyfile] = ['certfile', 'keyfile'].map((option) => path.basename(new RegExp(`^${option} (.*)$`, 'm').exec(conf)?.[1] ?? '')); // prettier-ignore
    const contents = { [String(certfile)]: fullChain, [String(keyfile)]: 'never seen' };
    const files = Object.entries(contents).map(([name, text]) => ({ name, content: Buffer.from(text), mode: 0o600 }));
    for (const { name } of files) assert.ok(name in before, name);
    let killed: () => void = () => undefined;
    const halted = new Promise<void>((resolve) => (killed = resolve));
    const disk: FileSystem = {
      ...nodeFileSystem,
      rename: async (from, to) => {
        if (to !== path.join(out, String(keyfile))) return nodeFileSystem.rename(from, to);
        killed();
        return new Promise(() => undefined);
      },
    };
    void FileReplacement.begin(disk, new OutputFolder(disk, out, flows.userDir), files);
    await halted;
    broker?.reload();
    await broker?.waitForLog(/Reloading config/);
    await assert.rejects(served(), 'nobody gets in');

    const upkeep = new ExportUpkeep({
      config: { ...TLS_EXPORT_DEFAULTS, layout: 'mosquitto' },
      authority: () => Promise.reject(new Error('is not asked')),
      folder: out,
      userDir: flows.userDir,
      fs: nodeFileSystem,
      clock: systemClock,
      reload: () => Promise.resolve(broker?.reload()),
      listWritten: () => undefined,
      putBack: () => undefined,
      failed: (error) => assert.fail(String(error)),
    });
    await upkeep.start();
    await broker?.waitForLines(/Reloading config/, 2);
    assert.equal(await served(), old);
    assert.deepEqual(state(), before);
  });

  it('what the broker’s clients would refuse is never given to it', async () => {
    await start();
    const before = state();
    const { serialNumber } = await renewed();
    await send('revoking', `serial:${serialNumber}`);
    await broker?.waitForLog(/Reloading config/);
    const listed = state();
    const revoked = await send('export', `serial:${serialNumber}`);
    assert.equal(revoked.error?.code, 'CERT_REVOKED');
    assert.deepEqual(state(), listed);
    assert.notDeepEqual(listed, before, 'the list of the revocation itself');
    const client = await send('export', 'name:node-red');
    assert.equal(client.error?.code, 'INPUT_LAYOUT');
    assert.deepEqual(state(), listed);
  });

  it('no pid file, no number in it, nobody behind it: said, and the old files are back', async () => {
    await start({ reload: 'signal', pidFile: 'broker/mosquitto.pid' });
    const before = state();
    const pidFile = path.join(out, 'mosquitto.pid');
    for (const content of ['', '1', '-5', 'mosquitto', '4194304']) {
      writeFileSync(pidFile, content);
      const { serialNumber } = await renewed();
      const { error } = await send('export', `serial:${serialNumber}`);
      assert.equal(error?.code, 'INPUT_CONFIG', content);
      assert.deepEqual(state(), before);
    }
  });

  it('a revoked client is out as soon as the list is renewed; others stay, and go on', async () => {
    await start();
    assert.ok(publish([...at('node-red')], 'a', 'x').accepted);
    const stolen = (await send('client', 'stolen')).payload as CertificateResult;
    await send('export', ['name:broker', `serial:${stolen.serialNumber}`, 'name:node-red']);
    assert.ok(publish([...at('stolen')], 'a', 'x').accepted);
    const reloads = broker?.log().match(/Reloading config/g)?.length ?? 0;
    await send('revoking', `serial:${stolen.serialNumber}`);
    while ((broker?.log().match(/Reloading config/g)?.length ?? 0) <= reloads) await broker?.waitForLog(/./).then(() => new Promise(setImmediate)); // prettier-ignore
    assert.ok(!publish([...at('stolen')], 'a', 'x').accepted);
    assert.ok(publish([...at('node-red')], 'a', 'x').accepted);
  });
});
