import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CHECKOUT } from '../support/runtimes';

describe('what an input costs', () => {
  // In a process of its own: V8 counts only in what it compiles after the counter was made.
  it('grows with its size and not with the square of it, whatever its shape', async () => {
    const parameters = ['--require', 'tsx/cjs', 'test/fuzz/run.ts', 'growth', '--count'];
    // The output names what grew too fast.
    await promisify(execFile)(process.execPath, parameters, { cwd: CHECKOUT }).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) => Promise.reject(new Error(`${stdout}\n${stderr}`)),
    );
  });
});
