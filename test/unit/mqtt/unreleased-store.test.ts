import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { Store } from 'mqtt';
import { generate, parser, type IPublishPacket } from 'mqtt-packet';
import type { CodedError } from '../../../src/model/errors';
import { boundUnreleased, MOST_UNRELEASED, MOST_UNRELEASED_BYTES } from '../../../src/mqtt/unreleased-store';
import { closeConnections, testConnection } from '../../support/connection';

const message = (messageId: number, payload: Buffer | string = ''): IPublishPacket => ({
  ...{ cmd: 'publish', topic: 'a', payload, messageId },
  ...{ qos: 2, dup: false, retain: false },
});

describe('boundUnreleased', () => {
  function bounded() {
    const told: string[] = [];
    const store = boundUnreleased(new Store({ clean: false }), ({ message }) => told.push(message));
    const kept: number[] = [];
    const put = (messageId: number, payload?: Buffer) =>
      store.put(message(messageId, payload), () => kept.push(messageId));
    const release = (messageId: number) => store.del({ messageId }, () => undefined);
    return { told, kept, put, release };
  }

  it('keeps so many, and more once some are released', () => {
    const { told, kept, put, release } = bounded();
    for (let n = 1; n <= MOST_UNRELEASED; n += 1) put(n);
    assert.deepEqual([kept.length, told.length], [MOST_UNRELEASED, 0]);
    put(MOST_UNRELEASED + 1);
    assert.deepEqual([kept.length, told.length], [MOST_UNRELEASED, 1]);
    release(7);
    put(MOST_UNRELEASED + 1);
    assert.equal(kept.at(-1), MOST_UNRELEASED + 1);
  });

  it('counts bytes, but takes one of any size, and the same one again', () => {
    const { told, kept, put, release } = bounded();
    // One buffer for all: it is counted as often as it is kept.
    const half = Buffer.alloc(MOST_UNRELEASED_BYTES / 2 + 1);
    put(1, half);
    put(1, half);
    assert.deepEqual([kept, told.length], [[1, 1], 0]);
    put(2, half);
    assert.deepEqual([kept, told.length], [[1, 1], 1]);
    release(1);
    put(2, half);
    assert.deepEqual(kept, [1, 1, 2]);
  });
});

describe('a broker that sends messages of QoS 2 and releases none', () => {
  afterEach(closeConnections);

  it('is left, and the reason told', async () => {
    const broker = net.createServer((socket) => {
      const reading = parser();
      reading.on('packet', ({ cmd }) => {
        if (cmd !== 'connect') return;
        socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
        for (let n = 1; n <= MOST_UNRELEASED + 1; n += 1) socket.write(generate(message(n)));
      });
      socket.on('data', (bytes) => reading.parse(bytes)).on('error', () => undefined);
    });
    broker.listen(0, '127.0.0.1');
    await once(broker, 'listening');
    const { port } = broker.address() as net.AddressInfo;
    const connection = testConnection({ host: '127.0.0.1', port });
    connection.connect();
    const [failure] = (await once(connection, 'failure')) as [CodedError];
    assert.equal(failure.code, 'MQTT_PROTOCOL');
    assert.match(failure.message, /1001 messages of QoS 2.*without releasing/);
    await closeConnections();
    broker.close();
  });
});
