import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstBytes, readBounded, readBoundedIfThere } from '../../../src/store/bounded-file';
import { nodeFileSystem, type FileSystem } from '../../../src/store/file-system';
import { rejects } from '../../support/coded-error';
import { temporaryFolder } from '../../support/temporary-folder';

const options = { limit: 1000, what: 'the CA certificate' };

describe('a bounded file', () => {
  for (const size of [0, 1, 999, 1000]) {
    it(`is read with ${size} of at most 1000 bytes`, async () => {
      const path = join(temporaryFolder(), 'a');
      writeFileSync(path, Buffer.alloc(size, 7));
      assert.deepEqual(await readBounded(nodeFileSystem, path, options), Buffer.alloc(size, 7));
    });
  }

  it('is refused one byte above', async () => {
    const path = join(temporaryFolder(), 'a');
    writeFileSync(path, Buffer.alloc(1001));
    const { cause } = await rejects(() => readBounded(nodeFileSystem, path, options), 'STORE_TOO_LARGE', /1001.*1000/);
    assert.equal(cause.limit, 1000);
  });

  it('is read to the end where the system tells the size 0', async () => {
    const bytes = await readBounded(nodeFileSystem, '/proc/self/status', { limit: 100_000, what: 'the status' });
    assert.match(bytes.toString(), /^Name:/);
  });

  it('says when there is none', async () => {
    const path = join(temporaryFolder(), 'a');
    await rejects(() => readBounded(nodeFileSystem, path, options), 'STORE_NOT_FOUND', /the CA certificate/);
    assert.equal(await readBoundedIfThere(nodeFileSystem, path, options), undefined);
  });

  it('is no folder', async () => {
    const path = join(temporaryFolder(), 'a');
    mkdirSync(path);
    await rejects(() => readBounded(nodeFileSystem, path, options), 'STORE_CORRUPT');
  });

  it('is no pipe: opening one would wait for its writer', async () => {
    const path = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [path]);
    await rejects(() => readBounded(nodeFileSystem, path, options), 'STORE_CORRUPT');
  });

  for (const read of [
    (fs: FileSystem, path: string) => readBounded(fs, path, options),
    (fs: FileSystem, path: string) => firstBytes(fs, path, 64),
  ]) {
    it(`is no pipe that was put there after it was looked at: ${read.toString().includes('first') ? 'its beginning' : 'all of it'}`, async () => {
      const path = join(temporaryFolder(), 'a');
      writeFileSync(path, 'a file');
      const stat = async (one: string) => {
        const facts = await nodeFileSystem.stat(one);
        unlinkSync(path);
        execFileSync('mkfifo', [path]);
        return facts;
      };
      // Somebody who never writes: a reader that waits for him would wait for ever, and its thread with it.
      await rejects(() => read({ ...nodeFileSystem, stat }, path), 'STORE_CORRUPT');
    });
  }
});
