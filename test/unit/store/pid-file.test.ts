import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '../../../src/store/file-system';
import { signalReload } from '../../../src/store/pid-file';
import { rejects } from '../../support/coded-error';
import { temporaryFolder } from '../../support/temporary-folder';

describe('a pid file', () => {
  let file: string;
  beforeEach(() => (file = join(temporaryFolder(), 'broker.pid')));

  it('the program gets SIGHUP', async () => {
    const child = spawn('sleep', ['60']);
    const ended = once(child, 'close');
    writeFileSync(file, `${child.pid}\n`);
    await signalReload(nodeFileSystem, file);
    assert.deepEqual(await ended, [null, 'SIGHUP']);
  });

  for (const content of ['', '\n', '0', '1', '-1', '12x', '1e3', ' ', '99999999999', 'x'.repeat(100)]) {
    it(`${JSON.stringify(content.slice(0, 12))} is no process, and nobody is told`, async () => {
      writeFileSync(file, content);
      const told: number[] = [];
      const error = await rejects(() => signalReload(nodeFileSystem, file, (pid) => told.push(pid)), 'INPUT_CONFIG');
      assert.equal(error.cause.field, 'pidFile');
      assert.deepEqual(told, []);
    });
  }

  for (const [code, words] of [
    ['ESRCH', /does not run/],
    ['EPERM', /another user/],
    ['EINVAL', /EINVAL/],
  ] as const) {
    it(`${code} is explained`, async () => {
      writeFileSync(file, '4711');
      const failing = () => {
        throw Object.assign(new Error(code), { code });
      };
      await rejects(() => signalReload(nodeFileSystem, file, failing), 'INPUT_CONFIG', words);
    });
  }

  it('a file that is not there or too large is said', async () => {
    await rejects(() => signalReload(nodeFileSystem, file), 'STORE_NOT_FOUND');
    writeFileSync(file, 'x'.repeat(2000));
    await rejects(() => signalReload(nodeFileSystem, file), 'STORE_TOO_LARGE');
  });
});
