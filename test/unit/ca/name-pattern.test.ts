import assert from 'node:assert/strict';
import { namePattern } from '../../../src/ca/name-pattern';

describe('a name pattern', () => {
  const table: [pattern: string, fits: string[], not: string[]][] = [
    ['dev', ['dev', 'DEV'], ['dev1', 'adev', '']],
    ['dev*', ['dev', 'Dev01'], ['de', 'a dev']],
    ['*dev', ['dev', 'my DEV'], ['dev1']],
    ['*dev*', ['dev', 'a dev b'], ['de v']],
    ['*', ['', 'a'], []],
    ['**', ['', 'a'], []],
    ['', [''], ['a']],
    ['a*a', ['aa', 'aba'], ['a', 'ab']],
    ['ab*bc', ['abbc', 'ab-bc'], ['abc']],
    ['*a*b*', ['ab', 'xaxbx'], ['ba']],
    ['*0*2', ['dev02', '0002'], ['dev20', '2']],
    ['*b*bc', ['bbc', 'abxbc'], ['abc']],
    ['a*b*a', ['aba', 'abba', 'axbxa'], ['aa', 'ab']],
    ['dev0?', ['dev01', 'DEV0x'], ['dev0', 'dev012', 'dex01']],
    ['?*', ['a', 'ab'], ['']],
    ['*?b', ['ab', 'aab'], ['b']],
    ['a?c*e', ['abce', 'aXc-e'], ['ace', 'abcd']],
    // One character, two code units.
    ['?', ['a', '😀'], ['', 'ab', '😀a']],
    ['😀?*', ['😀a', '😀😀'], ['😀']],
    ['Ä*', ['ärger'], ['arger']],
    ['dev.*', ['dev.1'], ['dev1']],
    ['[a]*', ['[A]b'], ['a']],
  ];
  for (const [pattern, fits, not] of table) {
    it(`${JSON.stringify(pattern)}`, () => {
      const matches = namePattern(pattern);
      for (const name of fits) assert.ok(matches(name), `${JSON.stringify(name)} fits`);
      for (const name of not) assert.ok(!matches(name), `${JSON.stringify(name)} does not fit`);
    });
  }

  it('says the same as a regular expression, with and without ?', () => {
    const alphabet = ['a', 'b', '*', '?'];
    const patterns = sequences(alphabet, 4);
    const names = sequences(['a', 'b'], 4);
    for (const pattern of patterns) {
      const matches = namePattern(pattern);
      const judge = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      for (const name of names) assert.equal(matches(name), judge.test(name), `${pattern} and ${name}`);
    }
  });
});

/** All texts of up to `length` of the letters. */
function sequences(letters: readonly string[], length: number): string[] {
  if (length === 0) return [''];
  const shorter = sequences(letters, length - 1);
  return [...new Set([...shorter, ...shorter.flatMap((text) => letters.map((letter) => text + letter))])];
}
