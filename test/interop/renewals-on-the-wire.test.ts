import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate, randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeAPI } from 'node-red';
import { acquireAuthority, type AuthorityLease } from '../../src/ca/authority-registry';
import { writePlan } from '../../src/export/export-result';
import { planExport } from '../../src/export/layouts';
import { systemClock } from '../../src/model/clock';
import { CodedError } from '../../src/model/errors';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { exportForBroker } from '../../src/node-red/broker-export';
import { LiveRevocationList } from '../../src/node-red/live-revocation-list';
import { LivingMaterial } from '../../src/node-red/living-material';
import { readRevocationList } from '../../src/pki/revocation-list';
import { nodeFileSystem } from '../../src/store/file-system';
import { OutputFolder } from '../../src/store/output-folder';
import { closeConnections, Inbox, reached, testConnection } from '../support/connection';
import { publish } from '../support/exported-broker';
import { FailingFileSystem } from '../support/failing-file-system';
import { freePort } from '../support/free-port';
import { MemoryClock } from '../support/memory-clock';
import { MemoryDisk } from '../support/memory-disk';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { temporaryFolder } from '../support/temporary-folder';
import { authorityOptions, deviceRequest, nextProcess, serverRequest } from '../support/test-authority';

const DAY_MS = 86_400_000;
const A_LOOK_MS = 11 * 60_000;
const RENEWALS = 5;
const STEP_DAYS = 5;

/** All that is issued from 25 days ago until now is good today, the revocation lists too. */
const config = { leafValidityDays: 100, crlDays: 40, validityDays: 1000 };

/**
 * The certificates of a broker and of its client, renewed again and again, as other programs see them: a real Mosquitto, which
 * looks at the real clock, and openssl. The CA lives in the past and catches up with today, so all of its certificates count.
 */
