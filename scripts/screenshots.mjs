/**
 * `npm run screenshots [name …]`: the pictures of the README and of docs/, taken from the running product.
 *
 * A Node-RED 5 of its own with all examples; what a picture shows is done first: buttons pressed, dialogs opened. The
 * table is `scripts/screenshots/pictures.ts`. The brokers of the examples need their ports (8840 to 8920) free.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
execFileSync(process.execPath, [join(folder, 'build.mjs'), '--fast'], { stdio: 'inherit' });
const { status } = spawnSync(
  process.execPath,
  ['--require', 'tsx/cjs', join(folder, 'screenshots', 'run.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
