import assert from 'node:assert/strict';
import { BackOff } from '../../../src/mqtt/back-off';

describe('BackOff', () => {
  const sequence = (random: number, count: number): number[] => {
    const backOff = new BackOff({ firstRetryMs: 1000, longestRetryMs: 60_000, random: () => random });
    return Array.from({ length: count }, () => backOff.next());
  };

  it('doubles up to the longest wait, half of it by chance', () => {
    assert.deepEqual(sequence(0, 8), [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    assert.deepEqual(sequence(0.5, 3), [750, 1500, 3000]);
  });

  it('stays at the longest wait however long the outage', () => {
    assert.equal(sequence(1, 5000).at(-1), 60_000);
  });

  it('begins anew after a success', () => {
    const backOff = new BackOff({ firstRetryMs: 1000, longestRetryMs: 60_000, random: () => 1 });
    backOff.next();
    backOff.next();
    backOff.reset();
    assert.equal(backOff.next(), 1000);
  });

  for (const [livedMs, next] of [
    [0, 2000],
    [9_999, 2000],
    [10_000, 1000],
  ] as const) {
    it(`waits ${next} ms after a connection that lived ${livedMs} ms`, () => {
      const backOff = new BackOff({ firstRetryMs: 1000, longestRetryMs: 60_000, random: () => 1 });
      backOff.next();
      backOff.ended(livedMs);
      assert.equal(backOff.next(), next);
    });
  }
});
