import { mkdirSync } from 'node:fs';
import { byStatus, run, type ServedCase } from './judge-program';

/** Make a database of NSS in which the roots of all cases are trusted. */
export async function trustAll(cases: readonly ServedCase[], database: string): Promise<void> {
  mkdirSync(database, { recursive: true });
  const known = ['-d', `sql:${database}`];
  await run('certutil', ['-N', ...known, '--empty-password']);
  for (const [index, { anchors }] of cases.entries()) {
    // It cannot store every kind of key; then the root is not trusted, and that is the judgement.
    await byStatus('certutil', ['-A', ...known, '-n', `root-${index}`, '-t', 'CT,,', '-a', '-i', anchors], /SEC_\w+/);
  }
}
