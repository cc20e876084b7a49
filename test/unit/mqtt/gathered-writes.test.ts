import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { Duplex } from 'node:stream';
import { generate, writeToStream, type Packet } from 'mqtt-packet';
import { gatherWrites } from '../../../src/mqtt/gathered-writes';

const publish = (messageId: number): Packet => ({
  ...{ cmd: 'publish', topic: `to/${messageId}`, payload: 'x', qos: 1, messageId, retain: false, dup: false },
});
const bytesOf = (...packets: Packet[]): Buffer => Buffer.concat(packets.map((packet) => generate(packet)));

describe('gathered writes', () => {
  /** A stream with what was sent, in the portions it was sent in. */
  function recorded(): { stream: Duplex; sent: Buffer[] } {
    const sent: Buffer[] = [];
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        sent.push(chunk);
        done();
      },
      writev: (chunks, done) => {
        sent.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
        done();
      },
    });
    gatherWrites(stream);
    return { stream, sent };
  }

  it('sends the packets of all steps of a turn at once and in order', async () => {
    const { stream, sent } = recorded();
    writeToStream(publish(1), stream as never);
    await Promise.resolve();
    writeToStream(publish(2), stream as never);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    writeToStream(publish(3), stream as never);
    assert.deepEqual(sent, []);
    await turn();
    assert.deepEqual(sent, [bytesOf(publish(1), publish(2), publish(3))]);
  });

  it('sends what comes in a later turn later, and keeps nothing back', async () => {
    const { stream, sent } = recorded();
    for (const messageId of [1, 2, 3]) {
      writeToStream(publish(messageId), stream as never);
      await turn();
      assert.equal(sent.length, messageId);
    }
    assert.equal(stream.writableCorked, 0);
    assert.deepEqual(Buffer.concat(sent), bytesOf(publish(1), publish(2), publish(3)));
  });

  it('sends the last words of a stream that ends', async () => {
    const { stream, sent } = recorded();
    writeToStream(publish(1), stream as never);
    stream.end();
    await turn();
    assert.deepEqual(Buffer.concat(sent), bytesOf(publish(1)));
  });

  it('lets go of a stream that was destroyed meanwhile', async () => {
    const { stream, sent } = recorded();
    writeToStream(publish(1), stream as never);
    stream.destroy();
    await turn();
    assert.deepEqual(sent, []);
    assert.equal(stream.destroyed, true);
  });

  it('tells who writes too much, and when there is room again', async () => {
    const { stream } = recorded();
    const large: Packet = { ...publish(1), payload: 'x'.repeat(stream.writableHighWaterMark) } as Packet;
    assert.equal(writeToStream(large, stream as never), false);
    const drained = new Promise((resolve) => stream.once('drain', resolve));
    await drained;
    assert.equal(stream.writableLength, 0);
  });
});
