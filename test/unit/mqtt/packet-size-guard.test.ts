import assert from 'node:assert/strict';
import { generate } from 'mqtt-packet';
import { PacketSizeGuard } from '../../../src/mqtt/packet-size-guard';

const publish = (size: number): Buffer =>
  generate({ cmd: 'publish', topic: 't', payload: Buffer.alloc(size), qos: 0, dup: false, retain: false });

describe('PacketSizeGuard', () => {
  for (const chunkSize of [1, 2, 3, 7, 1000, 100_000]) {
    it(`finds the packet that is too large in chunks of ${chunkSize} bytes`, () => {
      // A topic of one letter takes three bytes of a packet.
      const bytes = Buffer.concat([
        publish(10),
        publish(0),
        Buffer.from([0xc0, 0]),
        publish(997),
        publish(998),
        publish(5),
      ]);
      const guard = new PacketSizeGuard(1000);
      const found: number[] = [];
      for (let at = 0; at < bytes.length; at += chunkSize) {
        const size = guard.tooLarge(bytes.subarray(at, at + chunkSize));
        if (size !== undefined) {
          found.push(size);
          break;
        }
      }
      assert.deepEqual(found, [1001]);
    });
  }

  it('takes less from the first packet', () => {
    assert.equal(new PacketSizeGuard(1000, 100).tooLarge(publish(98)), 101);
    const guard = new PacketSizeGuard(1000, 100);
    assert.equal(guard.tooLarge(publish(97)), undefined);
    assert.equal(guard.tooLarge(publish(900)), undefined);
  });

  it('knows when the first packet has come', () => {
    const rows: [Buffer, boolean][] = [
      [publish(97).subarray(0, 1), false],
      [publish(97).subarray(0, -1), false],
      [publish(97), true],
      [Buffer.from([0xc0]), false],
      [Buffer.from([0xc0, 0]), true],
      [Buffer.concat([publish(97), publish(97).subarray(0, 50)]), true],
    ];
    for (const [bytes, expected] of rows) {
      const guard = new PacketSizeGuard(1000);
      guard.tooLarge(bytes);
      assert.equal(guard.firstIsComplete, expected, bytes.subarray(0, 4).toString('hex'));
    }
  });

  it('does not need the packet, five bytes are enough', () => {
    assert.equal(new PacketSizeGuard(1000).tooLarge(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])), 268_435_455);
  });

  it('ends a length that has no end', () => {
    assert.ok((new PacketSizeGuard(1000).tooLarge(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff])) ?? 0) > 1000);
  });
});
