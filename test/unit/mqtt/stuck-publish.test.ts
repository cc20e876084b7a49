import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import mqttPacket from 'mqtt-packet';
import { StuckPublish } from '../../../src/mqtt/stuck-publish';
import { closeConnections, testConnection } from '../../support/connection';

/** One connection on which message 7 is sent again and that is lost. */
function loss(
  stuck: StuckPublish,
  {
    lasts = 10,
    messageId = 7,
    then,
  }: Partial<{ lasts: number; messageId: number; then: { cmd: string; reasonCode?: number } }> = {},
): number | undefined {
  // prettier-ignore
  const found = stuck.take();
  stuck.begin();
  stuck.received({ cmd: 'connack' }, 1000);
  stuck.sent({ cmd: 'publish', messageId });
  if (then) stuck.received(then, 1001);
  stuck.lost(1000 + lasts);
  return found;
}

describe('StuckPublish', () => {
  it('finds the message at which the connection was lost three times in a row', () => {
    const stuck = new StuckPublish();
    assert.deepEqual([loss(stuck), loss(stuck), loss(stuck), stuck.take()], [undefined, undefined, undefined, 7]);
    assert.equal(stuck.take(), undefined, 'once');
  });

  const innocent: [string, Parameters<typeof loss>[1]][] = [
    ['a connection that lasted', { lasts: 2001 }],
    ['another message', { messageId: 8 }],
    ['an acknowledgement', { then: { cmd: 'puback' } }],
    ['a broker that shuts down', { then: { cmd: 'disconnect', reasonCode: 0x8b } }],
    ['a message of QoS 0', { messageId: 0 }],
  ];
  for (const [what, second] of innocent) {
    it(`begins to count again after ${what}`, () => {
      const stuck = new StuckPublish();
      for (const how of [{}, {}, second, {}, {}]) assert.equal(loss(stuck, how), undefined);
      assert.equal(stuck.take(), undefined);
    });
  }

  it('begins to count again after a connection without CONNACK', () => {
    const stuck = new StuckPublish();
    loss(stuck);
    loss(stuck);
    stuck.begin();
    stuck.lost(1000);
    loss(stuck);
    assert.equal(stuck.take(), undefined);
  });
});

describe('a broker that closes the connection at a message', () => {
  let broker: net.Server;
  let taken: string[];
  let refusing: (topic: string) => boolean;

  async function start(protocolVersion: 4 | 5, properties?: object): Promise<number> {
    taken = [];
    broker = net.createServer((socket) => {
      const parser = mqttPacket.parser({ protocolVersion });
      const answer = (packet: object): unknown =>
        socket.write(mqttPacket.generate(packet as never, { protocolVersion }));
      parser.on('packet', (packet) => {
        if (packet.cmd === 'connect') answer({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false, properties }); // prettier-ignore
        if (packet.cmd !== 'publish') return;
        if (refusing(packet.topic)) return void socket.destroy();
        taken.push(packet.topic);
        answer({ cmd: 'puback', messageId: packet.messageId, reasonCode: 0 });
      });
      socket.on('data', (bytes) => parser.parse(bytes));
      socket.on('error', () => undefined);
    });
    broker.listen(0, '127.0.0.1');
    await once(broker, 'listening');
    return (broker.address() as net.AddressInfo).port;
  }
  afterEach(async () => {
    await closeConnections();
    broker.close();
  });
  const message = (topic: string, payload = 'x') => ({ topic, payload, qos: 1 as const, retain: false });

  it('gets it not for ever, and what waits behind it flows', async () => {
    refusing = (topic) => topic === 'bad';
    const connection = testConnection({ host: '127.0.0.1', port: await start(4) });
    connection.connect();
    const [bad, good] = [connection.publish(message('bad', 'four')), connection.publish(message('good'))];
    await assert.rejects(bad, (error: Error & { code: string; cause: unknown }) => {
      assert.equal(error.code, 'MQTT_PUBLISH');
      assert.deepEqual(error.cause, { topic: 'bad', bytes: 4 });
      return true;
    });
    assert.equal(await good, 'sent');
    assert.ok(taken.includes('good'));
  });

  it('gets every message when it closed twice only, as one that restarts', async () => {
    let closed = 0;
    refusing = () => (closed += 1) <= 3;
    const connection = testConnection({ host: '127.0.0.1', port: await start(4) });
    connection.connect();
    assert.deepEqual(await Promise.all(['one', 'two'].map((topic) => connection.publish(message(topic)))), ['sent', 'sent']); // prettier-ignore
  });

  it('does not get what is larger than it said it takes', async () => {
    refusing = () => false;
    const connection = testConnection({ host: '127.0.0.1', port: await start(5, { maximumPacketSize: 100 }), session: { protocolVersion: 5 } }); // prettier-ignore
    connection.connect();
    const large = connection.publish(message('large', 'x'.repeat(100)));
    await assert.rejects(large, { code: 'MQTT_PUBLISH', cause: { topic: 'large', bytes: 100, limit: 100 } });
    assert.equal(await connection.publish(message('small')), 'sent');
    assert.deepEqual(taken, ['small']);
  });
});
