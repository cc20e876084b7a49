import assert from 'node:assert/strict';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import { AUTHORITY_EVENTS, type AuthorityEventName } from '../../../src/ca/authority-event';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import type { Outlook } from '../../../src/ca/outlook';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess, serverRequest } from '../../support/test-authority';

const DAY_MS = 86_400_000;
/** Longer than the CA ever waits until it looks at the clock. */
const A_LOOK_MS = 11 * 60_000;
const ALL = new Set(AUTHORITY_EVENTS);

async function testAuthority() {
  const fs = new FailingFileSystem(new MemoryDisk());
  const clock = new MemoryClock();
  const lease = await acquireAuthority(authorityOptions({ fs, clock, processes: nextProcess() }));
  return { ...lease, fs, clock };
}

const names = ({ reached }: Outlook) => reached.map(({ event, commonName }) => `${event} ${commonName}`);

/** What comes next and in how many days. */
async function nextOf(authority: CertificateAuthority, clock: MemoryClock, wanted: AuthorityEventName[]) {
  const { next } = await authority.outlook(new Set(wanted));
  return next && `${next.event.event} ${next.event.commonName} ${Math.round((next.at - clock.now()) / DAY_MS)}`;
}

describe('the outlook of a CA', () => {
  it('is empty of a new one, but for its own end', async () => {
    const { authority, release, clock } = await testAuthority();
    assert.deepEqual((await authority.outlook(ALL)).reached, []);
    assert.equal(await nextOf(authority, clock, [...AUTHORITY_EVENTS]), 'ca-expiring Test CA 3285');
    assert.equal(await nextOf(authority, clock, ['due']), undefined);
    await release();
  });

  it('tells the last stage of each certificate, at the second it is reached', async () => {
    const { authority, release, clock } = await testAuthority();
    const [issued] = await authority.issue([deviceRequest('a', { validityDays: 99 }), deviceRequest('b')]);
    const { notBefore, notAfter } = issued!.certificate;
    const stages = [
      [0.33, 'due'],
      [0.1, 'expiring'],
      [0, 'expired'],
    ] as const;
    let last: string[] = [];
    for (const [share, stage] of stages) {
      const moment = notAfter.getTime() - share * (notAfter.getTime() - notBefore.getTime());
      clock.jumpTo(moment - 1000);
      assert.deepEqual(names(await authority.outlook(ALL)), last);
      clock.jumpTo(moment);
      last = [`${stage} a`];
      assert.deepEqual(names(await authority.outlook(ALL)), last);
    }
    await release();
  });

  it('names what comes next among what is asked for', async () => {
    const { authority, release, clock } = await testAuthority();
    await authority.issue([deviceRequest('far'), deviceRequest('near', { validityDays: 99 })]);
    assert.equal(await nextOf(authority, clock, [...AUTHORITY_EVENTS]), 'due near 66');
    assert.equal(await nextOf(authority, clock, ['expiring', 'expired']), 'expiring near 89');
    assert.equal(await nextOf(authority, clock, ['expired']), 'expired near 99');
    clock.jumpTo(clock.now() + 80 * DAY_MS);
    assert.equal(await nextOf(authority, clock, ['due']), 'due far 1142');
    assert.equal(await nextOf(authority, clock, ['issued', 'revoked']), undefined);
    await release();
  });

  it('leaves out what was revoked or replaced, also when the newer one has ended', async () => {
    const { authority, release, clock } = await testAuthority();
    const requests = ['revoked', 'renewed', 'renewed'].map((name) => deviceRequest(name, { validityDays: 10 }));
    await authority.issue([...requests, serverRequest(['dns:renewed'], { validityDays: 10 })]);
    await authority.revoke({ by: 'name', value: 'revoked' });
    clock.jumpTo(clock.now() + 5 * DAY_MS);
    const renewed = await authority.renew({ by: 'name', value: 'renewed' }, { validityDays: 30 });
    clock.jumpTo(clock.now() + 6 * DAY_MS);
    // The one that was renewed is a server certificate: the newest of its name.
    assert.equal(renewed.profile, 'server');
    assert.deepEqual(
      (await authority.outlook(ALL)).reached.map(({ event, commonName, notAfter }) => [event, commonName, notAfter]),
      [['expired', 'renewed', '2030-01-25T12:00:00.000Z']],
      'one of the two devices',
    );
    clock.jumpTo(clock.now() + 40 * DAY_MS);
    assert.deepEqual(names(await authority.outlook(ALL)), ['expired renewed', 'expired renewed']);
    await release();
  });

  it('has the end of the CA a year ahead', async () => {
    const { authority, release, clock } = await testAuthority();
    clock.jumpTo(authority.certificate.notAfter.getTime() - 365 * DAY_MS);
    assert.deepEqual(names(await authority.outlook(ALL)), ['ca-expiring Test CA']);
    await release();
  });

  it('has an overdue CRL as long as the disk refuses a new one, a week before clients are refused', async () => {
    const { authority, release, clock, fs } = await testAuthority();
    const { nextUpdate } = await authority.crl();
    fs.failAt(1, { kind: 'always', errno: 'ENOSPC' });
    clock.jumpTo(nextUpdate.getTime() - 8 * DAY_MS);
    await clock.advance(A_LOOK_MS);
    assert.deepEqual((await authority.outlook(ALL)).reached, []);
    clock.jumpTo(nextUpdate.getTime() - 7 * DAY_MS);
    await clock.advance(A_LOOK_MS);
    const [overdue] = (await authority.outlook(ALL)).reached;
    assert.equal(overdue?.event, 'crl-overdue');
    assert.equal(overdue.notAfter, nextUpdate.toISOString());
    assert.equal(overdue.daysRemaining, 6);
    fs.heal();
    await clock.advance(A_LOOK_MS);
    assert.deepEqual((await authority.outlook(ALL)).reached, []);
    await release();
  });

  it('leaves turns to others while it looks at many', async () => {
    const { authority, release } = await testAuthority();
    await authority.issue(Array.from({ length: 2100 }, (_, index) => deviceRequest(`dev${index}`)));
    let turns = 0;
    let looking = true;
    const count = (): void => {
      turns += 1;
      if (looking) setImmediate(count);
    };
    setImmediate(count);
    await authority.outlook(ALL);
    looking = false;
    assert.ok(turns >= 1, String(turns));
    const started = turns;
    looking = true;
    setImmediate(count);
    const { total } = await authority.listInTurns({ limit: 1 });
    looking = false;
    assert.equal(total, 2100);
    assert.ok(turns - started >= 4, String(turns - started));
    await release();
  });
});
