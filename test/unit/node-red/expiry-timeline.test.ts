import assert from 'node:assert/strict';
import { expiryTimeline, isInBar, TIMELINE_BARS } from '../../../src/node-red/expiry-timeline';
import { certificateRow } from '../../support/certificate-rows';

const NOW = Date.parse('2030-01-15T12:00:00Z');
const SECOND = 1 / 86_400;

describe('the time line of expiry', () => {
  const cases: { days: number; bar: string }[] = [
    { days: -400, bar: 'expired' },
    { days: -SECOND, bar: 'expired' },
    { days: 0, bar: 'expired' },
    { days: SECOND, bar: 'd0' },
    { days: 7 - SECOND, bar: 'd0' },
    { days: 7, bar: 'd7' },
    { days: 28 - SECOND, bar: 'd21' },
    { days: 28, bar: 'd28' },
    { days: 60, bar: 'd60' },
    { days: 364, bar: 'd270' },
    { days: 365, bar: 'd365' },
    { days: 730, bar: 'd730' },
    { days: 36_500, bar: 'd730' },
  ];
  for (const { days, bar } of cases) {
    it(`puts what ends in ${days} days into ${bar}`, () => {
      const row = certificateRow(NOW, days);
      assert.deepEqual(
        expiryTimeline([row], NOW).flatMap(({ bar: name, count }) => (count > 0 ? [name] : [])),
        [bar],
      );
      assert.deepEqual(
        TIMELINE_BARS.filter((name) => isInBar(row, name, NOW)),
        [bar],
      );
    });
  }

  it('leaves out what is revoked or replaced: nobody notices its end', () => {
    const rows = [
      certificateRow(NOW, 10, { status: 'revoked' }),
      certificateRow(NOW, 10, { status: 'expiring', replacedBy: 'CD34' }),
      certificateRow(NOW, -10, { replacedBy: 'CD34' }),
    ];
    assert.ok(expiryTimeline(rows, NOW).every(({ count }) => count === 0));
  });

  it('counts what is due apart, and says where each bar begins and ends', () => {
    const bars = expiryTimeline([certificateRow(NOW, 3), certificateRow(NOW, 4, { status: 'expiring' })], NOW);
    assert.deepEqual(bars[0], { bar: 'expired', count: 0, due: 0 });
    const [from, until] = ['2030-01-15T12:00:00.000Z', '2030-01-22T12:00:00.000Z'];
    assert.deepEqual(bars[1], { bar: 'd0', from, until, count: 2, due: 1 });
    assert.deepEqual(bars.at(-1), { bar: 'd730', from: '2032-01-15T12:00:00.000Z', count: 0, due: 0 });
    // No day is between two bars.
    for (const [index, bar] of bars.slice(1, -1).entries()) assert.equal(bar.until, bars[index + 2]?.from);
  });
});
