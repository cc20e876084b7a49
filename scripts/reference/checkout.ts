import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const CHECKOUT = dirname(dirname(__dirname));

/** A file of the checkout, by its path with `/`. */
export function readSource(file: string): string {
  return readFileSync(join(CHECKOUT, file), 'utf8');
}
