import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from './checkout';
import { referencePages } from './pages';

/** `npm run reference`: writes docs/reference/ from the source; test/architecture/reference.test.ts compares. */
async function run(): Promise<void> {
  for (const [file, text] of await referencePages()) writeFileSync(join(CHECKOUT, file), text);
}

void run();
