import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { NodeAPI } from 'node-red';
import { AUTHORITY_EVENTS, type AuthorityEvent } from '../../src/ca/authority-event';
import { AuthorityWatch, type WatchView } from '../../src/node-red/authority-watch';
import { LiveRevocationList } from '../../src/node-red/live-revocation-list';
import { LivingMaterial } from '../../src/node-red/living-material';
import { OutputFolder } from '../../src/store/output-folder';
import { StateFile } from '../../src/store/state-file';
import { closeConnections, reached, testConnection } from '../support/connection';
import { EmbeddedServers } from '../support/embedded-server';
import { MemoryClock } from '../support/memory-clock';
import { MemoryDisk } from '../support/memory-disk';
import { temporaryFolder } from '../support/temporary-folder';
import { deviceRequest, nextProcess, testSettings } from '../support/test-authority';

const DAY_MS = 86_400_000;
const A_LOOK_MS = 11 * 60_000;
const DAYS = 365;
const EXPORTED = '/user/broker/crl.pem';

/** Who is renewed: a client by its connection, a broker by itself, a device by a flow. */
const NAMES = ['client', 'localhost', 'online'];

/** Days, so that a year holds many of each. */
const settings = testSettings({ leafValidityDays: 10, deviceValidityDays: 20, crlDays: 7, validityDays: 1000 });

/** Keys are made and signed with in the thread pool, which knows nothing of the test's clock. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate();
}

/**
 * A year in the life of a CA: a broker and a client whose certificates are renewed by policy, a device that a flow renews
 * when it is told, a device that lies in a drawer, and a folder with a revocation list for another broker. openssl says every
 * day whether anybody would have been refused.
 *
 * The clock is moved; OpenSSL's cannot be, so the one real connection is that of the first day, and it must last.
 */
