import assert from 'node:assert/strict';
import { AppendFile } from '../../../src/store/append-file';
import { rejects } from '../../support/coded-error';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryDisk } from '../../support/memory-disk';

const PATH = '/folder/lines';

function prepared(content: string) {
  const disk = new MemoryDisk();
  disk.put(PATH, content);
  const fs = new FailingFileSystem(disk);
  return { disk, fs, file: new AppendFile(fs, PATH, content.length), content: () => disk.files().get(PATH) };
}

describe('an append-only file', () => {
  it('adds lines that survive a power cut', async () => {
    const { disk, file } = prepared('one\n');
    await file.append('two\n');
    await file.append('three\nfour\n');
    assert.equal(disk.afterPowerCut().files().get(PATH), 'one\ntwo\nthree\nfour\n');
  });

  it('adds with one sync', async () => {
    const { fs, file } = prepared('');
    await file.append('two\n');
    assert.deepEqual(fs.log, [`open ${PATH}`, `write ${PATH}`, `sync ${PATH}`]);
  });

  it('adds nothing when any call fails, and goes on afterwards', async () => {
    for (let at = 1; ; at += 1) {
      const { fs, file, content } = prepared('one\n');
      fs.failAt(at, { kind: 'once', errno: 'EIO' });
      const failed = await file.append('two\n').then(
        () => false,
        () => true,
      );
      assert.equal(failed, fs.met);
      if (failed) await file.append('three\n');
      assert.equal(content(), failed ? 'one\nthree\n' : 'one\ntwo\n', fs.log.join(', '));
      if (!failed) break;
    }
  });

  it('cuts the rest of a failed addition off before the next, when the disk refused to do it at once', async () => {
    const { fs, file, content } = prepared('one\n');
    fs.failAt(3, { kind: 'always', errno: 'EIO' });
    await rejects(() => file.append('two\n'), 'STORE_IO');
    assert.equal(content(), 'one\ntwo\n');
    assert.ok(file.uncertain);
    fs.heal();
    await file.append('three\n');
    assert.equal(content(), 'one\nthree\n');
  });

  it('refuses to write over what another program added', async () => {
    const { disk, file, content } = prepared('one\n');
    disk.put(PATH, 'one\nfrom outside\n');
    await rejects(() => file.append('two\n'), 'STORE_CORRUPT', /another program/);
    assert.equal(content(), 'one\nfrom outside\n');
  });

  it('takes the last addition back', async () => {
    const { file, content } = prepared('one\n');
    const { length } = file;
    await file.append('two\n');
    await file.cutBackTo(length);
    assert.equal(content(), 'one\n');
    await file.append('three\n');
    assert.equal(content(), 'one\nthree\n');
  });
});
