import assert from 'node:assert/strict';
import { acquireAuthority, type AuthorityLease } from '../../../src/ca/authority-registry';
import { issuedServers } from '../../../src/node-red/issued-servers';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess, serverRequest } from '../../support/test-authority';

describe('whether a CA has issued a certificate for a host', () => {
  let lease: AuthorityLease;

  before(async () => {
    const clock = new MemoryClock();
    const fs = new FailingFileSystem(new MemoryDisk());
    lease = await acquireAuthority(authorityOptions({ fs, clock, processes: nextProcess() }));
    const { authority } = lease;
    await authority.issue([serverRequest(['dns:broker.local', 'ip:192.168.0.147', 'ip:2001:db8::1'])]);
    await authority.issue([serverRequest(['dns:*.site.example'], { profile: 'server-client' })]);
    await authority.issue([deviceRequest('dev01.local')]);
    await authority.issue([serverRequest(['dns:gone.local'])]);
    await authority.revoke({ by: 'name', value: 'gone.local' });
    await clock.advance(86_400_000);
    await authority.issue([serverRequest(['dns:broker.local'])]);
  });

  after(() => lease.release());

  const rows: { host: string; found: boolean }[] = [
    { host: 'broker.local', found: true },
    { host: 'BROKER.local.', found: true },
    { host: '192.168.0.147', found: true },
    { host: '2001:DB8:0::1', found: true },
    { host: 'a.site.example', found: true },
    { host: 'site.example', found: false },
    { host: '192.168.0.148', found: false },
    // Not for servers, or revoked.
    { host: 'dev01.local', found: false },
    { host: 'gone.local', found: false },
    { host: '', found: false },
  ];
  for (const { host, found } of rows) {
    it(`${JSON.stringify(host)}: ${found ? 'yes' : 'no'}`, async () => {
      assert.equal((await issuedServers(lease.authority, host)).match !== null, found);
    });
  }

  it('names the newest, and the other names from it on, each once', async () => {
    const { match, names } = await issuedServers(lease.authority, 'broker.local');
    const newest = lease.authority.list({ profile: 'server', status: 'valid' }).items.at(-1);
    assert.equal(match?.serialNumber, newest?.serialNumber);
    assert.equal(names[0], 'broker.local');
    assert.deepEqual([...names].sort(), ['*.site.example', '192.168.0.147', '2001:db8::1', 'broker.local']);
  });
});
