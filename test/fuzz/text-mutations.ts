import type { SeededRandom } from '../support/seeded-random';

/** What breaks readers of text: control characters, other scripts, half characters, signs with a meaning, long runs. */
const ODD = [
  '',
  ' ',
  '\u0000',
  '\n',
  '\r\n',
  '\t',
  '\u001b[31m',
  '\u202e',
  '\ufeff',
  '\ud800',
  'ß',
  'İ',
  'ﬀ',
  '例',
  '😀',
  '%00',
  '%2e%2e%2f',
  '../',
  '\\',
  '/',
  '//',
  ':',
  '::',
  ',',
  ';',
  '#',
  '+',
  '*',
  '$',
  '@',
  '[',
  ']',
  '"',
  "'",
  '-',
  '--',
  '.',
  '..',
  '=',
  '0',
  '-1',
  '00',
  '1e999',
  '0x10',
  '9007199254740993',
  '99999999999999999999',
  'NaN',
  '__proto__',
  'constructor',
  'null',
  '{}',
];
const LONG = [64, 65, 256, 2049, 70_000];

function any<T>(random: SeededRandom, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

/** A valid text with one to four changes: pieces taken out, doubled, put in, or taken from another valid text. */
export function changedText(valid: readonly string[], random: SeededRandom): string {
  let text = any(random, valid);
  for (let count = random.below(5); count > 0; count -= 1) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + random.below(9));
    const [before, piece, after] = [text.slice(0, at), text.slice(at, to), text.slice(to)];
    const other = any(random, valid);
    text = any(random, [
      () => before + after,
      () => before + piece + piece + after,
      () => before + any(random, ODD) + piece + after,
      () => before + any(random, ODD) + after,
      () => before + String.fromCharCode(random.below(random.below(4) === 0 ? 65_536 : 128)) + after,
      () => before + other.slice(random.below(other.length + 1)),
      () => before + (piece || any(random, ODD)).repeat(any(random, LONG) / Math.max(1, piece.length)) + after,
      () => (random.below(2) === 0 ? text.toUpperCase() : text.toLowerCase()),
    ])();
    if (text.length > 200_000) text = text.slice(0, 200_000);
  }
  return text;
}
