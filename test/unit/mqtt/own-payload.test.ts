import assert from 'node:assert/strict';
import { withOwnPayload } from '../../../src/mqtt/own-payload';

describe('withOwnPayload', () => {
  it('lets go of what a payload came in', () => {
    const read = Buffer.alloc(16_384, 'x');
    const packet = { topic: 'a', payload: read.subarray(10, 12) };
    const kept = withOwnPayload(packet);
    assert.deepEqual(kept, { topic: 'a', payload: Buffer.from('xx') });
    assert.equal(kept.payload.buffer.byteLength, 2);
    assert.equal(packet.payload.buffer, read.buffer, 'who reads it now has the one that came');
  });

  it('copies nothing that holds little beside itself, and no text', () => {
    for (const payload of [Buffer.allocUnsafeSlow(10_000).subarray(100), 'text', undefined]) {
      const packet = payload === undefined ? {} : { payload };
      assert.equal(withOwnPayload<{ payload?: Buffer | string }>(packet), packet);
    }
  });
});
