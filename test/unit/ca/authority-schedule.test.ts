import assert from 'node:assert/strict';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import { AUTHORITY_EVENTS, type AuthorityEvent } from '../../../src/ca/authority-event';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import type { TlsCaConfig } from '../../../src/model/config/tls-ca';
import { readRevocationList } from '../../../src/pki/revocation-list';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess } from '../../support/test-authority';

const DAY_MS = 86_400_000;
/** Longer than the CA ever waits until it looks at the clock. */
const A_LOOK_MS = 11 * 60_000;

async function watched(config: Partial<TlsCaConfig> = {}) {
  const fs = new FailingFileSystem(new MemoryDisk());
  const clock = new MemoryClock();
  const options = authorityOptions({ fs, clock, processes: nextProcess(), config });
  const events: AuthorityEvent[] = [];
  const listen = (authority: CertificateAuthority) => {
    for (const name of AUTHORITY_EVENTS) authority.on(name, (event) => events.push(event));
  };
  const open = async () => {
    const lease = await acquireAuthority(options);
    listen(lease.authority);
    return lease;
  };
  /**
   * Let the CA look at the clock and compare what it tells; of the CA itself or of one certificate. Waits for as many
   * events as are expected, because a signature takes its time in the thread pool.
   */
  const tells = async (expected: readonly string[], about?: string) => {
    const heard = () =>
      events.filter(({ commonName }) => about === undefined || commonName === about).map((event) => event.event);
    await clock.advance(A_LOOK_MS);
    // The next look waits for the one that still signs, so time must go on.
    while (heard().length < expected.length) await clock.advance(1000);
    await clock.advance(0);
    assert.deepEqual(heard(), expected);
    events.splice(0);
  };
  return { fs, clock, open, tells, events, ...(await open()) };
}

describe('the CRL of a CA', () => {
  it('is there from the first day, empty and with number 1', async () => {
    const { authority, release, clock } = await watched();
    const { pem, der, number, nextUpdate } = await authority.crl();
    assert.equal(number, '1');
    assert.equal(nextUpdate.getTime(), clock.now() + 30 * DAY_MS);
    const list = readRevocationList(pem);
    assert.ok(list.isSignedBy(authority.certificate));
    assert.deepEqual(list.der, der);
    assert.equal(list.size, 0);
    await release();
  });

  it('is refreshed at half of its life, not before', async () => {
    const { authority, release, clock, tells } = await watched();
    const start = clock.now();
    // Dated back an hour, so half of its life is half an hour early.
    clock.jumpTo(start + 15 * DAY_MS - A_LOOK_MS - 45 * 60_000);
    await tells([]);
    clock.jumpTo(start + 15 * DAY_MS);
    await tells(['crl-refreshed']);
    assert.equal((await authority.crl()).number, '2');
    await tells([]);
    await release();
  });

  it('is overdue, once, when the machine slept too long, and then new', async () => {
    const { release, clock, tells } = await watched();
    clock.jumpTo(clock.now() + 30 * DAY_MS);
    await tells(['crl-overdue', 'crl-refreshed']);
    await tells([]);
    await release();
  });

  it('is overdue, once, when the disk refuses the new one, and is made when it allows it', async () => {
    const { release, clock, tells, fs } = await watched();
    fs.failAt(1, { kind: 'always', errno: 'ENOSPC' });
    clock.jumpTo(clock.now() + 16 * DAY_MS);
    await tells([]);
    clock.jumpTo(clock.now() + 16 * DAY_MS);
    await tells(['crl-overdue']);
    await tells([]);
    fs.heal();
    await tells(['crl-refreshed']);
    await release();
  });

  it('keeps its number over restarts and clock jumps', async () => {
    const { release, clock, open } = await watched();
    await release();
    let lastLive = 1;
    let lastOfAll = 1;
    for (const jump of [16 * DAY_MS, -40 * DAY_MS, 0, 3 * DAY_MS]) {
      clock.jumpTo(clock.now() + jump);
      const lease = await open();
      const { number, nextUpdate, pem } = await lease.authority.crl();
      const { thisUpdate } = readRevocationList(pem);
      assert.ok(thisUpdate.getTime() <= clock.now() && clock.now() < nextUpdate.getTime());
      assert.ok(Number(number) === lastLive || Number(number) > lastOfAll, `${number} after ${lastOfAll}`);
      lastLive = Number(number);
      const next = Number((await lease.authority.staticCrl()).number);
      assert.ok(next > lastOfAll && next > lastLive, `${next} after ${lastOfAll}`);
      lastOfAll = next;
      await lease.release();
    }
  });

  it('for brokers that nobody reloads is good until the CA ends', async () => {
    const { authority, release } = await watched();
    const live = await authority.crl();
    const { nextUpdate, number } = await authority.staticCrl();
    assert.deepEqual(nextUpdate, authority.certificate.notAfter);
    assert.equal(number, '2');
    assert.equal((await authority.crl()).pem, live.pem);
    await release();
  });
});