describe('renewals on the wire', function () {
  this.timeout(60_000);
  const userDir = temporaryFolder();
  const folder = path.join(userDir, 'broker');
  const clock = new MemoryClock(Date.now() - RENEWALS * STEP_DAYS * DAY_MS - DAY_MS);
  let lease: AuthorityLease;
  let broker: RunningMosquitto | undefined;
  let living: LivingMaterial;
  let list: LiveRevocationList;
  const failures: unknown[] = [];

  before(async () => {
    lease = await acquireAuthority(authorityOptions({ fs: new MemoryDisk(), clock, processes: nextProcess(), config }));
  });
  after(async () => {
    await closeConnections();
    living?.close();
    await list?.close();
    await broker?.stop();
    await lease.release();
  });

  /** The newest certificates of broker and clients, given to the broker as tls-export does. */
  async function exportAll(port: number): Promise<string> {
    const { authority } = lease;
    const named = ['localhost', 'client', 'judge'].map((value) => authority.find({ by: 'name', value }).serialNumber);
    const certificates = await Promise.all(named.map((serialNumber) => authority.load(serialNumber)));
    const settings = { ...TLS_EXPORT_DEFAULTS, layout: 'mosquitto', targetDir: '.', crl: 'live', brokerHost: 'localhost', brokerPort: port } as const; // prettier-ignore
    const plan = await planExport('mosquitto', { authority, certificates, settings, users: [], folder, clock: systemClock, random: randomBytes }); // prettier-ignore
    const { replaced } = await exportForBroker(plan, {
      config: settings,
      authority,
      certificates,
      folder,
      userDir,
      fs: nodeFileSystem,
      clock: systemClock,
      reload: () => Promise.resolve(broker?.reload()),
    });
    assert.equal(replaced?.proved, broker !== undefined);
    return replaced?.serialNumber ?? '';
  }

  /** What openssl is given by the broker, judged with the revocation list; it shows a certificate of its own. */
  function served(port: number): X509Certificate {
    writeFileSync(path.join(userDir, 'root.pem'), lease.authority.trustAnchorsPem);
    const trust = ['-CAfile', `${userDir}/root.pem`, '-CRL', 'crl.pem', '-crl_check', '-x509_strict', '-verify_hostname', 'localhost']; // prettier-ignore
    const own = ['-cert', 'judge.crt.pem', '-key', 'judge.key.pem'];
    const args = ['s_client', '-connect', `localhost:${port}`, '-servername', 'localhost', '-verify_return_error', ...trust, ...own]; // prettier-ignore
    const { stdout, stderr, status } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8', input: 'Q\n' });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /Verify return code: 0 \(ok\)/);
    return new X509Certificate(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/.exec(stdout)?.[0] ?? '');
  }

  it('the broker serves each new certificate, its client shows each of its own, and no message is lost', async () => {
    const { authority } = lease;
    await authority.issue([serverRequest(['dns:localhost'])]);
    await authority.issue([deviceRequest('client', { profile: 'client' }), deviceRequest('judge', { profile: 'client' })]); // prettier-ignore
    const port = await freePort();
    await exportAll(port);
    broker = await startMosquitto({
      port,
      folder,
      configuration: () => [readFileSync(path.join(folder, 'mosquitto.conf'), 'utf8'), 'max_queued_messages 0'],
    });
    list = new LiveRevocationList({
      authority: () => Promise.resolve(authority),
      fs: nodeFileSystem,
      output: new OutputFolder(nodeFileSystem, folder, userDir),
      fileName: 'crl.pem',
      clock,
      reload: () => Promise.resolve(broker?.reload()),
      written: () => undefined,
      failed: (error) => failures.push(error),
    });
    list.request();

    const RED = { settings: { userDir }, nodes: { getNode: () => ({ authority: async () => authority }) } };
    const settings = { trust: 'ca', identity: 'issue', ca: 'ca', clientId: 'client', security: 'mutual' } as const;
    living = new LivingMaterial({ RED: RED as unknown as NodeAPI }, settings, {}, clock, () => connection.renewMaterial()); // prettier-ignore
    const connection = testConnection({ port, material: () => living.current(), session: { clientId: 'client', cleanSession: false } }); // prettier-ignore
    const inbox = new Inbox();
    await connection.subscribe('client/#', 'test', { qos: 1 }, inbox.receive);
    connection.connect();
    await reached(connection, 'connected');
    const connects = (count: number) => broker?.waitForLines(/New client connected.* as client /, count);
    const send = (payload: string): void => {
      sent.push(payload);
      connection
        .publish({ topic: 'client/a', payload: Buffer.from(payload), qos: 1, retain: false })
        .catch((error) => failures.push(error));
    };
    const sent: string[] = [];

    const seen = { server: new Set([served(port).serialNumber]), client: new Set([living.identityPem]) };
    const firstList = readRevocationList(readFileSync(path.join(folder, 'crl.pem')));
    for (let renewal = 1; renewal <= RENEWALS; renewal += 1) {
      clock.jumpTo(clock.now() + STEP_DAYS * DAY_MS);
      await clock.advance(A_LOOK_MS);
      send(`before ${renewal}`);
      for (const value of ['localhost', 'client']) await authority.renew({ by: 'name', value });
      const serialNumber = await exportAll(port);
      send(`after ${renewal}`);
      await connects(renewal + 1);
      assert.equal(served(port).serialNumber, serialNumber);
      seen.server.add(serialNumber);
      seen.client.add(living.identityPem);
    }
    while (inbox.distinct.size < sent.length) await inbox.next();

    assert.deepEqual(failures, []);
    assert.deepEqual([seen.server.size, seen.client.size], [RENEWALS + 1, RENEWALS + 1]);
    assert.deepEqual([...inbox.distinct].sort(), sent.sort());
    assert.equal(connection.state.phase, 'connected');
    const lastList = readRevocationList(readFileSync(path.join(folder, 'crl.pem')));
    assert.ok((lastList.number ?? 0n) > (firstList.number ?? 0n), 'the list was renewed on the way');
    assert.doesNotMatch(broker.log(), /no shared cipher|alert/i);
  });
});

