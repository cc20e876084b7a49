import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { acquireAuthority } from '../../src/ca/authority-registry';
import { isCodedError } from '../../src/model/errors';
import { FailingFileSystem } from '../support/failing-file-system';
import { MemoryDisk } from '../support/memory-disk';
import { CHECKOUT } from '../support/runtimes';
import { authorityOptions } from '../support/test-authority';

/** What test/support/windows-child.ts tells. */
interface OnWindows {
  reopened: boolean;
  total: number;
  folder: string;
  written: string;
  refusals: Record<string, string>;
  intoCa: string;
  otherDrive: string;
  longPath: string;
  held: number;
  refused: string[];
  key: boolean;
  crLf: string[];
  leftBehind: string[];
}

const USER_DIR = 'C:\\Node-RED von Jürgen Müller\\data';

describe('on Windows', () => {
  let told: OnWindows;
  before(async () => {
    const child = path.join(CHECKOUT, 'test/support/windows-child.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--require', 'tsx/cjs', child], { cwd: CHECKOUT });
    told = JSON.parse(stdout) as OnWindows;
  });

  it('a CA is made, issues, revokes and is opened again, without modes, owners and fsync of folders', () => {
    assert.deepEqual([told.reopened, told.total, told.key], [true, 2, true]);
  });

  it('a virus scanner that holds every new file is waited for', () => {
    assert.ok(told.held > 0);
    assert.deepEqual(told.leftBehind, []);
  });

  it('no name is one that Windows refuses or takes for a device', () => assert.deepEqual(told.refused, []));

  it('PEM files keep LF: plain BearSSL reads no CR LF', () => assert.deepEqual(told.crLf, []));

  it('a folder may be written with backslashes, on another drive, and longer than 260 characters', () => {
    assert.equal(told.folder, `${USER_DIR}\\export\\broker`);
    assert.equal(told.written, `${USER_DIR}\\export\\broker\\ca.pem`);
    assert.equal(told.otherDrive, 'D:\\certs');
    assert.equal(told.longPath, 'accepted');
  });

  it('a file name with backslash, drive or reserved word is refused, and so is the folder of a CA in other letters', () => {
    assert.ok(Object.keys(told.refusals).length > 0);
    assert.deepEqual(
      Object.entries(told.refusals).filter(([, code]) => code !== 'INPUT_FOLDER'),
      [],
    );
    assert.equal(told.intoCa, 'INPUT_FOLDER');
  });
});

describe('in Docker', () => {
  for (const [volume, errno, code, words] of [
    ['belongs to root', 'EACCES', 'STORE_PERMISSION', /Give the user that runs Node-RED access/],
    ['is mounted read-only', 'EROFS', 'STORE_READ_ONLY', /Mount it writable/],
    ['is full', 'ENOSPC', 'STORE_FULL', /Free some space/],
  ] as const) {
    it(`a volume that ${volume} is told as it is, leaves nothing behind, and works once it is mended`, async () => {
      const disk = new MemoryDisk();
      const fs = new FailingFileSystem(disk);
      const options = () => authorityOptions({ fs, userDir: '/data' });
      disk.put('/data/settings.js', '');
      fs.failAt(1, { kind: 'always', errno });
      await assert.rejects(acquireAuthority(options()), (error: unknown) => {
        assert.ok(isCodedError(error), String(error));
        assert.equal(error.code, code);
        assert.match(error.message, /\/data\//);
        assert.match(error.hint, words);
        return true;
      });
      assert.deepEqual([...disk.files().keys()], ['/data/settings.js']);
      fs.heal();
      const lease = await acquireAuthority(options());
      assert.ok(disk.files().has('/data/pki/ca/ca.pem'));
      await lease.release();
    });
  }
});
