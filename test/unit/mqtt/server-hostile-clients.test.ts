import assert from 'node:assert/strict';
import type { IConnectPacket } from 'mqtt-packet';
import type { SecureMqttServer } from '../../../src/mqtt/server';
import type { ClientIdentity } from '../../../src/tls/client-identity';
import { EmbeddedServers } from '../../support/embedded-server';
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
});
