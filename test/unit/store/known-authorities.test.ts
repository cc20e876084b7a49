import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '../../../src/store/file-system';
import { KnownAuthorities, realPathOf } from '../../../src/store/known-authorities';
import { rejects } from '../../support/coded-error';
import { MemoryDisk } from '../../support/memory-disk';
import { temporaryFolder } from '../../support/temporary-folder';

const PATH = '/user/.secure-mqtt/authorities.json';
const entry = { fingerprint256: 'AA:BB', nodeId: 'n1', createdAt: '2026-11-22T00:00:00.000Z' };

describe('the list of known CAs', () => {
  it('remembers and forgets, durably', async () => {
    const disk = new MemoryDisk();
    const known = new KnownAuthorities(disk, '/user');
    assert.equal(await known.get('/ca'), undefined);
    await Promise.all([known.remember('/ca', entry), known.remember('/other', { ...entry, nodeId: 'n2' })]);
    assert.deepEqual(await new KnownAuthorities(disk.afterPowerCut(), '/user').get('/ca'), entry);
    await known.forget('/ca');
    assert.equal(await known.get('/ca'), undefined);
    assert.equal((await known.get('/other'))?.nodeId, 'n2');
  });

  it('has the form that DESIGN.md promises', async () => {
    const disk = new MemoryDisk();
    await new KnownAuthorities(disk, '/user').remember('/ca', entry);
    assert.deepEqual(JSON.parse(disk.files().get(PATH) ?? ''), { version: 1, authorities: { '/ca': entry } });
  });

  for (const text of ['', '{', 'null', '[]', '{"version":1}', '{"version":1,"authorities":{"/ca":{}}}']) {
    it(`is not guessed when it is damaged: ${text}`, async () => {
      const disk = new MemoryDisk();
      disk.put(PATH, text);
      await rejects(() => new KnownAuthorities(disk, '/user').get('/ca'), 'STORE_CORRUPT');
      await rejects(() => new KnownAuthorities(disk, '/user').remember('/ca', entry), 'STORE_CORRUPT');
      assert.equal(disk.files().get(PATH), text);
    });
  }

  it('of a newer version is left alone', async () => {
    const disk = new MemoryDisk();
    disk.put(PATH, '{"version":2,"authorities":[]}');
    await rejects(() => new KnownAuthorities(disk, '/user').get('/ca'), 'STORE_VERSION');
  });

  it('knows a folder by its real path, also one that is not there yet', async () => {
    const real = temporaryFolder();
    const link = join(temporaryFolder(), 'link');
    symlinkSync(real, link);
    assert.equal(await realPathOf(nodeFileSystem, join(link, 'pki', 'ca')), join(real, 'pki', 'ca'));
    mkdirSync(join(real, 'pki'));
    assert.equal(await realPathOf(nodeFileSystem, join(link, 'pki', 'ca')), join(real, 'pki', 'ca'));
  });
});
