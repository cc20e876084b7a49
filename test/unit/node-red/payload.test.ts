import assert from 'node:assert/strict';
import vm from 'node:vm';
import { MAX_BATCH, readPayload } from '../../../src/node-red/payload';

describe('payload rule', () => {
  const configured: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['empty text', ''],
    ['true', true],
    ['false', false],
    ['a time stamp', 1_700_000_000_000],
    ['NaN', NaN],
  ];
  for (const [name, payload] of configured) {
    it(`takes ${name} as "use the configured values"`, () => {
      assert.deepEqual(readPayload(payload), { kind: 'configured' });
    });
  }

  it('takes text and objects as one item', () => {
    assert.deepEqual(readPayload('dev01'), { kind: 'items', batch: false, items: ['dev01'] });
    assert.deepEqual(readPayload({ commonName: 'dev01' }), {
      kind: 'items',
      batch: false,
      items: [{ commonName: 'dev01' }],
    });
  });

  it('takes an object made in a function node, which has another Object.prototype', () => {
    const foreign: unknown = vm.runInNewContext('({ commonName: "dev01" })');
    assert.equal(readPayload(foreign).kind, 'items');
  });

  it('takes an array as a batch, also an empty one and one of a single item', () => {
    assert.deepEqual(readPayload([]), { kind: 'items', batch: true, items: [] });
    assert.deepEqual(readPayload(['dev01']), { kind: 'items', batch: true, items: ['dev01'] });
  });

  it(`takes ${MAX_BATCH} items and refuses one more with both numbers`, () => {
    const items = new Array<string>(MAX_BATCH).fill('dev');
    assert.equal(readPayload(items).kind, 'items');
    assert.throws(() => readPayload([...items, 'dev']), {
      code: 'INPUT_TOO_MANY',
      cause: { found: MAX_BATCH + 1, limit: MAX_BATCH },
    });
  });

  const refused: [string, unknown][] = [
    ['a Buffer', Buffer.from('dev01')],
    ['a typed array', new Uint16Array(2)],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a function', () => 'dev01'],
    ['a symbol', Symbol('dev01')],
    ['an error', new Error('dev01')],
  ];
  for (const [name, payload] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => readPayload(payload), { code: 'INPUT_PAYLOAD' });
    });
    it(`refuses ${name} in a batch and names its place`, () => {
      assert.throws(
        () => readPayload(['dev01', payload]),
        (error: { code: string; cause: { index: number } }) => {
          assert.equal(error.code, 'INPUT_PAYLOAD');
          assert.equal(error.cause.index, 1);
          return true;
        },
      );
    });
  }

  for (const [name, hole] of [
    ['an empty name', ''],
    ['a number', 5],
    ['nothing', undefined],
  ] as const) {
    it(`refuses ${name} inside a batch: there is nothing configured per item`, () => {
      assert.throws(() => readPayload(['dev01', hole]), { code: 'INPUT_PAYLOAD' });
    });
  }
});
