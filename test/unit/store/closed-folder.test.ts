import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import { nodeFileSystem, type FileSystem } from '../../../src/store/file-system';
import { rejects } from '../../support/coded-error';
import { temporaryFolder } from '../../support/temporary-folder';
import { authorityOptions, deviceRequest } from '../../support/test-authority';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('the folder of a CA', () => {
  let userDir: string;
  let folder: string;
  beforeEach(() => {
    userDir = temporaryFolder();
    folder = join(userDir, 'pki/ca');
  });
  const open = (fs: FileSystem = nodeFileSystem) => acquireAuthority(authorityOptions({ userDir, fs }));
  const openAndClose = async (fs?: FileSystem) => {
    const { authority, release } = await open(fs);
    await release();
    return authority;
  };
  /** Under umask 000, as a folder of somebody who wants to see what comes into it. */
  const makeForAll = (path: string) => {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o777);
  };

  it('that was there before, open to all, is closed before a key comes into it', async () => {
    makeForAll(folder);
    makeForAll(join(folder, 'private'));
    const { authority, release } = await open();
    await authority.issue([deviceRequest('dev01')]);
    await release();
    assert.deepEqual([modeOf(folder), modeOf(join(folder, 'private'))], ['700', '700']);
    for (const name of readdirSync(join(folder, 'private'))) assert.equal(modeOf(join(folder, 'private', name)), '600');
  });

  it('that was copied with rights for all is closed again at the next start', async () => {
    await openAndClose();
    for (const path of [folder, join(folder, 'private')]) chmodSync(path, 0o777);
    chmodSync(join(folder, 'private/ca.key.pem'), 0o644);
    assert.deepEqual((await openAndClose()).findings, []);
    // Who may read the folder was perhaps chosen; who may write to it could change what the CA has said.
    assert.deepEqual([modeOf(folder), modeOf(join(folder, 'private'))], ['775', '700']);
  });

  it('that cannot be closed is a remark, as long as it is so', async () => {
    const fs: FileSystem = {
      ...nodeFileSystem,
      open: async (path, flags, mode) =>
        Object.assign(await nodeFileSystem.open(path, flags, mode), {
          chmod: () => Promise.reject(Object.assign(new Error('not yours'), { code: 'EPERM' })),
        }),
    };
    makeForAll(folder);
    const codes = async () => (await openAndClose(fs)).findings.map(({ code, cause }) => [code, cause.path]);
    assert.deepEqual(await codes(), [['STORE_PERMISSION', folder]]);
    chmodSync(folder, 0o700);
    assert.deepEqual(await codes(), []);
  });

  for (const name of ['private', 'certs', 'imported']) {
    it(`with a link in the place of ${name} is not taken for a new CA, and nothing behind it changes`, async () => {
      const elsewhere = temporaryFolder();
      mkdirSync(folder, { recursive: true });
      symlinkSync(elsewhere, join(folder, name));
      await rejects(() => open(), 'CA_FOREIGN', new RegExp(name));
      // What says that it is ours may be planted, too.
      writeFileSync(join(elsewhere, 'precious'), 'precious');
      writeFileSync(join(folder, 'ca.json'), '{"version":1,"state":"creating"}');
      await rejects(() => open(), 'STORE_LINK');
      assert.deepEqual(readdirSync(elsewhere), ['precious']);
      assert.equal(readFileSync(join(elsewhere, 'precious'), 'utf8'), 'precious');
    });
  }

  it('has no line break in its path, which would add settings to openssl.cnf', async () => {
    const options = { ...authorityOptions({ userDir }), folder: join(userDir, 'a\n[ authority ]') };
    await rejects(() => acquireAuthority(options), 'INPUT_FOLDER', /control character/);
  });
});
