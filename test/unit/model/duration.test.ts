import assert from 'node:assert/strict';
import { DAY_MS, daysRemaining, dueAt, lifetimeUsed, parseThreshold, renewAt } from '../../../src/model/duration';
import { refuses } from '../../support/coded-error';

const start = new Date('2030-01-01T00:00:00Z');
const after = (days: number) => new Date(start.getTime() + days * DAY_MS);

describe('threshold', () => {
  const accepted: [text: string, expected: object][] = [
    ['33%', { kind: 'percent', percent: 33 }],
    [' 0.5 % ', { kind: 'percent', percent: 0.5 }],
    ['30d', { kind: 'days', days: 30 }],
    ['1 day', { kind: 'days', days: 1 }],
    ['36500 days', { kind: 'days', days: 36500 }],
  ];
  for (const [text, expected] of accepted) {
    it(`reads ${text}`, () => assert.deepEqual(parseThreshold(text), expected));
  }

  for (const text of ['', '33', '%', 'd', '0%', '100%', '-1d', '0d', '36501d', '30 h', '1e3d', 'x'.repeat(1e6), 30]) {
    it(`refuses ${String(text).slice(0, 20)}`, () => {
      refuses(() => parseThreshold(text as string), 'INPUT_VALIDITY');
    });
  }

  it('is due when the remaining lifetime reaches it', () => {
    assert.deepEqual(dueAt(parseThreshold('25%'), start, after(100)), after(75));
    assert.deepEqual(dueAt(parseThreshold('30d'), start, after(100)), after(70));
    assert.deepEqual(dueAt(parseThreshold('30d'), start, after(20)), after(-10));
  });

  it('never renews before half of the lifetime, or a short certificate would be renewed for ever', () => {
    assert.deepEqual(renewAt(parseThreshold('30d'), +start, +after(100)), +after(70));
    assert.deepEqual(renewAt(parseThreshold('30d'), +start, +after(20)), +after(10));
    assert.deepEqual(renewAt(parseThreshold('90%'), +start, +after(100)), +after(10));
  });
});

describe('days remaining', () => {
  const end = after(10);
  const table: [offsetMs: number, days: number][] = [
    [-DAY_MS - 1000, 1],
    [-DAY_MS, 1],
    [-DAY_MS + 1000, 0],
    [-1000, 0],
    [0, 0],
    [1000, -1],
    [DAY_MS, -1],
    [DAY_MS + 1000, -2],
  ];
  for (const [offsetMs, days] of table) {
    it(`${offsetMs / 1000} s from the end is ${days}`, () => {
      assert.equal(daysRemaining(end, end.getTime() + offsetMs), days);
    });
  }

  it('tells the share of the lifetime, never outside 0 to 1', () => {
    assert.equal(lifetimeUsed(start, after(10), after(5).getTime()), 0.5);
    assert.equal(lifetimeUsed(start, after(10), after(-5).getTime()), 0);
    assert.equal(lifetimeUsed(start, after(10), after(50).getTime()), 1);
    assert.equal(lifetimeUsed(start, start, start.getTime()), 1);
  });
});
