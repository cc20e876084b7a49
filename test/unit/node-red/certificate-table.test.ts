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
