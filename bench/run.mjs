/**
 * `npm run bench [name …]`: measure, and print figures as ratios of one run.
 *
 * Every file `bench/<name>.bench.ts` exports `run(): Promise<Row[]>`. Absolute figures depend on the machine and on what
 * else it does; the ratio to the peer that was measured in turns with ours does not, or far less.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.slice(0, -'.bench.ts'.length))
  .sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${known.join(' ')}`);
  process.exit(1);
}
for (const name of wanted.length > 0 ? wanted : known) {
  const { status } = spawnSync(
    process.execPath,
    ['--require', 'tsx/cjs', join(folder, 'print.ts'), join(folder, `${name}.bench.ts`)],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exitCode = 1;
}
