import assert from 'node:assert/strict';
import type { AuthorityChanges, AuthorityMark } from '../../../src/ca/authority-changes';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess } from '../../support/test-authority';

async function testAuthority() {
  const disk = new MemoryDisk();
  const clock = new MemoryClock();
  const open = () => acquireAuthority(authorityOptions({ fs: disk, clock, processes: nextProcess() }));
  return { open, clock, ...(await open()) };
}

const told = ({ events }: AuthorityChanges) => events.map(({ event, commonName }) => `${event} ${commonName}`);
/** A mark as it comes back from a state file. */
const stored = (mark: AuthorityMark) => JSON.parse(JSON.stringify(mark)) as AuthorityMark;
const issue = (authority: CertificateAuthority, ...names: string[]) =>
  authority.issue(names.map((n) => deviceRequest(n)));

describe('what happened in a CA since somebody asked', () => {
  it('is nothing the first time', async () => {
    const { authority, release } = await testAuthority();
    await issue(authority, 'a', 'b');
    await authority.revoke({ by: 'name', value: 'a' });
    const changes = authority.changesSince();
    assert.deepEqual(changes.events, []);
    assert.equal(changes.mark.count, 2);
    assert.deepEqual(authority.changesSince(changes.mark).events, []);
    await release();
  });

  it('is what was issued and revoked, also over a restart', async () => {
    const { authority, release, open, clock } = await testAuthority();
    const { mark: empty } = authority.changesSince();
    await issue(authority, 'a', 'b');
    const first = authority.changesSince(stored(empty));
    assert.deepEqual(told(first), ['issued a', 'issued b']);
    await issue(authority, 'c');
    await authority.revoke({ by: 'name', value: 'a' });
    await release();
    clock.jumpTo(clock.now() + 86_400_000);
    const again = await open();
    const second = again.authority.changesSince(stored(first.mark));
    assert.deepEqual(told(second), ['issued c', 'revoked a', 'crl-refreshed Test CA']);
    assert.equal(second.events[0]?.daysRemaining, 1824);
    assert.deepEqual(again.authority.changesSince(stored(second.mark)).events, []);
    await again.release();
  });

  it('is a hold that became final, but not one that was taken back', async () => {
    const { authority, release, clock } = await testAuthority();
    await issue(authority, 'a', 'b');
    for (const value of ['a', 'b']) await authority.revoke({ by: 'name', value }, { reason: 'certificateHold' });
    const { mark } = authority.changesSince();
    await clock.advance(5000);
    await authority.revoke({ by: 'name', value: 'a' }, { reason: 'removeFromCRL' });
    await authority.revoke({ by: 'name', value: 'b' }, { reason: 'keyCompromise' });
    const changes = authority.changesSince(mark);
    assert.deepEqual(told(changes), ['revoked b', 'crl-refreshed Test CA']);
    await authority.revoke({ by: 'name', value: 'a' }, { reason: 'superseded' });
    assert.deepEqual(told(authority.changesSince(changes.mark)), ['revoked a', 'crl-refreshed Test CA']);
    await release();
  });

  it('starts anew when the mark is of another folder', async () => {
    const { authority, release } = await testAuthority();
    const [a] = await issue(authority, 'a', 'b');
    const { mark } = authority.changesSince();
    for (const foreign of [
      { ...mark, last: a!.serialNumber },
      { ...mark, count: 9 },
      { ...mark, count: -1 },
    ]) {
      const changes = authority.changesSince(foreign);
      assert.deepEqual(changes, { events: [], mark });
    }
    await release();
  });
});