describe('a year of certificates', function () {
  this.timeout(240_000);
  const folder = temporaryFolder();
  const clock = new MemoryClock(Date.now());
  const disk = new MemoryDisk();
  const told: AuthorityEvent[] = [];
  let view: WatchView | undefined;
  let servers: EmbeddedServers;
  const failures: unknown[] = [];

  before(async () => {
    servers = await EmbeddedServers.withNewAuthority({ clock, fs: disk, processes: nextProcess(), settings });
  });
  after(async () => {
    await closeConnections();
    await servers.stop();
    await servers.release();
  });

  /** As a tls-watch with a tls-issue behind it that renews what is due of one device. */
  function watching(): AuthorityWatch {
    const watch = new AuthorityWatch({
      authority: () => Promise.resolve(servers.authority),
      events: new Set(AUTHORITY_EVENTS),
      file: new StateFile(disk, '/user', 'watch1'),
      clock,
      tell: (event) => {
        told.push(event);
        const { serialNumber, commonName } = event;
        if (event.event !== 'due' || commonName !== 'online') return;
        servers.authority.renew({ by: 'serial', value: serialNumber }).catch((error) => failures.push(error));
      },
      show: (shown) => (view = shown),
      failed: (error) => failures.push(error),
    });
    void watch.attach().then(() => watch.start());
    return watch;
  }

  /** What the connection of a broker configuration shows and trusts. */
  function materialOf(clientId: string, changed: () => void): LivingMaterial {
    const { authority } = servers;
    const RED = { settings: { userDir: folder }, nodes: { getNode: () => ({ authority: async () => authority }) } };
    const identity = { trust: 'ca', identity: 'issue', ca: 'ca', clientId, security: 'mutual' } as const;
    return new LivingMaterial({ RED: RED as unknown as NodeAPI }, identity, {}, clock, changed);
  }

  /** openssl, on that day. */
  function judge(purpose: 'sslserver' | 'sslclient', ...certificates: string[]): void {
    const names = certificates.map((_pem, index) => `${index}.pem`);
    for (const [index, name] of names.entries()) writeFileSync(path.join(folder, name), certificates[index] ?? '');
    writeFileSync(path.join(folder, 'crl.pem'), disk.files().get(EXPORTED) ?? '');
    const at = Math.floor(clock.now() / 1000);
    const args = ['verify', '-attime', String(at), '-x509_strict', '-crl_check', '-purpose', purpose];
    execFileSync('openssl', [...args, '-CAfile', 'ca.pem', '-CRLfile', 'crl.pem', ...names], { cwd: folder, stdio: 'pipe' }); // prettier-ignore
  }

  const countOf = (event: string, commonName: string) =>
    told.filter((one) => one.event === event && one.commonName === commonName).length;

  it('refuses nobody on any day, tells each thing once, and forgets no device', async () => {
    const { authority } = servers;
    await authority.issue([deviceRequest('online'), deviceRequest('drawer')]);
    const server = await servers.start({ clock });
    writeFileSync(path.join(folder, 'ca.pem'), authority.trustAnchorsPem);
    disk.put(EXPORTED, 'not yet');
    const list = new LiveRevocationList({
      authority: () => Promise.resolve(authority),
      fs: disk,
      output: new OutputFolder(disk, path.dirname(EXPORTED), '/user'),
      fileName: path.basename(EXPORTED),
      clock,
      written: () => undefined,
      failed: (error) => failures.push(error),
    });
    list.request();
    const living = materialOf('client', () => (changes += 1));
    let changes = 0;
    let watch = watching();
    const connection = testConnection({ port: server.port, material: () => living.current(), session: { clientId: 'client' } }); // prettier-ignore
    connection.connect();
    await reached(connection, 'connected');

    const shown = { server: new Set<string>(), client: new Set<string>() };
    for (let day = 1; day <= DAYS; day += 1) {
      const before = { changes, renewals: countOf('renewed', 'client') };
      clock.jumpTo(clock.now() + DAY_MS - A_LOOK_MS);
      await clock.advance(A_LOOK_MS);
      await until(() => NAMES.every((name) => countOf('renewed', name) >= countOf('due', name)));
      // A running connection is told.
      if (countOf('renewed', 'client') > before.renewals) await until(() => changes > before.changes);
      const client = (await living.current()).identity?.certificatePem ?? '';
      shown.client.add(client);
      shown.server.add(server.certificatePem);
      judge('sslserver', server.certificatePem);
      const online = await authority.load(authority.find({ by: 'name', value: 'online' }).serialNumber);
      judge('sslclient', client, online.certificate.pem);
      if (day % 30 === 0) {
        // A restart of the flows: what was told before is not told again.
        await watch.close();
        watch = watching();
      }
    }
    await clock.advance(0);
    await watch.close();
    await list.close();
    living.close();

    assert.deepEqual(failures, []);
    const things = told
      .filter(({ event }) => event !== 'crl-refreshed')
      .map((one) => `${one.event} ${one.serialNumber}`);
    assert.equal(new Set(things).size, things.length, 'each thing once');
    for (const name of NAMES) {
      // Of 11 days (20 for the device, 21) a third is left: a new one about every week, or every two.
      const { total } = authority.list({ name });
      assert.ok(total >= (name === 'online' ? 20 : 40) && total <= 70, `${total} of ${name}`);
      assert.deepEqual([countOf('expiring', name), countOf('expired', name)], [0, 0], name);
      assert.equal(countOf('renewed', name), total - 1, name);
    }
    assert.equal(shown.client.size, authority.list({ name: 'client' }).total);
    assert.ok(shown.server.size >= 40);
    const refreshed = told.filter(({ event }) => event === 'crl-refreshed').length;
    assert.ok(refreshed >= Math.floor(DAYS / 4) && refreshed <= DAYS / 2, `${refreshed} lists`);
    assert.equal(told.filter(({ event }) => event === 'crl-overdue').length, 0);

    assert.deepEqual(['due', 'expiring', 'expired'].map((event) => countOf(event, 'drawer')), [1, 1, 1]); // prettier-ignore
    const { status, daysRemaining } = authority.list({ name: 'drawer' }).items[0] ?? {};
    assert.deepEqual([status, daysRemaining], ['expired', 20 - DAYS - 1]);
    assert.deepEqual(view?.standing.map(({ event, commonName }) => `${event} ${commonName}`), ['expired drawer']); // prettier-ignore

    assert.equal(connection.state.phase, 'connected');
    const refused = servers.events.filter(({ event }) => event !== 'connected');
    assert.deepEqual(refused, []);
    const first = [...shown.client][0] ?? '';
    assert.equal(servers.events[0]?.serialNumber, new X509Certificate(first).serialNumber);
  });

  it('renews after a sleep of the machine that took everything beyond its time', async () => {
    await servers.stop();
    const server = await servers.start({ clock });
    const before = server.certificatePem;
    let changed = () => undefined as void;
    const woken = new Promise<void>((resolve) => (changed = resolve));
    const living = materialOf('sleeper', () => changed());
    const asleep = (await living.current()).identity?.certificatePem;
    const renewed = once(server, 'certificate');
    // Of both less than a tenth is left: the CA tells that it is urgent, and no longer that it is due.
    clock.jumpTo(clock.now() + 9.5 * DAY_MS);
    await clock.advance(A_LOOK_MS);
    await Promise.all([woken, renewed]);
    assert.notEqual((await living.current()).identity?.certificatePem, asleep);
    assert.notEqual(server.certificatePem, before);
    living.close();
  });
});
