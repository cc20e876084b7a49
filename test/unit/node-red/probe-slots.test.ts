import assert from 'node:assert/strict';
import { ProbeSlots } from '../../../src/node-red/probe-slots';
import { rejects } from '../../support/coded-error';
import { MemoryClock } from '../../support/memory-clock';

const never = () => new Promise<never>(() => undefined);
const waiting = new AbortController().signal;

describe('probe slots', () => {
  let clock: MemoryClock;
  let slots: ProbeSlots;

  beforeEach(() => {
    clock = new MemoryClock();
    slots = new ProbeSlots(clock, 2);
  });

  it('answer what the work answers, and are free again', async () => {
    assert.equal(await slots.run('a', waiting, async () => 7), 7);
    await assert.rejects(
      slots.run('a', waiting, () => Promise.reject(new TypeError('x'))),
      TypeError,
    );
    assert.equal(slots.count, 0);
  });

  it('refuse when all are taken', async () => {
    const ends = new AbortController();
    const running = ['a', 'b'].map((key) => slots.run(key, ends.signal, never).catch(() => key));
    await rejects(() => slots.run('c', waiting, async () => 7), 'NET_PROBE_BUSY');
    ends.abort();
    assert.deepEqual(await Promise.all(running), ['a', 'b']);
    assert.equal(await slots.run('c', waiting, async () => 7), 7);
  });

  it('end the first probe of a dialog when it starts a second one', async () => {
    let ended = false;
    const first = slots.run('a', waiting, (signal) => {
      signal.addEventListener('abort', () => (ended = true));
      return never();
    });
    const refused = rejects(() => first, 'NET_PROBE_ENDED');
    assert.equal(await slots.run('a', waiting, async () => 8), 8);
    await refused;
    assert.ok(ended);
    assert.equal(slots.count, 0);
  });

  it('end when nobody waits any more, also from the beginning', async () => {
    await rejects(() => slots.run('a', AbortSignal.abort(), never), 'NET_PROBE_ENDED');
    const gone = new AbortController();
    const running = rejects(() => slots.run('a', gone.signal, never), 'NET_PROBE_ENDED');
    gone.abort();
    await running;
    assert.equal(slots.count, 0);
  });

  it('end what takes too long', async () => {
    const running = rejects(() => slots.run('a', waiting, never), 'NET_PROBE_ENDED');
    await clock.advance(60_000);
    await running;
    assert.equal(slots.count, 0);
  });
});
