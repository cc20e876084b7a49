import assert from 'node:assert/strict';
import { mayBeJson } from '../../../src/mqtt/json-text';
import { SeededRandom } from '../../support/seeded-random';

/** What `JSON.parse` says of it. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('mayBeJson', () => {
  const JSON_TEXTS = [
    ...['{}', '[]', '""', '{"a":1}', '[1,2]', '"text"', '"\\""', ' {"a":1}\r\n', '\t[1]\n', ' "x" '],
    ...['true', 'false', 'null', ' true\n', '0', '-0', '7', '-1', '21.5', '1e3', '1E+3', '-2.5e-10', ' 12 '],
    ...['123456789012345678901234567890', '{"deep":{"er":[{}]}}', '"}"', '"é€𝄞"'],
  ];
  for (const text of JSON_TEXTS) {
    it(`lets ${JSON.stringify(text)} be parsed`, () => {
      assert.ok(isJson(text));
      assert.ok(mayBeJson(text));
    });
  }

  const TEXTS = [
    ...[
      '',
      ' ',
      'open',
      'true story',
      'nullable',
      'TRUE',
      '21.5 °C',
      '2026-11-22',
      '2026-11-22T03:15:00Z',
      '1,5',
      '+1',
    ],
    ...['.5', '1.', '1e', '--1', '0x1F', '12:30', '{"a":1', '[1,2', '"text', '{', '[', 'x'.repeat(10_000), "'a'"],
    ...['<a/>', 'NaN', 'Infinity', '-', 'undefined', '1 2', 'OFFLINE'],
  ];
  for (const text of TEXTS) {
    it(`knows ${JSON.stringify(text.slice(0, 40))} for no JSON without parsing`, () => {
      assert.ok(!isJson(text));
      assert.ok(!mayBeJson(text));
    });
  }

  it('never says no to what JSON.parse takes', () => {
    const random = new SeededRandom(7);
    const pieces = [...'{}[]",:.-+eE0123456789 \t\n\r', 'true', 'false', 'null', '"a"', '\u00a0', '\ufeff', 'x'];
    let json = 0;
    for (let round = 0; round < 200_000; round += 1) {
      let text = '';
      for (let length = 1 + random.below(5); length > 0; length -= 1) text += pieces[random.below(pieces.length)];
      if (!isJson(text)) continue;
      json += 1;
      assert.ok(mayBeJson(text), JSON.stringify(text));
    }
    assert.ok(json > 5_000, `only ${json} texts were JSON`);
  });
});