describe('the end of a certificate', () => {
  it('is told in three stages, each once', async () => {
    const { authority, release, clock, tells, events } = await watched();
    const [issued] = await authority.issue([deviceRequest('a', { validityDays: 99 })]);
    const { notBefore, notAfter } = issued!.certificate;
    const lifetime = notAfter.getTime() - notBefore.getTime();
    events.splice(0);
    const stages = [
      [0.33, 'due'],
      [0.1, 'expiring'],
      [0, 'expired'],
    ] as const;
    for (const [share, event] of stages) {
      const moment = notAfter.getTime() - share * lifetime;
      clock.jumpTo(moment - 2 * A_LOOK_MS);
      await tells([], 'a');
      clock.jumpTo(moment);
      await tells([event], 'a');
    }
    await tells([]);
    await release();
  });

  it('carries what a message needs', async () => {
    const { authority, release, clock, events } = await watched();
    const [issued] = await authority.issue([deviceRequest('a', { validityDays: 10 })]);
    const { notAfter } = issued!.certificate;
    clock.jumpTo(notAfter.getTime() - DAY_MS / 2);
    await clock.advance(A_LOOK_MS);
    assert.deepEqual(
      events.find(({ event }) => event === 'expiring'),
      {
        event: 'expiring',
        serialNumber: issued!.serialNumber,
        commonName: 'a',
        ca: 'Test CA',
        notAfter: notAfter.toISOString(),
        daysRemaining: 0,
      },
    );
    await release();
  });

  it('is told only as the last stage after a long sleep', async () => {
    const { authority, release, clock, tells } = await watched();
    await authority.issue([deviceRequest('a', { validityDays: 20 })]);
    await tells(['issued'], 'a');
    clock.jumpTo(clock.now() + 25 * DAY_MS);
    await tells(['expired'], 'a');
    await release();
  });

  it('does not matter when it was replaced or revoked', async () => {
    const { authority, release, clock, tells } = await watched();
    const requests = ['renewed', 'revoked'].map((name) => deviceRequest(name, { validityDays: 10 }));
    await authority.issue(requests);
    await authority.renew({ by: 'name', value: 'renewed' }, { validityDays: 99 });
    await authority.revoke({ by: 'name', value: 'revoked' });
    await tells(['issued', 'renewed'], 'renewed');
    clock.jumpTo(clock.now() + 11 * DAY_MS);
    await tells([]);
    await release();
  });

  it('of the CA itself is told a year ahead', async () => {
    const { authority, release, clock, tells } = await watched();
    clock.jumpTo(authority.certificate.notAfter.getTime() - 366 * DAY_MS);
    await tells(['crl-overdue', 'crl-refreshed']);
    clock.jumpTo(authority.certificate.notAfter.getTime() - 365 * DAY_MS);
    await tells(['ca-expiring']);
    await tells([]);
    await release();
  });

  it('is looked for no more once the CA is closed', async () => {
    const { release, clock } = await watched();
    await release();
    assert.equal(clock.waiting, 0);
  });
});
