import assert from 'node:assert/strict';
import { conditionHolds, parseCondition } from '../../../src/editor/condition';

describe('data-when', () => {
  const cases: { when: string; values: Record<string, string>; holds: boolean }[] = [
    { when: 'trust=ca', values: { trust: 'ca' }, holds: true },
    { when: 'trust=ca', values: { trust: 'file' }, holds: false },
    { when: 'trust=file|pem', values: { trust: 'pem' }, holds: true },
    { when: 'trust=file|pem', values: { trust: 'file|pem' }, holds: false },
    { when: 'trust!=system', values: { trust: 'ca' }, holds: true },
    { when: 'trust!=system', values: { trust: 'system' }, holds: false },
    { when: 'trust!=file|pem', values: { trust: 'pem' }, holds: false },
    { when: 'verify=false', values: { verify: 'false' }, holds: true },
    { when: 'broker=', values: { broker: '' }, holds: true },
    { when: 'broker=', values: { broker: 'id' }, holds: false },
    { when: 'rules!=', values: { rules: '' }, holds: false },
    { when: 'rules!=', values: { rules: 'x' }, holds: true },
    { when: 'a=1 b=2', values: { a: '1', b: '2' }, holds: true },
    { when: 'a=1 b=2', values: { a: '1', b: '3' }, holds: false },
    { when: '  a=1   b=2 ', values: { a: '1', b: '2' }, holds: true },
    { when: 'a=1 or b=2', values: { a: '0', b: '2' }, holds: true },
    { when: 'a=1 c=3 or b=2', values: { a: '1', b: '0', c: '0' }, holds: false },
    { when: 'a=1 c=3 or b=2', values: { a: '1', b: '0', c: '3' }, holds: true },
  ];
  for (const { when, values, holds } of cases) {
    it(`"${when}" ${holds ? 'holds' : 'does not hold'} for ${JSON.stringify(values)}`, () => {
      assert.equal(
        conditionHolds(parseCondition(when), (field) => values[field] ?? ''),
        holds,
      );
    });
  }

  for (const text of ['', 'trust', '=ca', 'trust==', 'a=1 or', 'a-b=1']) {
    const readable = text === 'trust==';
    it(`${readable ? 'reads' : 'refuses'} "${text}"`, () => {
      if (readable) assert.deepEqual(parseCondition(text), [[{ field: 'trust', values: ['='], negated: false }]]);
      else assert.throws(() => parseCondition(text), /cannot read the condition/);
    });
  }
});
