import assert from 'node:assert/strict';
import type { CodedError } from '../../src/model/errors';
import type { SecureMqttConnection } from '../../src/mqtt/connection';
import {
  asIdentity,
  asTrust,
  makeBrokerCertificates,
  writeForMosquitto,
  type BrokerCertificates,
} from '../support/broker-certificates';
import { makeLeaf } from '../support/certificates';
import { closeConnections, Inbox, reached, testConnection, type TestConnectionOptions } from '../support/connection';
import { FaultProxy } from '../support/fault-proxy';
import { MemoryClock } from '../support/memory-clock';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { temporaryFolder } from '../support/temporary-folder';

const HOUR_MS = 3_600_000;

describe('a connection that lives long', () => {
  const folder = temporaryFolder();
  let certificates: BrokerCertificates;
  let mosquitto: RunningMosquitto;
  let proxy: FaultProxy;
  let clock: MemoryClock;
  let failures: string[];
  let hints: string[];

  before(async () => {
    certificates = await makeBrokerCertificates();
    mosquitto = await startMosquitto({
      folder,
      configuration: (port) => [
        `listener ${port} 127.0.0.1`,
        ...writeForMosquitto(folder, certificates.root, certificates.server),
        'allow_anonymous true',
        'require_certificate true',
      ],
    });
  });
  beforeEach(async () => {
    proxy = await FaultProxy.start({ to: mosquitto.port });
    clock = new MemoryClock(Date.now());
    failures = [];
    hints = [];
  });
  afterEach(async () => {
    await closeConnections();
    assert.equal(clock.waiting, 0, 'no timer is left');
    await proxy.idle();
    await proxy.stop();
  });
  after(() => mosquitto.stop());

  const material = () => ({ trust: asTrust(certificates.root), identity: asIdentity(certificates.client) });
  const start = (options: Partial<TestConnectionOptions> = {}): SecureMqttConnection => {
    const connection = testConnection({
      port: proxy.port,
      material,
      clock,
      firstRetryMs: 1_000,
      longestRetryMs: 60_000,
      ...options,
    });
    connection.on('failure', ({ code, hint }: CodedError) => {
      failures.push(code);
      hints.push(hint);
    });
    connection.connect();
    return connection;
  };
  const message = (payload: string, qos: 0 | 1 | 2 = 1) => ({ topic: 'a', payload, qos, retain: false });

  /** Attempts are real connections and take real turns: time goes on only while the connection waits for it. */
  async function pass(milliseconds: number, connections: SecureMqttConnection[]): Promise<void> {
    for (const end = clock.now() + milliseconds; clock.now() < end;) {
      while (connections.some(({ state }) => state.phase === 'connecting')) await turn();
      await clock.advance(1_000);
    }
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('comes back after an hour without broker, has said why once, and tried ever more seldom', async () => {
    const connection = start();
    await reached(connection, 'connected');
    const before = clock.waiting;
    let attempts = 0;
    connection.on('state', ({ phase }) => (attempts += phase === 'connecting' ? 1 : 0));
    await proxy.refuse();
    await reached(connection, 'waiting');
    const outcome = connection.publish(message('while away'));
    await pass(HOUR_MS, [connection]);
    // One a minute at most in the end, every half of one at least.
    assert.ok(attempts > 50 && attempts < 140, String(attempts));
    assert.deepEqual(failures, ['NET_CLOSED', 'NET_REFUSED'], 'how it was lost, then why it does not come back');
    assert.equal(connection.state.failure?.code, 'NET_REFUSED');
    await proxy.accept();
    await pass(60_000, [connection]);
    await reached(connection, 'connected');
    assert.equal(await outcome, 'sent');
    assert.equal(clock.waiting, before, 'as many timers as before');
  });

  it('fights ever more seldom with another one of its client id, and names that cause', async () => {
    const session = { clientId: 'twin', protocolVersion: 5 as const };
    const twins = [start({ session }), start({ session })];
    let connects = 0;
    for (const twin of twins) twin.on('state', ({ phase }) => (connects += phase === 'connected' ? 1 : 0));
    await pass(5 * 60_000, twins);
    // Without damping it would be one every second or two.
    assert.ok(connects < 40, `${connects} in five minutes`);
    assert.ok(
      hints.some((hint) => /same client id/.test(hint)),
      hints.join('\n'),
    );
  });

  for (const [what, jump] of [
    ['a day forwards', 24 * HOUR_MS],
    ['a day backwards', -24 * HOUR_MS],
  ] as const) {
    it(`does not mind that the clock is set ${what}`, async () => {
      const connection = start();
      await reached(connection, 'connected');
      clock.jumpTo(clock.now() + jump);
      assert.equal(await connection.publish(message('after')), 'sent');
      await proxy.refuse();
      await reached(connection, 'waiting');
      clock.jumpTo(clock.now() - jump);
      await proxy.accept();
      await pass(60_000, [connection]);
      assert.equal((await reached(connection, 'connected')).failure, undefined);
    });
  }

  it('stays when the broker reads its configuration again, and takes its new certificate next time', async () => {
    const connection = start();
    await reached(connection, 'connected');
    const renewed = await makeLeaf(certificates.root, { commonName: 'renewed' });
    writeForMosquitto(folder, certificates.root, renewed);
    mosquitto.reload();
    await mosquitto.waitForLog(/Reloading config/);
    assert.equal(await connection.publish(message('still')), 'sent');
    assert.deepEqual(failures, []);
    proxy.cutAll();
    await reached(connection, 'waiting');
    await pass(2_000, [connection]);
    await reached(connection, 'connected');
  });

  it('keeps the newest messages when too many wait, reports the first that goes and how many went', async () => {
    await proxy.refuse();
    const connection = start({ queueLimit: 3 });
    const warnings: string[] = [];
    connection.on('warning', ({ message: text }) => warnings.push(text));
    const inbox = new Inbox();
    await connection.subscribe('a', 'test', { qos: 1 }, inbox.receive);
    await reached(connection, 'waiting');
    const outcomes = ['1', '2', '3', '4', '5'].map((payload) => connection.publish(message(payload)));
    await assert.rejects(outcomes[0] as Promise<unknown>, { code: 'MQTT_QUEUE_FULL' });
    assert.equal(await outcomes[1], 'dropped');
    assert.equal(connection.state.waiting, 3);
    await proxy.accept();
    await pass(60_000, [connection]);
    await inbox.count(3);
    assert.deepEqual(inbox.payloads, ['3', '4', '5']);
    assert.match(warnings.at(-1) ?? '', /2 messages were dropped/);
  });

  it('connects and disconnects many times without leaving anything behind', async () => {
    const connection = start({ session: { clientId: 'restless' } });
    for (let round = 0; round < 20; round += 1) {
      await reached(connection, 'connected');
      await connection.disconnect();
      connection.connect();
    }
    await reached(connection, 'connected');
    assert.equal(await connection.publish(message('last')), 'sent');
    assert.deepEqual(failures, []);
  });
});
