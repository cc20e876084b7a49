import assert from 'node:assert/strict';
import { assertHolds, judge, tryOne, type Parser } from './fuzzer';
import { CalledFunctions, readersOfSource } from './called-functions';
import { allParsers } from './parsers';

/** Readers that no row reaches, and why none has to. */
const NOT_FUZZED = new Map([
  ['src/ca/generation-store.ts readAncestors', 'what readGenerations reads'],
  ['src/ca/issued-certificate.ts readIssued', 'a certificate of our own folder, by Certificate.fromPem'],
  ['src/editor/condition.ts parseCondition', 'our own forms'],
  ['src/node-red/batch-place.ts readEach', 'calls a reader for each item'],
  ['src/node-red/material-settings.ts readFile', 'fetches bytes'],
  ['src/encoding/tar.ts readTarInTurns', 'readTar with turns of the event loop'],
]);
/** Chosen once; other inputs are the business of `npm run fuzz`. */
const SEED = 20_260;

describe('changed inputs', function () {
  // Thousands of inputs; on a machine that does other things too, mocha's minute is short.
  this.timeout(240_000);
  let parsers: Parser[];
  before(async () => {
    parsers = await allParsers();
  });

  it('end in a value or in a coded error, whatever reads them', async () => {
    for (const parser of parsers) await assertHolds(parser, parser.runs, SEED);
  });

  it('are accepted now and then, and reach every function of src that reads', async () => {
    const functions = new CalledFunctions();
    functions.start();
    for (const parser of parsers) {
      let accepted = 0;
      for (let seed = 0; seed < 200 && (accepted === 0 || seed < 8); seed += 1) {
        const counting: Parser = { ...parser, holds: () => void (accepted += 1) };
        await tryOne(counting, seed);
      }
      assert.ok(accepted > 0, `${parser.name} accepts nothing: its samples are wrong`);
    }
    const called = functions.stop();
    const missed = readersOfSource().filter((reader) => !called.has(reader) && !NOT_FUZZED.has(reader));
    assert.deepEqual(missed, [], 'a reader without a row in test/fuzz/parsers (or a reason in NOT_FUZZED)');
    const needless = [...NOT_FUZZED.keys()].filter((reader) => called.has(reader));
    assert.deepEqual(needless, [], 'fuzzed, so it needs no reason');
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
