import assert from 'node:assert/strict';
import { codedError, type ErrorCode } from '../../../src/model/errors';
import { FailureNews } from '../../../src/mqtt/failure-news';

describe('FailureNews', () => {
  const failure = (code: ErrorCode, message = 'x') => codedError(code, message);

  it('tells a reason once, and another one again', () => {
    const news = new FailureNews();
    news.begin(0);
    assert.equal(news.isNews(failure('CERT_EXPIRED'), 0), true);
    assert.equal(news.isNews(failure('CERT_EXPIRED'), 60_000), false);
    assert.equal(news.isNews(failure('CERT_EXPIRED', 'y'), 60_000), true);
    assert.equal(news.isNews(failure('NET_DNS'), 60_000), true);
    news.forget();
    assert.equal(news.isNews(failure('NET_DNS'), 60_000), true, 'after it worked');
  });

  for (const [after, expected] of [
    [2_999, false],
    [3_000, true],
  ] as const) {
    it(`a port where nobody listens is ${expected ? 'news' : 'none'} ${after} ms after the start`, () => {
      const news = new FailureNews();
      news.begin(1_000);
      assert.equal(news.isNews(failure('NET_REFUSED'), 1_000 + after), expected);
    });
  }
});
