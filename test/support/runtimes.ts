import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The checkout that these tests belong to. */
export const CHECKOUT = join(__dirname, '..', '..');

/** Absolute paths of the Node binaries and of `red.js`, by version. */
interface Runtimes {
  node: Record<'20' | '22' | '24', string>;
  nodeRed: Record<'4.1' | '5', string>;
}

/**
 * Where `scripts/runtimes.mjs` put the Node and Node-RED versions under test.
 *
 * @throws when it has not run; `npm test` runs it first
 */
export function runtimes(): Runtimes {
  const list = join(CHECKOUT, '.cache', 'runtimes.json');
  if (!existsSync(list)) throw new Error(`${list} is missing: run "node scripts/runtimes.mjs" once`);
  return JSON.parse(readFileSync(list, 'utf8')) as Runtimes;
}

/** The pairs that the package promises to load in. */
export const MATRIX = [
  { nodeRed: '4.1', node: '20' },
  { nodeRed: '5', node: '22' },
  { nodeRed: '5', node: '24' },
] as const;
