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
    const child = spawn('sh', ['-c', 'trap "exit 7" HUP; echo ready; while :; do sleep 0.1; done']);
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    writeFileSync(file, `${child.pid}\n`);
    await signalReload(nodeFileSystem, file);
    assert.deepEqual(await ended, [7, null]);
  });

  it('a program that got the number of a broker that has ended is not killed', async () => {
    const child = spawn('sleep', ['60']);
    const ended = once(child, 'close');
    writeFileSync(file, `${child.pid}\n`);
    const error = await rejects(() => signalReload(nodeFileSystem, file), 'INPUT_CONFIG', /would end at the signal/);
    assert.match(error.message, /sleep/);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [null, 'SIGTERM']);
  });

  it('nor is Node-RED itself', async () => {
    writeFileSync(file, String(process.pid));
    await rejects(() => signalReload(nodeFileSystem, file), 'INPUT_CONFIG', /would end at the signal/);
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
      // Above the largest number that Linux gives.
      writeFileSync(file, '4194305');
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
