import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { factsIfThere } from '../../../src/store/file-facts';
import { nodeFileSystem } from '../../../src/store/file-system';
import { rejects } from '../../support/coded-error';
import { temporaryFolder } from '../../support/temporary-folder';

describe('what stands at a path', () => {
  const folder = temporaryFolder();
  const look = (name: string) => factsIfThere(nodeFileSystem, join(folder, name));

  it('is nothing, a file, or the link itself, also one that leads nowhere', async () => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    assert.equal(await look('nothing'), undefined);
    assert.ok((await look('file'))?.isFile());
    assert.ok((await look('link'))?.isSymbolicLink());
  });

  it('is said in our words when it cannot be looked at', async () => {
    await rejects(() => look('file/below'), 'STORE_CORRUPT');
  });
});
