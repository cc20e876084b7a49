import assert from 'node:assert/strict';
import { FolderLock, isLockName, STALE_MS } from '../../../src/store/folder-lock';
import { formatLockRecord, parseLockRecord } from '../../../src/store/lock-record';
import type { ProcessTable } from '../../../src/store/process-identity';
import { rejects } from '../../support/coded-error';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';

const LOCK = '/ca/lock';

/** A process that sees every other one in a given state. */
function processAt(pid: number, others: 'alive' | 'dead' | 'unknown', host = 'here'): ProcessTable {
  const self = { host, bootId: 'boot', pidNamespace: '', pid, startTime: String(pid) };
  return { self: () => self, stateOf: (other) => (other.pid === pid ? 'alive' : others) };
}

function folder() {
  const fs = new MemoryDisk();
  fs.put('/ca/other', '');
  return { fs, clock: new MemoryClock() };
}

describe('the lock of a folder', () => {
  it('is held by one and free after release', async () => {
    const { fs, clock } = folder();
    const lock = await FolderLock.acquire('/ca', { fs, clock, processes: processAt(1, 'alive') });
    await lock.assertOwned();
    const other = { fs, clock, processes: processAt(2, 'alive') };
    const { cause } = await rejects(() => FolderLock.acquire('/ca', other), 'CA_LOCKED', /process 1 on here/);
    assert.deepEqual(cause.owner, { host: 'here', pid: 1, heartbeat: new Date(clock.now()).toISOString() });
    await lock.release();
    assert.ok(!fs.files().has(LOCK));
    await (await FolderLock.acquire('/ca', other)).release();
  });

  it('is refused to the same process a second time', async () => {
    const { fs, clock } = folder();
    const options = { fs, clock, processes: processAt(1, 'alive') };
    const lock = await FolderLock.acquire('/ca', options);
    await rejects(() => FolderLock.acquire('/ca', options), 'CA_LOCKED');
    await lock.release();
  });

  it('of a dead process is taken over at once', async () => {
    const { fs, clock } = folder();
    const dead = await FolderLock.acquire('/ca', { fs, clock, processes: processAt(1, 'alive') });
    const lock = await FolderLock.acquire('/ca', { fs, clock, processes: processAt(2, 'dead') });
    await lock.assertOwned();
    await rejects(() => dead.assertOwned(), 'CA_LOCKED');
    await dead.release();
    await lock.assertOwned();
    assert.deepEqual(
      [...fs.files().keys()].filter((path) => path !== '/ca/other'),
      [LOCK],
    );
  });

  it('of another machine is taken over 30 s after its last heartbeat, not before', async () => {
    const ages = [
      [STALE_MS - 1, false],
      [STALE_MS, true],
      [STALE_MS + 1, true],
    ] as const;
    for (const [ageMs, free] of ages) {
      const { fs, clock } = folder();
      const record = { ...processAt(1, 'alive', 'there').self(), id: '0'.repeat(32), heartbeatAt: clock.now() - ageMs };
      fs.put(LOCK, formatLockRecord(record));
      const taking = FolderLock.acquire('/ca', { fs, clock, processes: processAt(2, 'unknown') });
      taking.catch(() => undefined);
      await clock.advance(7_000);
      if (free) await (await taking).assertOwned();
      else await rejects(() => taking, 'CA_LOCKED');
    }
  });

  it('is kept by its heartbeat, also when the clock of the other one is wrong', async () => {
    const { fs, clock } = folder();
    const lock = await FolderLock.acquire('/ca', { fs, clock, processes: processAt(1, 'alive') });
    for (let minute = 0; minute < 3; minute += 1) {
      await clock.advance(60_000);
      await rejects(() => FolderLock.acquire('/ca', { fs, clock, processes: processAt(2, 'unknown') }), 'CA_LOCKED');
    }
    // NTP sets the clock an hour ahead: the lock looks old until its next heartbeat.
    clock.jumpTo(clock.now() + 3_600_000);
    const taking = FolderLock.acquire('/ca', { fs, clock, processes: processAt(2, 'unknown') });
    taking.catch(() => undefined);
    await clock.advance(7_000);
    await rejects(() => taking, 'CA_LOCKED');
    await lock.assertOwned();
    await lock.release();
    assert.equal(clock.waiting, 0);
  });

  it('goes to one of many that find it stale at the same time', async () => {
    const { fs, clock } = folder();
    await FolderLock.acquire('/ca', { fs, clock, processes: processAt(1, 'alive') });
    const attempts = Array.from({ length: 20 }, (_, index) => {
      const self = processAt(100 + index, 'alive').self();
      const stateOf = (other: { pid: number }) => (other.pid === 1 ? 'dead' : 'alive') as 'dead' | 'alive';
      return FolderLock.acquire('/ca', { fs, clock, processes: { self: () => self, stateOf } });
    });
    const outcomes = await Promise.allSettled(attempts);
    const winners = outcomes.filter(({ status }) => status === 'fulfilled');
    assert.equal(winners.length, 1);
  });

  it('that a power cut emptied is watched, then taken', async () => {
    const { fs, clock } = folder();
    fs.put(LOCK, '');
    const taking = FolderLock.acquire('/ca', { fs, clock, processes: processAt(2, 'dead') });
    await clock.advance(7_000);
    await (await taking).assertOwned();
  });

  it('does not stay closed for ever behind a claim whose process died', async () => {
    const { fs, clock } = folder();
    const record = { ...processAt(1, 'alive').self(), id: 'a'.repeat(32), heartbeatAt: clock.now() };
    fs.put(LOCK, formatLockRecord(record));
    fs.put(`/ca/lock.${record.id}.claim`, formatLockRecord({ ...record, pid: 3 }));
    const lock = await FolderLock.acquire('/ca', { fs, clock, processes: processAt(2, 'dead') });
    await lock.assertOwned();
    assert.deepEqual([...fs.files().keys()].sort(), [LOCK, '/ca/other']);
  });

  it('does not write its heartbeat into the lock of the next owner', async () => {
    const { fs, clock } = folder();
    await FolderLock.acquire('/ca', { fs, clock, processes: processAt(1, 'alive') });
    const lock = await FolderLock.acquire('/ca', { fs, clock, processes: processAt(2, 'dead') });
    await clock.advance(20_000);
    await lock.assertOwned();
  });

  it('has names that can be told from those of a CA', () => {
    for (const name of ['lock', 'lock.0a.claim', 'lock.0a.new']) assert.ok(isLockName(name), name);
    for (const name of ['lock.txt', 'locks', 'ca.pem']) assert.ok(!isLockName(name), name);
  });

  const unreadable = ['', '{', 'null', '[]', '{"id":"x"}', '"text"', `{"id":"${'0'.repeat(32)}","heartbeat":"never"}`];
  for (const text of unreadable) {
    it(`is no record: ${text}`, () => assert.equal(parseLockRecord(text), undefined));
  }
});
