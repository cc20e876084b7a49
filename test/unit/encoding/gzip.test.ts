import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { gunzipped, gzipped } from '../../../src/encoding/gzip';
import { rejects } from '../../support/coded-error';
import { judge } from '../../support/openssl';

const CONTENT = Buffer.from('certificate\n'.repeat(100_000));

describe('packed bytes', () => {
  it('come back, also those of gzip', async () => {
    assert.deepEqual(await gunzipped(await gzipped(CONTENT), CONTENT.length), CONTENT);
    const { stdout } = judge('gzip', ['-c', 'a'], { a: CONTENT });
    assert.deepEqual(await gunzipped(stdout, CONTENT.length), CONTENT);
    assert.deepEqual(await gunzipped(await gzipped(Buffer.alloc(0)), 0), Buffer.alloc(0));
  });

  it('that are too many are refused with both numbers before one of them is unpacked', async () => {
    const packed = gzipSync(CONTENT);
    // Nothing after the length is looked at.
    packed.fill(0, 10, packed.length - 8);
    const refused = gunzipped(packed, CONTENT.length - 1);
    const { cause } = await rejects(() => refused, 'STORE_TOO_LARGE', /1200000 bytes, at most 1199999/);
    assert.deepEqual(cause, { size: 1_200_000, limit: 1_199_999 });
  });

  it('that say to be fewer than they are stop there', async () => {
    for (const size of [0, 1, 64 * 1024, CONTENT.length - 1]) {
      const packed = gzipSync(CONTENT);
      packed.writeUInt32LE(size, packed.length - 4);
      await rejects(() => gunzipped(packed, CONTENT.length), 'STORE_CORRUPT');
    }
  });

  it('that are damaged, cut off, or something else are refused', async () => {
    const packed = gzipSync(CONTENT);
    const damaged = Buffer.from(packed);
    damaged[20]! ^= 0xff;
    const whole = [packed.subarray(0, -9), packed.subarray(4), damaged, Buffer.alloc(0), Buffer.alloc(30)];
    for (const bytes of whole) await rejects(() => gunzipped(bytes, 2 ** 33), 'STORE_CORRUPT');
    await rejects(() => gunzipped(Buffer.concat([packed, packed]), 2 ** 33), 'STORE_CORRUPT');
  });
});
