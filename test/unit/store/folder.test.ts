import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeFileSystem, type FileSystem } from '../../../src/store/file-system';
import { ensureFolder } from '../../../src/store/folder';
import { temporaryFolder } from '../../support/temporary-folder';

describe('ensureFolder', () => {
  it('makes what is missing above, for the owner only', async () => {
    const folder = join(temporaryFolder(), 'a', 'b', 'c');
    await ensureFolder(nodeFileSystem, folder);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, '..'))).mode & 0o777, 0o700);
  });

  it('shares the way with others who make it at the same time', async () => {
    const base = temporaryFolder();
    const folders = Array.from({ length: 8 }, (_, index) => join(base, 'shared', 'way', String(index)));
    await Promise.all(folders.map((folder) => ensureFolder(nodeFileSystem, folder)));
    for (const folder of folders) assert.ok((await stat(folder)).isDirectory());
  });

  it('bears that somebody else makes the parent between two calls', async () => {
    const folder = join(temporaryFolder(), 'parent', 'child');
    let first = true;
    const raced: FileSystem = Object.assign(Object.create(nodeFileSystem) as FileSystem, {
      mkdir: async (...args: Parameters<FileSystem['mkdir']>) => {
        if (!first) return nodeFileSystem.mkdir(...args);
        first = false;
        await nodeFileSystem.mkdir(join(folder, '..'));
        throw Object.assign(new Error('no such file or directory'), { code: 'ENOENT' });
      },
    });
    await ensureFolder(raced, folder);
    assert.ok((await stat(folder)).isDirectory());
  });

  it('gives up on a file system that says ENOENT for ever', async () => {
    let calls = 0;
    const stubborn: FileSystem = Object.assign(Object.create(nodeFileSystem) as FileSystem, {
      mkdir: () => {
        calls += 1;
        return Promise.reject(Object.assign(new Error('no such file or directory'), { code: 'ENOENT' }));
      },
    });
    await assert.rejects(ensureFolder(stubborn, join(temporaryFolder(), 'x')), { code: 'STORE_NOT_FOUND' });
    assert.ok(calls < 50, `${calls} calls`);
  });
});
