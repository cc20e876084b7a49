import assert from 'node:assert/strict';
import { ByteCursor } from '../../../src/tls/byte-cursor';

describe('byte cursor', () => {
  it('reads numbers and vectors', () => {
    const cursor = new ByteCursor(Buffer.from('0102030405060702abcd', 'hex'));
    assert.equal(cursor.uint8(), 1);
    assert.equal(cursor.uint16(), 0x0203);
    assert.equal(cursor.uint24(), 0x040506);
    assert.equal(cursor.take(1).toString('hex'), '07');
    assert.equal(cursor.vector(1).toString('hex'), 'abcd');
    assert.deepEqual([cursor.remaining, cursor.failed], [0, false]);
  });

  it('fails for good at the first read beyond the end, without an exception', () => {
    const cursor = new ByteCursor(Buffer.from('05aa', 'hex'));
    assert.equal(cursor.vector(1).length, 0);
    assert.equal(cursor.failed, true);
    assert.equal(cursor.uint8(), 0, 'also for bytes that would be there');
  });

  it('splits vectors up to the first broken one and up to the limit', () => {
    const bytes = Buffer.from('01aa02bbbb05cc', 'hex');
    assert.deepEqual(
      ByteCursor.vectors(bytes, 1, 10).map((item) => item.toString('hex')),
      ['aa', 'bbbb'],
    );
    assert.equal(ByteCursor.vectors(bytes, 1, 1).length, 1);
    assert.deepEqual(ByteCursor.vectors(Buffer.alloc(0), 2, 9), []);
  });
});
