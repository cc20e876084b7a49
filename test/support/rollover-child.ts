/** Runs in a process of its own: takes a step of a CA's replacement and kills itself at the rename that decides; see killedIn. */
import { acquireAuthority } from '../../src/ca/authority-registry';
import type { RolloverStep } from '../../src/ca/rollover';
import { nodeFileSystem, type FileSystem } from '../../src/store/file-system';
import { authorityOptions } from './test-authority';

const [userDir = '', step = '', moment = ''] = process.argv.slice(2);

async function killAt(here: string): Promise<void> {
  if (here !== moment) return;
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => undefined);
}

const fs: FileSystem = {
  ...nodeFileSystem,
  async rename(from, to) {
    const decides = to.endsWith('generations.json');
    if (decides) await killAt('before');
    await nodeFileSystem.rename(from, to);
    if (decides) await killAt('after');
  },
};

void acquireAuthority(authorityOptions({ userDir, fs })).then(({ authority }) =>
  authority.takeStep(step as RolloverStep, { force: true }),
);
