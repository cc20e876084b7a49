import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTemporaryName, writeAtomically, writeNewFile } from '../../../src/store/atomic-file';
import { nodeFileSystem } from '../../../src/store/file-system';
import { rejects } from '../../support/coded-error';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryDisk } from '../../support/memory-disk';
import { temporaryFolder } from '../../support/temporary-folder';

describe('an atomic file', () => {
  it('replaces a file, with the mode that was asked for, and leaves nothing else', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'key.pem');
    writeFileSync(path, 'old', { mode: 0o644 });
    await writeAtomically(nodeFileSystem, path, 'new', { mode: 0o600 });
    assert.equal(readFileSync(path, 'utf8'), 'new');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['key.pem']);
  });

  it('does not overwrite what must be new', async () => {
    const path = join(temporaryFolder(), 'a');
    writeFileSync(path, 'first');
    const { cause } = await rejects(() => writeNewFile(nodeFileSystem, path, 'second', { mode: 0o600 }), 'STORE_IO');
    assert.equal(cause.errno, 'EEXIST');
    assert.equal(readFileSync(path, 'utf8'), 'first');
  });

  it('has at every power cut the old or the new content', async () => {
    for (let at = 1; ; at += 1) {
      const disk = new MemoryDisk();
      disk.put('/folder/file', 'old');
      const fs = new FailingFileSystem(disk);
      let reached = () => undefined as void;
      const halted = new Promise<void>((resolve) => (reached = resolve));
      fs.failAt(at, { kind: 'halt', reached });
      await Promise.race([halted, writeAtomically(fs, '/folder/file', 'the new content', { mode: 0o600 })]);
      for (const survives of [() => false, () => true]) {
        const content = disk.afterPowerCut(survives).files().get('/folder/file');
        const expected = fs.met ? ['old', 'the new content'] : ['the new content'];
        assert.ok(expected.includes(content ?? ''), `${content} after ${fs.log.join(', ')}`);
      }
      if (!fs.met) break;
    }
  });

  it('leaves the old content and no temporary file at every failure', async () => {
    for (let at = 1; ; at += 1) {
      const disk = new MemoryDisk();
      disk.put('/folder/file', 'old');
      const fs = new FailingFileSystem(disk);
      fs.failAt(at, { kind: 'once', errno: 'ENOSPC' });
      const failed = await writeAtomically(fs, '/folder/file', 'new', { mode: 0o600 }).catch((error: unknown) => error);
      if (!fs.met) break;
      assert.equal((failed as { code: string }).code, 'STORE_FULL');
      assert.deepEqual([...disk.files().keys()], ['/folder/file']);
    }
  });

  const failures = [
    { name: 'a folder that is not there', code: 'STORE_NOT_FOUND', path: (folder: string) => join(folder, 'no', 'a') },
    { name: 'a folder in its place', code: 'STORE_CORRUPT', path: (folder: string) => join(folder, 'sub') },
    {
      name: 'a name that is too long',
      code: 'INPUT_FOLDER',
      path: (folder: string) => join(folder, 'x'.repeat(300)),
    },
  ] as const;
  for (const { name, code, path } of failures) {
    it(`says ${code} for ${name}`, async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, 'sub'));
      const { cause } = await rejects(() => writeAtomically(nodeFileSystem, path(folder), 'x', { mode: 0o600 }), code);
      assert.match(String(cause.path), /secure-mqtt/);
    });
  }

  it('knows its temporary names from others', () => {
    assert.ok(isTemporaryName('.0123456789abcdef.tmp'));
    for (const other of [
      'index.txt',
      '.index.txt.tmp',
      'x.0123456789abcdef.tmp',
      '.0123456789ABCDEF.tmp',
      '.a.0123456789abcdef.tmp',
    ]) {
      assert.ok(!isTemporaryName(other), other);
    }
  });
});
