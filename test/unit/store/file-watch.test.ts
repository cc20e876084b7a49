import assert from 'node:assert/strict';
import type { FileFacts, FileSystem } from '../../../src/store/file-system';
import { FileWatch } from '../../../src/store/file-watch';
import { MemoryClock } from '../../support/memory-clock';

/** Files that are only size, time and inode. */
class Facts {
  readonly files = new Map<string, Partial<FileFacts>>();

  readonly fs = {
    stat: (path: string) => {
      const found = this.files.get(path);
      return found
        ? Promise.resolve({ ...found })
        : Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }));
    },
  } as unknown as FileSystem;
}

describe('FileWatch', () => {
  let clock: MemoryClock;
  let disk: Facts;
  let told: number;
  let watch: FileWatch | undefined;

  beforeEach(async () => {
    clock = new MemoryClock();
    disk = new Facts();
    told = 0;
    disk.files.set('/a', { size: 1, mtimeMs: 1, ino: 1 });
    watch = new FileWatch(disk.fs, clock, ['/a', '/b'], () => (told += 1));
    await clock.advance(20_000);
  });
  afterEach(() => watch?.close());

  it('is silent while nothing changes', () => assert.equal(told, 0));

  const changes: [string, (files: Facts['files']) => void][] = [
    ['a new size', (files) => files.set('/a', { size: 2, mtimeMs: 1, ino: 1 })],
    ['a new time', (files) => files.set('/a', { size: 1, mtimeMs: 2, ino: 1 })],
    ['another file in its place', (files) => files.set('/a', { size: 1, mtimeMs: 1, ino: 2 })],
    ['a file that appears', (files) => files.set('/b', { size: 1, mtimeMs: 1, ino: 3 })],
    ['a file that goes', (files) => files.delete('/a')],
  ];
  for (const [what, change] of changes) {
    it(`tells ${what} once`, async () => {
      change(disk.files);
      await clock.advance(60_000);
      assert.equal(told, 1);
    });
  }

  it('waits until a file stands still', async () => {
    for (let size = 2; size < 6; size += 1) {
      disk.files.set('/a', { size, mtimeMs: size, ino: 1 });
      await clock.advance(5_000);
      assert.equal(told, 0);
    }
    await clock.advance(5_000);
    assert.equal(told, 1);
  });

  it('is silent for what was there and came back', async () => {
    disk.files.delete('/a');
    await clock.advance(5_000);
    disk.files.set('/a', { size: 1, mtimeMs: 1, ino: 1 });
    await clock.advance(20_000);
    assert.equal(told, 0);
  });

  it('keeps no timer once it is closed', async () => {
    watch?.close();
    disk.files.delete('/a');
    await clock.advance(60_000);
    assert.equal(told, 0);
    assert.equal(clock.waiting, 0);
  });
});
