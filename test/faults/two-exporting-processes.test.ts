import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary-folder';

const PAIR = ['server.crt.pem', 'server.key.pem'];

/** Replaces the pair in a folder so many times; see replacing-child.ts. */
function replacing(folder: string, name: string, times: number) {
  const script = join(__dirname, '../support/replacing-child.ts');
  const args = ['--require', 'tsx/cjs', script, folder, name, String(times)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let problems = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (problems += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, problems }));
  return { child, ended };
}

function contents(folder: string): string[] {
  return PAIR.map((name) => readFileSync(join(folder, name), 'utf8'));
}

describe('two processes that export into one folder', function () {
  this.timeout(120_000);

  it('take turns: whoever has replaced a pair finds its own, and one whole pair stays', async () => {
    const folder = temporaryFolder();
    const [one, two] = [replacing(folder, 'one', 25), replacing(folder, 'two', 25)];
    for (const { ended } of [one, two]) assert.deepEqual(await ended, { code: 0, problems: '' });
    const [certificate, key] = contents(folder);
    assert.equal(certificate, key);
    assert.match(key ?? '', /^(one|two) 25$/);
    assert.deepEqual(readdirSync(folder).sort(), PAIR);
  });

  it('one of them killed while it exports: the other goes on, and nothing half written stays', async () => {
    const folder = temporaryFolder();
    for (const name of ['first', 'second', 'third']) {
      const killed = replacing(folder, name, 100_000);
      // In the middle of its work: every replacement changes the folder a dozen times.
      const watcher = watch(folder);
      for (let change = 0; change < 40; change += 1) await once(watcher, 'change');
      watcher.close();
      killed.child.kill('SIGKILL');
      await killed.ended;
      assert.deepEqual(await replacing(folder, 'other', 1).ended, { code: 0, problems: '' });
      assert.deepEqual(contents(folder), ['other 1', 'other 1']);
      assert.deepEqual(readdirSync(folder).sort(), PAIR);
    }
  });
});
