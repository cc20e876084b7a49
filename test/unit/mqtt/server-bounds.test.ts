import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import net from 'node:net';
import type { IConnectPacket, Packet } from 'mqtt-packet';
import type { SecureMqttServer } from '../../../src/mqtt/server';
import { MOST_CONNECTIONS_OF_ONE, ServerClientIds } from '../../../src/mqtt/server-client-ids';
import { MOST_CONNECTIONS, MOST_WAITING_OF_ONE, ServerCrowd } from '../../../src/mqtt/server-crowd';
import { MOST_FILTERS, ServerFilters } from '../../../src/mqtt/server-filters';
import { ServerIncoming, type IncomingStore } from '../../../src/mqtt/server-incoming';
import { MOST_SESSIONS_OF_ONE } from '../../../src/mqtt/server-kept';
import { STALL_MS } from '../../../src/mqtt/server-outflow';
import { MOST_RETAINED } from '../../../src/mqtt/server-retained';
import type { ClientIdentity } from '../../../src/tls/client-identity';
import { EmbeddedServers } from '../../support/embedded-server';
import { MemoryClock } from '../../support/memory-clock';
import { RawClient } from '../../support/raw-mqtt-client';

const openSockets = () => process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS)\w*Wrap$/.test(kind)).length;

describe('the bounds of the embedded server', () => {
  let servers: EmbeddedServers;
  let attacker: ClientIdentity;
  let victim: ClientIdentity;
  const clients: RawClient[] = [];

  before(async () => {
    servers = await EmbeddedServers.withNewAuthority();
    [attacker, victim] = [await servers.identityOf('attacker'), await servers.identityOf('victim')];
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await servers.stop();
  });
  after(() => servers.release());

  async function enter(
    server: SecureMqttServer,
    identity: ClientIdentity,
    clientId: string,
    options: Partial<IConnectPacket> = {},
  ): Promise<RawClient> {
    const client = await RawClient.connect(server, identity, { clientId, ...options });
    clients.push(client);
    assert.equal(await client.answer(), 0, clientId);
    return client;
  }

  async function leave(client: RawClient, clientId: string): Promise<void> {
    client.socket.destroy();
    await servers.event('disconnected', clientId);
    servers.events.length = 0;
  }

  const filters = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => `s/${from + n}`);

  describe('one SUBSCRIBE of thousands of filters', () => {
    it('is stored once, not once per filter', async () => {
      const stored: unknown[][] = [];
      const store = { addSubscriptions: async (_: unknown, topics: unknown[]) => void stored.push(topics) };
      const bounds = new ServerFilters();
      bounds.replaceIn(store);
      const subscriptions = filters(MOST_FILTERS + 5).map((topic) => ({ topic }));
      const taken = subscriptions.map((each) => {
        const answer = bounds.take('a', each);
        if (answer) void store.addSubscriptions({ id: 'a' }, subscriptions);
        return answer;
      });
      await store.addSubscriptions({ id: 'a' }, subscriptions);
      assert.equal(taken.filter(Boolean).length, MOST_FILTERS);
      assert.deepEqual(stored, [subscriptions.slice(0, MOST_FILTERS)]);
      bounds.give('a', ['s/0']);
      assert.equal(bounds.take('a', { topic: 'new' }), true);
      bounds.forget('a');
      assert.equal(bounds.take('a', { topic: 'again' }), true);
    });

    it('is granted as far as the bound, and told of once', async () => {
      const running = await servers.start();
      const kept = await enter(running, attacker, 'kept', { clean: false });
      const granted = await kept.subscribe(filters(MOST_FILTERS + 500), 1);
      assert.equal(granted?.filter((code) => code === 1).length, MOST_FILTERS);
      assert.equal(granted?.filter((code) => code === 128).length, 500);
      assert.equal((await servers.event('refused', 'kept')).code, 'MQTT_SUBSCRIBE');
      assert.equal(servers.events.filter(({ event }) => event === 'refused').length, 1);
      kept.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['s/0'] });
      await kept.next('unsuback');
      assert.deepEqual(await kept.subscribe(['s/new'], 1), [1]);
    });

    it('ends the connection of who goes on', async () => {
      const running = await servers.start();
      const kept = await enter(running, attacker, 'kept', { clean: false });
      assert.equal(await kept.subscribe(filters(10_000), 1), undefined);
      assert.equal((await servers.event('disconnected', 'kept')).code, 'MQTT_SUBSCRIBE');
    });
  });

  it('an UNSUBSCRIBE from more than anybody can have ends the connection instead of holding up the others', async () => {
    const server = await servers.start();
    const client = await enter(server, attacker, 'attacker');
    const from = (count: number) => Array<string>(count).fill('a');
    client.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: from(MOST_FILTERS) });
    assert.ok(await client.next('unsuback'), 'as many as may be kept');
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: from(MOST_FILTERS + 1) });
    assert.equal(await client.next('unsuback'), undefined);
    const { code, message } = await servers.event('disconnected', 'attacker');
    assert.deepEqual(
      [code, message],
      ['MQTT_PROTOCOL', 'the client gives up more topics at once than are kept for one'],
    );
  });

  it('a client that stops reading does not silence the others, and is cut off', async () => {
    const clock = new MemoryClock(Date.now());
    const running = await servers.start({ clock });
    const frozen = await enter(running, attacker, 'frozen');
    await frozen.subscribe(['big']);
    frozen.socket.pause();
    const good = await enter(running, victim, 'good');
    await good.subscribe(['good']);
    const publisher = await enter(running, victim, 'publisher');
    const big = Buffer.alloc(256 * 1024);
    for (let n = 0; n < 200; n += 1) publisher.publish('big', big);
    for (let n = 0; n < 200; n += 1) publisher.publish('good', String(n));
    for (let n = 0; n < 200; n += 1) assert.equal(await good.topic(), 'good');
    await clock.advance(STALL_MS);
    assert.equal((await servers.event('disconnected', 'frozen')).code, 'NET_TIMEOUT');
  });

  it('the will of a client that is thrown out because it was revoked says that it is gone', async () => {
    const running = await servers.start();
    const watcher = await enter(running, victim, 'watcher');
    await watcher.subscribe(['#']);
    const will = { topic: 'will', payload: Buffer.from('W'), qos: 1 as const, retain: true };
    await enter(running, await servers.identityOf('traitor'), 'traitor', { will });
    await servers.authority.revoke({ by: 'name', value: 'traitor' });
    assert.equal((await servers.event('disconnected', 'traitor')).code, 'CERT_REVOKED');
    assert.equal(await watcher.topic(), 'will');
  });

  it('nobody gives up the sessions of others by having many', async () => {
    const running = await servers.start();
    await leave(await enter(running, victim, 'session of the victim', { clean: false }), 'session of the victim');
    await leave(await enter(running, attacker, 'a0', { clean: false }), 'a0');
    const others = Array.from({ length: MOST_SESSIONS_OF_ONE }, (_, n) => `a${n + 1}`);
    await Promise.all(others.map((clientId) => enter(running, attacker, clientId, { clean: false })));
    // The first one of the attacker was given up, so its id is free; the session of the victim is not.
    await enter(running, victim, 'a0');
    const thief = await RawClient.connect(running, attacker, { clientId: 'session of the victim' });
    clients.push(thief);
    assert.equal(await thief.answer(), 2);
    const other = await RawClient.connect(running, victim, { clientId: 'a1' });
    clients.push(other);
    assert.equal(await other.answer(), 2);
  });

  it('messages that find no room are told of, for whom and why', async () => {
    const server = await servers.start();
    const away = await enter(server, victim, 'victim', { clean: false });
    assert.deepEqual(await away.subscribe(['k'], 1), [1]);
    await leave(away, 'victim');
    const sender = await enter(server, attacker, 'attacker');
    for (let messageId = 1; messageId <= 5; messageId += 1) {
      sender.publish('k', Buffer.alloc(9 * 1024 * 1024), { qos: 1, messageId });
    }
    const { clientId, identity, code } = await servers.event('refused');
    assert.deepEqual([clientId, identity, code], ['victim', 'victim', 'MQTT_QUEUE_FULL']);
    for (let answers = 0; answers < 5; answers += 1) assert.ok(await sender.next('puback'), 'the sender stays');
    assert.equal(servers.events.filter(({ event }) => event === 'refused').length, 1);
  });

  it('nobody takes the places of others by having many connections', async () => {
    const running = await servers.start();
    await Promise.all(Array.from({ length: MOST_CONNECTIONS_OF_ONE }, (_, n) => enter(running, attacker, `a${n}`)));
    const oneTooMany = await RawClient.connect(running, attacker, { clientId: 'one too many' });
    clients.push(oneTooMany);
    assert.equal(await oneTooMany.answer(), 3);
    const { code, message } = await servers.event('refused', 'one too many');
    assert.equal(code, 'MQTT_REFUSED');
    assert.match(String(message), /^attacker has 100 connections already/);
    await enter(running, victim, 'victim');
    // The same client once more: its older connection ends for the new one.
    const again = await enter(running, attacker, 'a0');
    await servers.event('disconnected', 'a0');
    servers.events.length = 0;
    await leave(again, 'a0');
    await enter(running, attacker, 'one too many');
  });

  describe('a client id', () => {
    it('that is the common name of another certificate is refused, though that one was never here', async () => {
      const running = await servers.start();
      const squatter = await RawClient.connect(running, attacker, { clientId: 'victim', clean: false });
      clients.push(squatter);
      assert.equal(await squatter.answer(), 2);
      assert.equal((await servers.event('refused', 'victim')).code, 'MQTT_REFUSED');
      await enter(running, victim, 'victim');
    });

    it('is free again when its session ends', async () => {
      const running = await servers.start();
      await leave(await enter(running, attacker, 'id', { clean: false }), 'id');
      await leave(await enter(running, attacker, 'id'), 'id');
      await enter(running, victim, 'id');
    });

    it('belongs to who is let in first, not to who is ready first', () => {
      const ids = new ServerClientIds();
      const [one, two] = [{}, {}];
      ids.take('id', 'first', one);
      ids.take('id', 'second', two);
      assert.equal(ids.ownerOf('id'), 'first');
      ids.keep('id', true);
      for (const connection of [one, two, one]) ids.release('id', connection);
      assert.equal(ids.ownerOf('id'), 'first');
      ids.keep('id', false);
      assert.equal(ids.size, 0);
    });
  });

  it('retained messages are bounded, by number for each identity, and told of', async () => {
    const running = await servers.start();
    const publisher = await enter(running, attacker, 'r');
    for (let n = 0; n < MOST_RETAINED / 2; n += 1) publisher.publish(`r/${n}`, 'x', { retain: true });
    publisher.publish('full', 'x', { retain: true });
    publisher.publish('r/0', 'newer', { retain: true });
    publisher.publish('r/1', '', { retain: true });
    publisher.publish('fits', 'x', { retain: true, qos: 1, messageId: 7 });
    await publisher.next('puback');
    assert.equal((await servers.event('refused', 'r')).code, 'MQTT_PUBLISH');
    const other = await enter(running, victim, 'v');
    other.publish('of another', 'x', { retain: true });
    await other.subscribe(['full', 'r/1', 'r/0', '+', 'of another']);
    const topics = [await other.topic(), await other.topic(), await other.topic(), await other.topic()];
    assert.deepEqual(topics, ['r/0', 'fits', 'of another', 'of another']);
  });

  it('messages of QoS 2 that are never released are not kept, only a bounded number of numbers', async () => {
    const incoming = new ServerIncoming();
    const store = {} as IncomingStore;
    incoming.replaceIn(store);
    const one = { id: 'one' };
    for (let messageId = 1; messageId <= 1_001; messageId += 1) await store.incomingStorePacket(one, { messageId });
    await assert.rejects(store.incomingGetPacket(one, { messageId: 1 }));
    assert.deepEqual(await store.incomingGetPacket(one, { messageId: 1_001 }), { messageId: 1_001 });
    await store.incomingDelPacket(one, { messageId: 1_001 });
    await assert.rejects(store.incomingGetPacket(one, { messageId: 1_001 }));
    await store.cleanIncoming(one);
    assert.equal(incoming.size, 0);
  });

  it('all kinds of bad clients at once: a good one is served, and nothing is left of the others', async () => {
    const quiet = openSockets();
    const running = await servers.start({ wsPort: 0 });
    const bad: net.Socket[] = [];
    const knock = (port: number, bytes: string | Buffer) => {
      const socket = net.connect(port, '127.0.0.1');
      bad.push(socket.on('error', () => undefined).resume());
      socket.write(bytes);
    };
    for (let n = 0; n < 15; n += 1) {
      knock(running.port, Buffer.from('160301', 'hex'));
      knock(running.port, 'GET / HTTP/1.0\r\n\r\n');
      knock(running.wsPort as number, Buffer.from('160301', 'hex'));
    }
    const good = await enter(running, victim, 'good');
    const pinging = await enter(running, attacker, 'pinging');
    pinging.send(...Array.from({ length: 20_000 }, (): Packet => ({ cmd: 'pingreq' })));
    const endless = await enter(running, attacker, 'endless');
    // A PUBLISH of 200 MiB is announced.
    endless.socket.write(Buffer.from('30ffffff7f0001', 'hex'));
    assert.equal((await servers.event('disconnected', 'endless')).code, 'MQTT_PROTOCOL');
    await good.subscribe(['t']);
    good.publish('t', 'x');
    assert.equal(await good.topic(), 't');
    for (let n = 0; n < 20_000; n += 1) assert.ok(await pinging.next('pingresp'), 'every ping is answered');
    for (const socket of [...bad, ...clients.splice(0).map(({ socket: each }) => each)]) socket.destroy();
    for (const id of ['good', 'pinging']) await servers.event('disconnected', id);
    assert.equal(running.connectedClients, 0);
    await servers.stop();
    // Each is let go of a turn or two after it was closed.
    while (openSockets() > quiet) await new Promise((resolve) => setImmediate(resolve));
  });

  describe('connections that say nothing', () => {
    it('make way for a client of the same address', async () => {
      const running = await servers.start();
      const silent = Array.from({ length: MOST_WAITING_OF_ONE + 1 }, () => net.connect(running.port, '127.0.0.1'));
      const gone = Promise.race(silent.map((socket) => once(socket.on('error', () => undefined).resume(), 'close')));
      await gone;
      await enter(running, victim, 'good');
      for (const socket of silent) socket.destroy();
    });

    it('make way for others when all places are taken, but never who was let in', () => {
      const told: string[] = [];
      const crowd = new ServerCrowd({ full: (address) => told.push(address), unheard: assert.fail }, new MemoryClock());
      const come = (n: number, letIn = false) => {
        const ends = { remoteAddress: `10.0.0.${n % 250}`, remotePort: n, localPort: 8883, gone: false };
        const socket = Object.assign(new EventEmitter(), ends, { destroy: () => void (socket.gone = true) });
        const entered = crowd.enter(socket as unknown as net.Socket);
        if (letIn) crowd.letIn(socket);
        return { socket, entered };
      };
      const first = come(0, true);
      const second = come(1);
      for (let n = 2; n < MOST_CONNECTIONS; n += 1) come(n);
      assert.equal(come(5000, true).entered, true);
      assert.deepEqual(told, ['10.0.0.0'], 'somebody has made way');
      assert.deepEqual([first.socket.gone, second.socket.gone], [false, true]);
      assert.equal(crowd.size, MOST_CONNECTIONS);
      for (let n = 5001; n < 5000 + MOST_CONNECTIONS - 1; n += 1) come(n, true);
      for (const n of [9000, 9250]) assert.equal(come(n).entered, false, 'everybody was let in');
      assert.deepEqual(told, ['10.0.0.0'], 'told once');
      first.socket.emit('close');
      assert.equal(come(9001).entered, true);
    });
  });
});
