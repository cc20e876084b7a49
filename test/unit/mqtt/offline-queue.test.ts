import assert from 'node:assert/strict';
import { OfflineQueue } from '../../../src/mqtt/offline-queue';

describe('OfflineQueue', () => {
  it('drops the oldest and counts', () => {
    const queue = new OfflineQueue<number>(2);
    assert.deepEqual(
      [1, 2, 3, 4].map((item) => queue.add(item)),
      [undefined, undefined, 1, 2],
    );
    assert.equal(queue.size, 2);
    assert.equal(queue.oldest, 3);
    assert.equal(queue.dropped, 2);
    assert.deepEqual([queue.take(), queue.take(), queue.take()], [3, 4, undefined]);
    queue.forgetDropped();
    assert.equal(queue.dropped, 0);
  });

  it('keeps nothing with the limit 0', () => {
    const queue = new OfflineQueue<string>(0);
    assert.equal(queue.add('a'), 'a');
    assert.equal(queue.size, 0);
  });

  it('keeps the order over ten thousand items that come and go', () => {
    const queue = new OfflineQueue<number>(10_000);
    let expected = 0;
    for (let item = 0; item < 10_000; item += 1) {
      queue.add(item);
      if (item % 3 === 0) assert.equal(queue.take(), expected++);
    }
    assert.equal(queue.size, 10_000 - expected);
    assert.deepEqual(queue.takeAll().slice(0, 2), [expected, expected + 1]);
    assert.equal(queue.size, 0);
  });

  it('takes more than the limit when told so, and drops none of them', () => {
    const queue = new OfflineQueue<number>(1);
    queue.addUnbounded(1);
    queue.addUnbounded(2);
    assert.equal(queue.size, 2);
    assert.equal(queue.dropped, 0);
  });
});
