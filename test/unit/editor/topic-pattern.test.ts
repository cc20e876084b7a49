import assert from 'node:assert/strict';
import { isTopicFilter, isTopicName } from '../../../src/editor/topic-pattern';
import { isCodedError } from '../../../src/model/errors';
import { checkTopicName, parseTopicFilter } from '../../../src/mqtt/topic';

/** What the dialog says must be what the runtime does. */
function accepted(judge: (text: string) => unknown, text: string): boolean {
  try {
    judge(text);
    return true;
  } catch (error) {
    if (isCodedError(error)) return false;
    throw error;
  }
}

describe('topics in the dialog', () => {
  const texts = [
    '',
    'a',
    'a/b',
    '/a',
    'a/',
    '/',
    '//',
    '+',
    '#',
    'a/+',
    'a/+/b',
    '+/a',
    'a/#',
    '/#',
    '+/#',
    'a#',
    'a/#/b',
    'a+',
    'a/b+/c',
    '#/a',
    ' a b ',
    'ä/ö',
    'a\nb',
    'a\u0000',
    '$SYS/#',
    '$share/x/a',
    '$share/x/a/#',
    '$share/x/#',
    '$share/x/',
    '$share/x',
    '$share//a',
    '$share/+/a',
    '$share/x/a#',
    '$shared/x',
  ];
  for (const text of texts) {
    it(`judges ${JSON.stringify(text)} as the runtime does`, () => {
      assert.equal(isTopicFilter(text), accepted(parseTopicFilter, text), 'as a filter');
      assert.equal(isTopicName(text), accepted(checkTopicName, text), 'as a name');
    });
  }
});
