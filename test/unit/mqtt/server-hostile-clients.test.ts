import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { IConnectPacket } from 'mqtt-packet';
import type { SecureMqttServer } from '../../../src/mqtt/server';
import { MOST_FAILURES_OF_ONE } from '../../../src/mqtt/server-failures';
import { TOGETHER_MS } from '../../../src/mqtt/server-news';
import type { ClientIdentity } from '../../../src/tls/client-identity';
import { EmbeddedServers } from '../../support/embedded-server';
import { MemoryClock } from '../../support/memory-clock';
import { RawClient } from '../../support/raw-mqtt-client';

/** Texts at which programs on libmosquitto end their connection (MQTT 3.1.1 §1.5.3), so nobody may send them to others. */
const UNSOUND = ['a\0b', 'a\nb', 'a\u0085b', 'a\uffffb'];

describe('clients of the embedded server that mean harm', () => {
  let servers: EmbeddedServers;
  let running: SecureMqttServer;
  let attacker: ClientIdentity;
  const clients: RawClient[] = [];

  before(async () => {
    servers = await EmbeddedServers.withNewAuthority();
    attacker = await servers.identityOf('attacker');
  });
  beforeEach(async () => {
    running = await servers.start();
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await servers.stop();
  });
  after(() => servers.release());

  async function open(identity: ClientIdentity): Promise<RawClient> {
    const client = await RawClient.open(running, identity);
    clients.push(client);
    return client;
  }

  async function enter(identity: ClientIdentity, clientId: string): Promise<RawClient> {
    const client = await open(identity);
    client.greet({ clientId });
    assert.equal(await client.answer(), 0);
    return client;
  }

  /** Everything that was published until now has reached this client. */
  async function heard(watcher: RawClient): Promise<(string | undefined)[]> {
    const publisher = await enter(await servers.identityOf('honest'), 'honest');
    publisher.publish('end', '');
    const topics = [];
    for (let topic = await watcher.topic(); topic !== 'end'; topic = await watcher.topic()) topics.push(topic);
    return topics;
  }

  const will = (topic: string): Partial<IConnectPacket> => ({
    will: { topic, payload: Buffer.from('W'), qos: 0, retain: true },
  });

  it('one whose certificate is revoked before its CONNECT is not let in, and leaves no will', async () => {
    const watcher = await enter(await servers.identityOf('watcher'), 'watcher');
    await watcher.subscribe(['#']);
    const client = await open(await servers.identityOf('thief'));
    await servers.authority.revoke({ by: 'name', value: 'thief' });
    client.greet({ clientId: 'thief', ...will('alarm') });
    assert.equal(await client.answer(), 5);
    const { code, identity } = await servers.event('refused', 'thief');
    assert.deepEqual({ code, identity }, { code: 'CERT_REVOKED', identity: 'thief' });
    await client.ended();
    assert.deepEqual(await heard(watcher), []);
  });

  it('one that was judged cannot begin another handshake (TLS 1.2), which could show another certificate', async () => {
    const { socket } = await RawClient.open(running, attacker, { maxVersion: 'TLSv1.2' });
    const outcome = await new Promise((resolve) => {
      socket.once('close', () => resolve('refused'));
      socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error ? 'refused' : 'done'));
    });
    socket.destroy();
    assert.equal(outcome, 'refused');
  });

  for (const topic of ['#', 'a/+/b', ...UNSOUND]) {
    it(`a will for ${JSON.stringify(topic)} is refused with its CONNECT`, async () => {
      const client = await open(attacker);
      client.greet({ clientId: 'attacker', ...will(topic) });
      assert.equal(await client.answer(), undefined);
      const { code, message } = await servers.event('refused');
      assert.equal(code, 'MQTT_PROTOCOL');
      assert.match(String(message), /^the client sent no valid MQTT: a wildcard or control character in the topic "/);
    });
  }

  for (const text of UNSOUND) {
    it(`a message to ${JSON.stringify(text)} reaches nobody, and a client id of it is refused`, async () => {
      const watcher = await enter(await servers.identityOf('watcher'), 'watcher');
      await watcher.subscribe(['#']);
      const client = await enter(attacker, 'attacker');
      client.publish(text, 'x', { retain: true });
      await client.ended();
      assert.equal((await servers.event('disconnected', 'attacker')).code, 'MQTT_PROTOCOL');
      assert.deepEqual(await heard(watcher), []);
      const other = await open(attacker);
      other.greet({ clientId: text });
      assert.equal(await other.answer(), undefined);
      assert.equal((await servers.event('refused')).code, 'MQTT_PROTOCOL');
    });
  }

  it('an address from which nothing but failures come is closed unheard for a while; two events tell of all', async () => {
    await servers.stop();
    const clock = new MemoryClock();
    running = await servers.start({ clock });
    const knock = async (): Promise<void> => {
      const socket = net.connect(running.port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      socket.end('GET / HTTP/1.1\r\n\r\n');
      await once(socket, 'close');
    };
    // One after the other: each is counted when the server has seen its end.
    const unheard = () => servers.events.some(({ message }) => /closed unheard/.test(String(message)));
    let knocks = 0;
    for (; !unheard(); knocks += 1) await knock();
    assert.ok(knocks > MOST_FAILURES_OF_ONE, `unheard after ${knocks}`);
    const codes = () => servers.events.map(({ code, count }) => [code, count]);
    assert.deepEqual(codes(), [
      ['TLS_NOT_TLS', undefined],
      ['MQTT_REFUSED', undefined],
    ]);
    await clock.advance(1_000);
    await enter(await servers.identityOf('patient'), 'patient');
    await clock.advance(TOGETHER_MS);
    const told = servers.events.filter(({ event, count }) => event === 'refused' && count);
    assert.equal(
      told.reduce((sum, { count = 0 }) => sum + count, 0),
      knocks - 2,
    );
  });
});
