import assert from 'node:assert/strict';
import type { AuthorityEvent, AuthorityEventName } from '../../../src/ca/authority-event';
import { AUTHORITY_EVENTS } from '../../../src/model/authority-event-name';
import { forgetHistory, newMemory, readMemory, standing, takeNews } from '../../../src/node-red/watch-memory';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2030, 0, 1);
const MARK = { count: 0, last: '', revoked: {}, crlNumber: '1' };

function event(name: AuthorityEventName, days: number, serialNumber = 'AA'): AuthorityEvent {
  const notAfter = new Date(NOW + days * DAY_MS).toISOString();
  return { event: name, serialNumber, commonName: 'a', ca: 'CA', notAfter, daysRemaining: days };
}

const wanted = (...names: AuthorityEventName[]) => new Set(names);
const ALL = wanted(...AUTHORITY_EVENTS);
const news = (memory: ReturnType<typeof newMemory>, ...events: AuthorityEvent[]) =>
  takeNews(memory, events).map(({ event: name }) => name);

describe('what stands', () => {
  const cases: [reached: AuthorityEvent, wanted: Set<AuthorityEventName>, told: AuthorityEventName[]][] = [
    [event('due', 9), ALL, ['due']],
    [event('expired', -9), ALL, ['expired']],
    [event('expired', -9), wanted('due', 'expiring'), ['expiring']],
    [event('expired', -9), wanted('due'), ['due']],
    [event('due', 9), wanted('expiring', 'expired'), []],
    [event('expired', -366), ALL, ['expired']],
    [event('expired', -367), ALL, []],
    [event('ca-expiring', 300), ALL, ['ca-expiring']],
    [event('ca-expiring', 300), wanted('due'), []],
    [event('crl-overdue', 5), wanted('crl-overdue'), ['crl-overdue']],
  ];
  for (const [reached, names, told] of cases) {
    it(`of ${reached.event} at ${reached.daysRemaining} days for ${[...names].join()} is ${told.join() || 'nothing'}`, () => {
      assert.deepEqual(
        standing([reached], names, NOW).map(({ event: name }) => name),
        told,
      );
    });
  }
});

describe('what is news', () => {
  it('is each stage once, and no earlier one after a later one', () => {
    const memory = newMemory('X', MARK);
    assert.deepEqual(news(memory, event('due', 9), event('due', 9, 'BB')), ['due', 'due']);
    assert.deepEqual(news(memory, event('due', 8), event('expiring', 8, 'BB')), ['expiring']);
    assert.deepEqual(news(memory, event('due', 8, 'BB')), []);
    assert.deepEqual(news(memory, event('expired', -1)), ['expired']);
  });

  it('is each overdue CRL, and once that the CA ends', () => {
    const memory = newMemory('X', MARK);
    assert.deepEqual(news(memory, event('crl-overdue', 5), event('ca-expiring', 300)), ['crl-overdue', 'ca-expiring']);
    assert.deepEqual(news(memory, event('crl-overdue', 5), event('ca-expiring', 299)), []);
    assert.deepEqual(news(memory, event('crl-overdue', 35)), ['crl-overdue']);
  });

  it('is forgotten when it is history, which is not told again', () => {
    const memory = newMemory('X', MARK);
    takeNews(memory, [event('expired', -366, 'OLD'), event('expired', -1, 'NEW')]);
    forgetHistory(memory, NOW + DAY_MS);
    assert.deepEqual(Object.keys(memory.stages), ['NEW']);
    assert.deepEqual(standing([event('expired', -366, 'OLD')], ALL, NOW + DAY_MS), []);
  });
});

describe('a stored memory', () => {
  const memory = newMemory('X', MARK);
  const cases: [what: string, stored: unknown, taken: boolean][] = [
    ['as it was written', memory, true],
    ['of another CA', { ...memory, ca: 'Y' }, false],
    ['that is nothing', undefined, false],
    ['that is a text', 'X', false],
    ['without a mark', { ...memory, mark: undefined }, false],
    ['with a mark that is none', { ...memory, mark: { ...MARK, revoked: 7 } }, false],
    ['with a count that is none', { ...memory, mark: { ...MARK, count: '7' } }, false],
    ['with stages that are none', { ...memory, stages: { AA: 'due' } }, false],
  ];
  for (const [what, stored, taken] of cases) {
    it(`${what} is ${taken ? '' : 'not '}taken`, () => {
      assert.equal(readMemory(JSON.parse(JSON.stringify(stored ?? null)), 'X') !== undefined, taken);
    });
  }
});
