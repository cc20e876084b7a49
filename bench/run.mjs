/**
 * `npm run bench [name …] [-- --long]`: run `bench/<name>.ts`, or all of them one after the other. Each prints its figures
 * as ratios of its own run: absolute ones depend on the machine and on what else it does. Options go on to the benches.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length))
  .sort();
const given = process.argv.slice(2);
const wanted = given.filter((each) => !each.startsWith('--'));
const options = given.filter((each) => each.startsWith('--'));
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${known.join(' ')}`);
  process.exit(1);
}
for (const name of wanted.length > 0 ? wanted : known) {
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, ['--require', 'tsx/cjs', join(folder, `${name}.ts`), ...options], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
