import assert from 'node:assert/strict';
import { MOST_FAILURES_OF_ONE, ServerFailures } from '../../../src/mqtt/server-failures';

describe('ServerFailures', () => {
  it('has no room for an address that fails too often, until the second is over; others have', () => {
    let now = 10_000;
    const failures = new ServerFailures(() => now);
    for (let n = 1; n <= MOST_FAILURES_OF_ONE; n += 1) {
      assert.equal(failures.hasRoom('10.0.0.1'), true);
      failures.note('10.0.0.1');
    }
    assert.equal(failures.hasRoom('10.0.0.1'), false);
    assert.equal(failures.hasRoom('10.0.0.2'), true);
    now = 10_999;
    assert.equal(failures.hasRoom('10.0.0.1'), false);
    now = 11_000;
    assert.equal(failures.hasRoom('10.0.0.1'), true);
  });
});