/** A full disk for a month: what is told when, and what a real Mosquitto makes of it. */
describe('a revocation list that cannot be replaced', () => {
  const userDir = temporaryFolder();
  const folder = path.join(userDir, 'broker');
  const clock = new MemoryClock(Date.now() - 31 * DAY_MS);
  let lease: AuthorityLease;
  let broker: RunningMosquitto | undefined;
  let list: LiveRevocationList;

  before(async () => {
    lease = await acquireAuthority(authorityOptions({ fs: new MemoryDisk(), clock, processes: nextProcess() }));
  });
  after(async () => {
    await list?.close();
    await broker?.stop();
    await lease.release();
  });

  it('is an alarm a week before Mosquitto refuses every client, and mended it lets them in', async () => {
    const { authority } = lease;
    const certificates = await authority.issue([serverRequest(['dns:localhost']), deviceRequest('client')]);
    const port = await freePort();
    const settings = { ...TLS_EXPORT_DEFAULTS, layout: 'mosquitto', targetDir: '.', crl: 'live', brokerHost: 'localhost', brokerPort: port } as const; // prettier-ignore
    const plan = await planExport('mosquitto', { authority, certificates, settings, users: [], folder, clock, random: randomBytes }); // prettier-ignore
    await writePlan(plan, new OutputFolder(nodeFileSystem, folder, userDir));
    broker = await startMosquitto({ port, folder, configuration: () => readFileSync(path.join(folder, 'mosquitto.conf'), 'utf8') }); // prettier-ignore
    const mayEnter = () => publish(['-h', 'localhost', '-p', String(port), '--cafile', `${folder}/ca.pem`, '--cert', `${folder}/client.crt.pem`, '--key', `${folder}/client.key.pem`], 'client/a', 'x').accepted; // prettier-ignore

    const disk = new FailingFileSystem(nodeFileSystem);
    let told: CodedError | 'written' | undefined;
    let settled: () => void = () => undefined;
    list = new LiveRevocationList({
      authority: () => Promise.resolve(authority),
      fs: disk,
      output: new OutputFolder(disk, folder, userDir),
      fileName: 'crl.pem',
      clock,
      reload: () => Promise.resolve(broker?.reload()),
      written: () => {
        told = 'written';
        settled();
      },
      failed: (error) => {
        told = error as CodedError;
        settled();
      },
    });
    /** Let it look until it tells this: a look that had begun before may tell something else first. */
    const tells = async (isWanted: () => boolean): Promise<void> => {
      do {
        const some = new Promise<void>((resolve) => (settled = resolve));
        await clock.advance(A_LOOK_MS);
        await some;
      } while (!isWanted());
    };
    const code = () => (told instanceof CodedError ? told.code : told);
    const afterDays = async (days: number, expected: string): Promise<void> => {
      clock.jumpTo(clock.now() + days * DAY_MS);
      await tells(() => code() === expected);
    };
    // What lies there is another text than that of the CA, so that the first look has something to tell.
    appendFileSync(path.join(folder, 'crl.pem'), '\n');
    list.request();
    await tells(() => told === 'written');
    await broker.waitForLog(/Reloading config/);
    disk.failAt(1, { kind: 'always', errno: 'ENOSPC' });
    await afterDays(16, 'STORE_FULL');
    await afterDays(6.6, 'CRL_EXPIRES_SOON');
    assert.ok(told instanceof CodedError);
    assert.ok(Date.parse(String(told.cause.nextUpdate)) - clock.now() > 7 * DAY_MS, 'a week to mend the disk');
    await afterDays(8.2, 'CRL_EXPIRED');
    assert.ok(!mayEnter(), 'this is what the alarm was about');

    disk.heal();
    await tells(() => told === 'written');
    await broker.waitForLines(/Reloading config/, 2);
    assert.ok(mayEnter());
  });
});
