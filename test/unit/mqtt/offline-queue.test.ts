import assert from 'node:assert/strict';
import { OfflineQueue, type QueueLimit } from '../../../src/mqtt/offline-queue';

const items = (count: number): QueueLimit => ({ items: count, bytes: Infinity });

describe('OfflineQueue', () => {
  it('drops the oldest and counts', () => {
    const queue = new OfflineQueue<number>();
    assert.deepEqual(
      [1, 2, 3, 4].map((item) => queue.add(item, items(2))),
      [[], [], [1], [2]],
    );
    assert.equal(queue.size, 2);
    assert.equal(queue.oldest, 3);
    assert.equal(queue.dropped, 2);
    assert.deepEqual([queue.take(), queue.take(), queue.take()], [3, 4, undefined]);
    queue.forgetDropped();
    assert.equal(queue.dropped, 0);
  });

  it('keeps nothing with the limit 0', () => {
    const queue = new OfflineQueue<string>();
    assert.deepEqual(queue.add('a', items(0)), ['a']);
    assert.equal(queue.size, 0);
  });

  it('keeps the order over ten thousand items that come and go', () => {
    const queue = new OfflineQueue<number>();
    let expected = 0;
    for (let item = 0; item < 10_000; item += 1) {
      queue.add(item, items(10_000));
      if (item % 3 === 0) assert.equal(queue.take(), expected++);
    }
    assert.equal(queue.size, 10_000 - expected);
    assert.deepEqual(queue.takeAll().slice(0, 2), [expected, expected + 1]);
    assert.equal(queue.size, 0);
  });

  it('drops as many as there are bytes too many, but never all for one that is too large by itself', () => {
    const queue = new OfflineQueue<string>((text) => text.length);
    const limit = { items: 10, bytes: 4 };
    for (const text of ['a', 'bb', 'c']) assert.deepEqual(queue.add(text, limit), []);
    assert.deepEqual(queue.add('dd', limit), ['a', 'bb']);
    assert.equal(queue.bytes, 3);
    assert.deepEqual(queue.add('too large', limit), ['c', 'dd']);
    assert.deepEqual(queue.add('e', limit), ['too large']);
    queue.takeAll();
    assert.equal(queue.bytes, 0);
    assert.equal(queue.dropped, 5);
  });

  it('does not throw away what waited under a wider limit, but goes no further', () => {
    const queue = new OfflineQueue<number>();
    for (const item of [1, 2, 3]) queue.add(item, items(3));
    assert.deepEqual(queue.add(4, items(1)), [1]);
    assert.equal(queue.size, 3);
  });
});
