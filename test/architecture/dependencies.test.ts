import assert from 'node:assert/strict';
import { readTracked } from '../support/source-tree';

interface LockedPackage {
  version: string;
  license?: string;
  dev?: boolean;
}

/** Licences that ask for no more than naming the author. A new one is read before it is added. */
const LICENCES = ['0BSD', 'BSD-3-Clause', 'ISC', 'MIT'];
/** A choice of which we take the first. */
const CHOICES: Readonly<Record<string, string>> = { '(BSD-3-Clause OR GPL-2.0)': 'BSD-3-Clause' };

const lock = JSON.parse(readTracked('package-lock.json')) as { packages: Record<string, LockedPackage> };
const shipped = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev);
const direct = Object.keys((JSON.parse(readTracked('package.json')) as { dependencies: object }).dependencies);
const review = readTracked('docs/dependencies.md');

describe('the packages that a user gets with this one', () => {
  it('have a licence of the list', () => {
    const foreign = shipped.filter(([, { license = '' }]) => !LICENCES.includes(CHOICES[license] ?? license));
    assert.deepEqual(
      foreign.map(([path, { license }]) => `${path}: ${license}`),
      [],
    );
  });

  it('use every licence of the list', () => {
    const used = new Set(shipped.map(([, { license = '' }]) => CHOICES[license] ?? license));
    assert.deepEqual([...used].sort(), LICENCES);
  });

  for (const name of direct) {
    it(`${name}: the review is of the version that is locked, and says all it should`, () => {
      const version = lock.packages[`node_modules/${name}`]?.version;
      assert.ok(
        review.includes(`| \`${name}\` ${version} |`),
        `docs/dependencies.md does not speak of ${name} ${version}`,
      );
      const section = review.split(/^## /m).find((part) => part.startsWith(`${name}\n`)) ?? '';
      for (const word of ['Why.', 'Used:', 'dvisories', 'Instead:']) assert.ok(section.includes(word), word);
    });
  }
});
