import assert from 'node:assert/strict';
import { inSlices } from '../../../src/export/in-slices';

describe('making files in slices', () => {
  it('keeps the order, of one and of many files', async () => {
    assert.deepEqual(await inSlices([1, 2, 3], (one) => (one === 2 ? [] : [one, -one])), [1, -1, 3, -3]);
  });

  it('lets the rest of Node-RED have turns in between', async () => {
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const seen = new Set<number>();
    await inSlices(Array.from({ length: 100 }), () => {
      seen.add(turns);
      return [];
    });
    counting = false;
    assert.equal(seen.size, Math.ceil(100 / 16));
  });

  it('stops at the first failure', async () => {
    let calls = 0;
    const failing = inSlices([1, 2, 3], (one) => {
      calls += 1;
      if (one === 2) throw new Error('two');
      return [one];
    });
    await assert.rejects(failing, /two/);
    assert.equal(calls, 2);
  });
});
