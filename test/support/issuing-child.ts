/** Runs in a process of its own: see issuing-process.ts. */
import { writeSync } from 'node:fs';
import { acquireAuthority } from '../../src/ca/authority-registry';
import { isCodedError } from '../../src/model/errors';
import type { IssuingReport } from './issuing-process';
import { authorityOptions, deviceRequest } from './test-authority';

const BATCH = 150;

function tell(report: IssuingReport): void {
  writeSync(1, `${JSON.stringify(report)}\n`);
}

async function run(userDir: string, batches: number): Promise<void> {
  const { authority, release } = await acquireAuthority(authorityOptions({ userDir }));
  tell({ event: 'ready', fingerprint256: authority.fingerprint256 });
  for (let batch = 0; batch < batches; batch += 1) {
    const names = Array.from({ length: BATCH }, (_, index) => deviceRequest(`device ${batch}-${index}`));
    const issued = await authority.issue(names);
    tell({ event: 'issued', serialNumbers: issued.map(({ serialNumber }) => serialNumber) });
  }
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.on('end', resolve));
  await release();
}

const [userDir = '', batches = '0'] = process.argv.slice(2);
run(userDir, Number(batches)).catch((error: unknown) => {
  tell({ event: 'failed', code: isCodedError(error) ? error.code : String((error as Error)?.stack) });
});
