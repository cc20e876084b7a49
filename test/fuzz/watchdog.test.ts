import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { Watchdog } from './watchdog';

describe('the watchdog of the fuzzer', () => {
  it('asks nothing of an object that fails whatever it is asked', async () => {
    const failing = (): never => {
      throw new Error('asked');
    };
    const hostile = new Proxy({}, { get: failing, has: failing, getPrototypeOf: failing });
    const watchdog = new Watchdog(['payload'], 60);
    watchdog.watch(0, 1, hostile);
    await watchdog.stop();
  });

  it('ends a process that reads without an end, names parser and seed, and keeps the input', () => {
    const program = `
      const { Watchdog } = require(${JSON.stringify(require.resolve('./watchdog'))});
      new Watchdog(['other', 'endless'], 1).watch(1, 4711, 'what it reads');
      for (;;);`;
    const args = ['--require', 'tsx/cjs', '-e', program];
    const { signal, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(signal, 'SIGKILL');
    const [, file = ''] = /^endless, seed 4711: reading did not end .*; the input is in (.*)\n1 findings\n$/.exec(stdout) ?? []; // prettier-ignore
    assert.ok(file, stdout);
    assert.equal(readFileSync(file, 'utf8'), 'what it reads');
    rmSync(file);
  });
});
