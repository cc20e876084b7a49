import assert from 'node:assert/strict';
import type { ServerEvent } from '../../../src/mqtt/server-event';
import { MOST_KINDS, ServerNews, TOGETHER_MS } from '../../../src/mqtt/server-news';
import { MemoryClock } from '../../support/memory-clock';

const refused = (address: string): ServerEvent => ({
  event: 'refused',
  code: 'TLS_NOT_TLS',
  message: 'no TLS',
  address,
});

describe('ServerNews', () => {
  let clock: MemoryClock;
  let told: ServerEvent[];
  let news: ServerNews;

  beforeEach(() => {
    clock = new MemoryClock();
    told = [];
    news = new ServerNews(clock, (event) => told.push(event));
  });

  it('tells who comes and goes each time', async () => {
    for (const event of ['connected', 'disconnected', 'connected'] as const) news.add({ event, clientId: 'dev01' });
    assert.deepEqual(
      told.map(({ event }) => event),
      ['connected', 'disconnected', 'connected'],
    );
    assert.equal(clock.waiting, 0);
  });

  it('tells the first refusal at once, and those like it together with their number, as long as they come', async () => {
    for (let n = 0; n < 813; n += 1) news.add(refused('10.0.0.1'));
    assert.deepEqual(told, [refused('10.0.0.1')]);
    await clock.advance(TOGETHER_MS - 1);
    assert.equal(told.length, 1);
    await clock.advance(1);
    const { count, message, code, address } = told[1] as ServerEvent;
    assert.deepEqual([count, code, address], [812, 'TLS_NOT_TLS', '10.0.0.1']);
    assert.equal(message, 'no TLS (812 times in ten seconds)');
    for (let n = 0; n < 3; n += 1) news.add(refused('10.0.0.1'));
    assert.equal(told.length, 2, 'it goes on, so it waits for its turn');
    await clock.advance(TOGETHER_MS);
    assert.equal(told[2]?.count, 3);
    await clock.advance(TOGETHER_MS);
    assert.deepEqual([told.length, clock.waiting], [3, 0], 'nothing is told of nothing');
    news.add(refused('10.0.0.1'));
    assert.equal(told.length, 4, 'it is news again');
  });

  it('tells refusals apart by reason, address, client id and identity', () => {
    const one = refused('10.0.0.1');
    const others: ServerEvent[] = [
      { ...one, code: 'TLS_VERSION' },
      { ...one, address: '10.0.0.2' },
      { ...one, clientId: 'dev01' },
      { ...one, identity: 'dev01' },
    ];
    for (const event of [one, ...others, one]) news.add(event);
    assert.deepEqual(told, [one, ...others]);
  });

  it('counts all together where there are too many kinds, and loses none', async () => {
    const sent = 1000;
    for (let n = 0; n < sent; n += 1) news.add(refused(`10.0.${n >> 8}.${n & 255}`));
    assert.equal(told.length, MOST_KINDS);
    await clock.advance(TOGETHER_MS);
    assert.equal(told.length, MOST_KINDS + 1);
    const { event, count, address, message } = told.at(-1) as ServerEvent;
    assert.deepEqual([event, count, address], ['refused', sent - MOST_KINDS, undefined]);
    assert.equal(message, '950 more were refused in ten seconds, the last one: no TLS');
  });

  it('keeps no timer after it was closed', () => {
    news.add(refused('10.0.0.1'));
    news.close();
    news.add(refused('10.0.0.1'));
    assert.deepEqual([told.length, clock.waiting], [1, 0]);
  });
});
