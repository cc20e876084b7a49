import assert from 'node:assert/strict';
import { codedError, type ErrorCode } from '../../../src/model/errors';
import { FailureNews } from '../../../src/mqtt/failure-news';

describe('FailureNews', () => {
  const failure = (code: ErrorCode, message = 'x') => codedError(code, message);

  it('tells a reason once, and another one again', () => {
    const news = new FailureNews();
    assert.equal(news.isNews(failure('CERT_EXPIRED')), true);
    assert.equal(news.isNews(failure('CERT_EXPIRED')), false);
    assert.equal(news.isNews(failure('CERT_EXPIRED', 'y')), true);
    assert.equal(news.isNews(failure('NET_DNS')), true);
    news.forget();
    assert.equal(news.isNews(failure('NET_DNS')), true, 'after it worked');
  });
});
