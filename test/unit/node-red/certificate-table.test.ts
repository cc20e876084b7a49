import assert from 'node:assert/strict';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import { readCertificateQuery } from '../../../src/node-red/certificate-query';
import { CertificateTable } from '../../../src/node-red/certificate-table';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, serverRequest } from '../../support/test-authority';

const query = (given: Record<string, string>) => readCertificateQuery({ limit: '100', sort: 'name', ...given });

describe('the table of all certificates', () => {
  const clock = new MemoryClock();
  const authorities = new Map<string, CertificateAuthority>();
  /** How often the CAs were looked at. */
  let looks = 0;
  const table = new CertificateTable(() => {
    looks += 1;
    return Promise.resolve(authorities);
  }, clock);
  const namesOf = async (given: Record<string, string>) =>
    (await table.page(query(given))).rows.map(({ ca, commonName }) => `${ca} ${commonName}`);

  before(async () => {
    for (const id of ['one', 'two']) {
      const options = { fs: new MemoryDisk(), clock, nodeId: id };
      authorities.set(id, (await acquireAuthority(authorityOptions(options))).authority);
    }
    const [one, two] = authorities.values();
    await one?.issue([deviceRequest('b'), deviceRequest('a'), serverRequest(['dns:a'])]);
    await two?.issue([deviceRequest('c')]);
  });

  it('joins all CAs, in order and in pages', async () => {
    assert.deepEqual(await namesOf({}), ['one a', 'one a', 'one b', 'two c']);
    const { total, all, rows } = await table.page(query({ text: 'a', limit: '1', offset: '1' }));
    assert.deepEqual([total, all, rows.length, rows[0]?.profile], [2, 4, 1, 'server']);
  });

  it('looks once for all pages and orders, until something changes', async () => {
    table.forget();
    looks = 0;
    await Promise.all(['0', '1', '2'].map((offset) => table.page(query({ offset, limit: '1' }))));
    for (const sort of ['name', 'notAfter', 'profile', 'serial', 'notBefore', 'name'])
      await table.page(query({ sort }));
    await table.timeline(query({}));
    assert.equal(looks, 1);
    table.forget();
    await table.page(query({}));
    assert.equal(looks, 2);
  });

  it('gives the memory back when nobody has asked for a minute', async () => {
    table.forget();
    looks = 0;
    await table.page(query({}));
    await clock.advance(59_000);
    await table.page(query({}));
    await clock.advance(59_000);
    await table.page(query({}));
    assert.equal(looks, 1);
    await clock.advance(60_000);
    await table.page(query({}));
    assert.equal(looks, 2);
  });

  it('marks what a newer certificate of the same name and profile replaces, and nothing else', async () => {
    const one = authorities.get('one') as CertificateAuthority;
    const [first] = await one.issue([deviceRequest('renewed')]);
    const second = await one.renew({ by: 'name', value: 'renewed' });
    const third = await one.renew({ by: 'name', value: 'renewed' });
    const replaced = async () => {
      table.forget();
      const rows = await table.rows();
      return rows.flatMap(({ serialNumber, replacedBy }) => (replacedBy ? [[serialNumber, replacedBy]] : []));
    };
    assert.deepEqual(await replaced(), [
      [first?.serialNumber, third.serialNumber],
      [second.serialNumber, third.serialNumber],
    ]);
    await one.revoke({ by: 'serial', value: third.serialNumber }, { reason: 'keyCompromise' });
    assert.deepEqual(await replaced(), [[first?.serialNumber, second.serialNumber]]);
  });

  it('lists a device that stays offline past its renewal date, and what was renewed after all that matters', async () => {
    const one = authorities.get('one') as CertificateAuthority;
    await one.issue([deviceRequest('offline', { validityDays: 90 }), deviceRequest('online', { validityDays: 90 })]);
    await one.issue([deviceRequest('later', { validityDays: 400 })]);
    const told: string[] = [];
    for (const event of ['due', 'expiring', 'expired'] as const)
      one.on(event, ({ commonName }) => told.push(`${commonName} ${event}`));
    const looked = async (given: Record<string, string> = {}) => {
      table.forget();
      const { rows } = await table.page(query({ ca: 'one', text: 'l', sort: 'notAfter', ...given }));
      return rows.map(({ commonName, status, replacedBy }) => `${commonName} ${replacedBy ? 'replaced' : status}`);
    };
    const daysLater = async (days: number) => {
      clock.jumpTo(clock.now() + days * 86_400_000);
      // A CA looks at the clock at least every ten minutes.
      await clock.advance(600_000);
    };
    await daysLater(75);
    await one.renew({ by: 'name', value: 'online' });
    assert.deepEqual(await looked(), ['offline expiring', 'later valid', 'online valid', 'online replaced']);
    assert.deepEqual(
      one.list({ status: 'expiring', replaced: false }).items.map(({ commonName }) => commonName),
      ['offline'],
    );
    await daysLater(10);
    await daysLater(6);
    assert.deepEqual(await looked(), ['offline expired', 'later valid', 'online valid', 'online replaced']);
    assert.deepEqual(await looked({ order: 'down' }), [
      'online valid',
      'later valid',
      'offline expired',
      'online replaced',
    ]);
    assert.deepEqual(await looked({ status: 'expired' }), ['offline expired', 'online replaced']);
    assert.equal((await table.timeline(query({ ca: 'one', text: 'l' })))[0]?.count, 1, 'in the bar of what is over');
    assert.deepEqual(
      one.list({ status: 'expired', replaced: false }).items.map(({ commonName }) => commonName),
      ['offline'],
    );
    assert.deepEqual(
      told.filter((one) => one.startsWith('offline')),
      ['offline due', 'offline expiring', 'offline expired'],
    );
    assert.ok(!told.includes('online expired'));
  });

  it('a CA that fails while it is listed is an error, and is asked again', async () => {
    let fails = true;
    const failing = new CertificateTable(
      () => (fails ? Promise.reject(new Error('busy')) : Promise.resolve(authorities)),
      clock,
    );
    await assert.rejects(() => failing.page(query({})), /busy/);
    fails = false;
    assert.equal((await failing.page(query({ ca: 'two' }))).total, 1);
  });
});
