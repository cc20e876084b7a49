import assert from 'node:assert/strict';
import { checkTopicName, levelsMatch, parseTopicFilter } from '../../../src/mqtt/topic';

describe('topic names', () => {
  for (const topic of ['a', 'a/b', '/a', 'a/', '/', '$SYS/x', 'ä/ö', 'a b', 'x'.repeat(65_535)]) {
    it(`accepts ${topic.slice(0, 20)}`, () => assert.equal(checkTopicName(topic), topic));
  }
  const refused: [string, unknown][] = [
    ['nothing', undefined],
    ['an empty text', ''],
    ['a number', 7],
    ['an object', {}],
    ['+', 'a/+'],
    ['#', 'a/#'],
    ['NUL', 'a\0b'],
    ['a line end', 'a\n'],
    ['a tab', 'a\tb'],
    ['65,536 bytes', 'x'.repeat(65_536)],
    ['65,536 bytes of two-byte characters', 'ä'.repeat(32_768)],
  ];
  for (const [what, topic] of refused) {
    it(`refuses ${what}`, () => assert.throws(() => checkTopicName(topic), { code: 'INPUT_TOPIC' }));
  }
});

describe('topic filters', () => {
  for (const filter of ['#', '+', 'a/#', '+/a/+', 'a//b', '/', '$share/group/a/+', '$SYS/#', '$sharex/a']) {
    it(`accepts ${filter}`, () => assert.equal(parseTopicFilter(filter).text, filter));
  }
  it('takes the share off', () => {
    assert.deepEqual(parseTopicFilter('$share/group/a/+'), {
      text: '$share/group/a/+',
      share: 'group',
      levels: ['a', '+'],
    });
  });
  for (const filter of [
    '',
    'a#',
    'a/#/b',
    'a+',
    '+a/b',
    '##',
    '$share/',
    '$share/g',
    '$share/g/',
    '$share//a',
    '$share/+/a',
    null,
  ]) {
    it(`refuses ${JSON.stringify(filter)}`, () =>
      assert.throws(() => parseTopicFilter(filter), { code: 'INPUT_TOPIC' }));
  }
});

describe('matching (MQTT 3.1.1 §4.7)', () => {
  const cases: [string, string, boolean][] = [
    ['#', 'a', true],
    ['#', 'a/b', true],
    ['#', '$SYS/a', false],
    ['+/a', '$SYS/a', false],
    ['$SYS/#', '$SYS/a', true],
    ['$SYS/+', '$SYS/a', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/', true],
    ['a/+', 'a', false],
    ['a/+', 'a/b/c', false],
    ['+', '/a', false],
    ['+/+', '/a', true],
    ['/+', '/a', true],
    ['a/b', 'a/b', true],
    ['a/b', 'A/b', false],
    ['a.c/d', 'abc/d', false],
  ];
  for (const [filter, topic, expected] of cases) {
    it(`${filter} ${expected ? 'matches' : 'does not match'} ${topic}`, () =>
      assert.equal(levelsMatch(filter.split('/'), topic.split('/')), expected));
  }
});
