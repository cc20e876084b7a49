import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SentenceTable } from '../../../src/editor/sentence-table';
import { CHECKOUT } from '../../support/runtimes';

const TABLE = new SentenceTable(
  [
    ...['Check the clock', 'Die Uhr prüfen'],
    ...['Connect to …, or add … (to the names)', 'Mit … verbinden, oder … (zu den Namen) hinzufügen'],
    ...['A difference of … means a wrong clock', 'Eine Abweichung von … heißt falsche Uhr'],
    ...['See the log…', 'Im Log nachsehen…'],
  ].join('\n'),
);

describe('a table of sentences', () => {
  const CASES: [name: string, sentence: string, translation: string | undefined][] = [
    ['a sentence as it stands', 'Check the clock', 'Die Uhr prüfen'],
    ['with its final period', 'Check the clock.', 'Die Uhr prüfen'],
    [
      'values in their order',
      'Connect to "a.local", or add 10.0.0.1 (to the names)',
      'Mit "a.local" verbinden, oder 10.0.0.1 (zu den Namen) hinzufügen',
    ],
    [
      'values that look like a replacement',
      'Connect to $&, or add $1 (to the names)',
      'Mit $& verbinden, oder $1 (zu den Namen) hinzufügen',
    ],
    ['nothing where a value may be missing', 'See the log', 'Im Log nachsehen'],
    ['not a value of English words', 'A difference of 3 days means a wrong clock', undefined],
    ['not an English clause', 'See the log; or its clock is wrong', undefined],
    ['not what it does not hold', 'Check the clocks', undefined],
    ['not half a sentence', 'First check the clock', undefined],
  ];
  for (const [name, sentence, translation] of CASES) {
    it(name, () => assert.equal(TABLE.translationOf(sentence), translation));
  }

  it('an empty one knows nothing', () =>
    assert.equal(new SentenceTable('').translationOf('Check the clock'), undefined));

  for (const language of readdirSync(join(CHECKOUT, 'nodes', 'locales')).filter((one) => one !== 'en-US')) {
    it(`${language}: finds each of the probe's texts with a value of its own`, () => {
      const path = join(CHECKOUT, 'nodes', 'locales', language, 'tls-probe.codes.json');
      const pairs = Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>);
      const table = new SentenceTable(pairs.flat().join('\n'));
      const filled = (text: string): string => {
        let count = 0;
        return text.replace(/…/g, () => `<${++count}>`);
      };
      for (const [english, translation] of pairs) {
        assert.equal(table.translationOf(filled(english)), filled(translation));
      }
    });
  }
});
