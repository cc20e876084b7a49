import assert from 'node:assert/strict';
import { assertHolds, judge, tryOne, type Parser } from './fuzzer';
import { allParsers } from './parsers';

/** Chosen once; other inputs are the business of `npm run fuzz`. */
const SEED = 20_260;

describe('changed inputs', () => {
  let parsers: Parser[];
  before(async () => {
    parsers = await allParsers();
  });

  it('end in a value or in a coded error, whatever reads them', async () => {
    for (const parser of parsers) await assertHolds(parser, parser.runs, SEED);
  });

  it('are read by the valid ones as well: not everything is refused', async () => {
    for (const parser of parsers) {
      let accepted = 0;
      for (let seed = 0; seed < 200 && accepted === 0; seed += 1) {
        const watched: Parser = { ...parser, holds: () => void (accepted += 1) };
        await tryOne(watched, seed);
      }
      assert.ok(accepted > 0, `${parser.name} accepts nothing: its samples are wrong`);
    }
  });
});

describe('the fuzzer itself', () => {
  const failing = (read: (input: unknown) => unknown): Parser => ({
    name: 'failing',
    runs: 1,
    make: () => Buffer.from('0123456789'),
    read,
    codes: /^INPUT_PAYLOAD$/,
  });

  it('sees an exception that is not coded, and makes its input small', async () => {
    const parser = failing((input) => {
      if ((input as Buffer).includes('5')) throw new TypeError('five');
    });
    await assert.rejects(assertHolds(parser, 1, 1), /no coded error: TypeError: five[^]*1 bytes, hex 35/);
  });

  it('sees an input that was changed, and what holds no longer', async () => {
    const changing = failing((input) => (input as Buffer).fill(0));
    assert.equal((await tryOne(changing, 1))?.problem, 'the input was changed');
    const wrong: Parser = { ...failing(() => 1), holds: () => assert.fail('it does not hold') };
    assert.match((await judge(wrong, 'x')) ?? '', /accepted, but .*it does not hold/);
  });
});
