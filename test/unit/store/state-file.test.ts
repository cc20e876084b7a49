import assert from 'node:assert/strict';
import { StateFile } from '../../../src/store/state-file';
import { rejects } from '../../support/coded-error';
import { MemoryDisk } from '../../support/memory-disk';

const PATH = '/user/.secure-mqtt/state/a1b2.json';

describe('the state of a node', () => {
  it('is remembered', async () => {
    const disk = new MemoryDisk();
    const state = new StateFile<{ told: string[] }>(disk, '/user', 'a1b2');
    assert.equal(await state.read(), undefined);
    await state.write({ told: ['due'] });
    assert.deepEqual(await new StateFile(disk, '/user', 'a1b2').read(), { told: ['due'] });
    assert.equal(state.path, PATH);
    assert.ok(disk.afterPowerCut().files().has(PATH));
  });

  it('begins anew when the file is damaged, and keeps that one', async () => {
    const disk = new MemoryDisk();
    for (const damaged of ['{"version":1,"state"', '{"version":1,"state":"text"}', '{"version":1}', 'null']) {
      disk.put(PATH, damaged);
      const state = new StateFile(disk, '/user', 'a1b2');
      assert.equal(await state.read(), undefined);
      assert.equal(disk.files().get(`${PATH}.damaged`), damaged);
      await state.write({ told: [] });
      assert.deepEqual(await state.read(), { told: [] });
    }
  });

  it('is not read when a newer version wrote it', async () => {
    const disk = new MemoryDisk();
    disk.put(PATH, '{"version":2,"state":1}');
    await rejects(() => new StateFile(disk, '/user', 'a1b2').read(), 'STORE_VERSION');
    assert.ok(disk.files().has(PATH));
  });

  it('stays in its folder whatever the id is', () => {
    for (const id of ['../../etc/passwd', 'a/b', '', 'x'.repeat(300), 'nul\0']) {
      assert.match(
        new StateFile(new MemoryDisk(), '/user', id).path,
        /^\/user\/\.secure-mqtt\/state\/[0-9a-f]{32}\.json$/,
      );
    }
  });
});
