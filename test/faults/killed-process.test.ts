import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireAuthority } from '../../src/ca/authority-registry';
import { IssuingProcess } from '../support/issuing-process';
import { SeededRandom } from '../support/seeded-random';
import { temporaryFolder } from '../support/temporary-folder';
import { authorityOptions, deviceRequest } from '../support/test-authority';

const ROUNDS = 10;

/** Let so many turns of the event loop pass: another moment of the other process each time. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}

describe('a process that is killed', function () {
  this.timeout(240_000);

  it(`loses nothing it told, killed at ${ROUNDS} moments of its batches on one folder`, async () => {
    const userDir = temporaryFolder();
    const random = new SeededRandom(7);
    const told = new Set<string>();
    let fingerprint256: string | undefined;
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = new IssuingProcess(userDir, 1000);
      const ready = await child.report('ready');
      fingerprint256 ??= ready.fingerprint256;
      assert.equal(ready.fingerprint256, fingerprint256);
      // Every other time not before something was told, however slow the machine is.
      if (round % 2 === 1) await child.report('issued');
      await turns(1 + random.below(400));
      await child.kill();
      for (const serialNumber of child.issued) told.add(serialNumber);

      const lease = await acquireAuthority(authorityOptions({ userDir }));
      assert.equal(lease.authority.fingerprint256, fingerprint256);
      for (const serialNumber of told) assert.equal(lease.authority.statusOf(serialNumber), 'valid', serialNumber);
      for (const serialNumber of child.issued.slice(0, 5)) {
        assert.ok((await lease.authority.load(serialNumber)).secretPrivateKey);
      }
      await lease.release();
      const index = readFileSync(join(userDir, 'pki/ca/index.txt'), 'utf8');
      const serialNumbers = index.split('\n').slice(0, -1);
      assert.equal(new Set(serialNumbers.map((line) => line.split('\t')[3])).size, serialNumbers.length);
    }
    assert.ok(told.size > 0, 'no batch was ever finished');
  });

  it('leaves a lock that the next one takes over, while a living one keeps it', async () => {
    const userDir = temporaryFolder();
    const first = new IssuingProcess(userDir, 0);
    await first.report('ready');
    const second = new IssuingProcess(userDir, 0);
    assert.equal((await second.report('failed')).code, 'CA_LOCKED');
    await second.stop();

    await first.kill();
    const third = new IssuingProcess(userDir, 0);
    await third.report('ready');
    await third.stop();

    const lease = await acquireAuthority(authorityOptions({ userDir }));
    await lease.authority.issue([deviceRequest('after all')]);
    await lease.release();
  });

  it('is not waited for by many that find its lock at once: one of them gets the folder', async () => {
    const userDir = temporaryFolder();
    const first = new IssuingProcess(userDir, 0);
    await first.report('ready');
    await first.kill();
    const others = Array.from({ length: 4 }, () => new IssuingProcess(userDir, 0));
    const outcomes = await Promise.all(
      others.map((one) => Promise.any([one.report('ready'), one.report('failed')]).then(({ event }) => event)),
    );
    assert.equal(outcomes.filter((event) => event === 'ready').length, 1, outcomes.join());
    await Promise.all(others.map((one) => one.stop()));
  });
});
