import assert from 'node:assert/strict';
import { tiersBelow, tooDeep } from '../../../src/model/ca-tiers';

const ROOT = { source: 'create', issuer: '', pathLength: '' };
const BELOW = { ...ROOT, issuer: 'above' };

describe('the tiers of CAs', () => {
  const cases = [
    ['a root of defaults', ROOT, undefined],
    ['a root that allows none', { ...ROOT, pathLength: '0' }, 0],
    ['an intermediate of defaults', BELOW, 0],
    ['an intermediate that allows one', { ...BELOW, pathLength: ' 1 ' }, 1],
    ['an imported CA', { ...BELOW, source: 'import' }, undefined],
    ['the settings of an older version', {}, undefined],
  ] as const;
  for (const [what, settings, below] of cases) {
    it(`below ${what}: ${below ?? 'any, or not known'}`, () => assert.equal(tiersBelow(settings), below));
  }

  it('end at the third with defaults', () => {
    assert.equal(tooDeep(BELOW, ROOT), undefined);
    assert.deepEqual(tooDeep(BELOW, BELOW), { allowed: 0, needed: 1 });
    assert.equal(tooDeep(BELOW, { ...BELOW, pathLength: '1' }), undefined);
  });

  it('count those that are wanted below', () => {
    const two = { ...BELOW, pathLength: '2' };
    assert.equal(tooDeep(two, ROOT), undefined);
    assert.deepEqual(tooDeep(two, two), { allowed: 2, needed: 3 });
    assert.equal(tooDeep(two, { ...BELOW, pathLength: '3' }), undefined);
  });

  it('are not guessed where an imported CA decides', () => {
    assert.equal(tooDeep({ ...BELOW, source: 'import' }, BELOW), undefined);
    assert.equal(tooDeep(BELOW, { ...BELOW, source: 'import' }), undefined);
  });
});
