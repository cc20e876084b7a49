import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import { renewalTimes } from '../../../src/ca/renewal-time';
import { parseThreshold } from '../../../src/model/duration';
import { Inventory, type InventoryRecord } from '../../../src/store/inventory';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, nextProcess } from '../../support/test-authority';

const DAY_MS = 86_400_000;
const START = Date.parse('2030-01-01T00:00:00Z');

function record(number: number, days = 300): InventoryRecord {
  const fingerprint256 = createHash('sha256').update(String(number)).digest('hex').toUpperCase();
  return {
    serialNumber: fingerprint256.slice(0, 40),
    commonName: `dev${number}`,
    profile: 'device',
    keyType: 'ec-p256',
    subjectAltNames: [],
    notBefore: START,
    notAfter: START + days * DAY_MS,
    fingerprint256,
    subjectLine: `/CN=dev${number}`,
    hasKey: true,
  };
}

describe('the times of renewal', () => {
  const third = parseThreshold('33%');
  const due = START + 201 * DAY_MS;

  function crowd(size: number): { inventory: Inventory; records: InventoryRecord[] } {
    const inventory = new Inventory();
    const records = Array.from({ length: size }, (_, number) => record(number));
    for (const one of records) inventory.add(one);
    return { inventory, records };
  }

  it('of a few certificates are those of the policy', () => {
    const { inventory, records } = crowd(10);
    for (const one of records) {
      const times = renewalTimes(inventory, one, third);
      assert.deepEqual(times, { due, expiring: START + 270 * DAY_MS });
    }
  });

  it('of a crowd are spread, never before the policy, and the same after a restart', () => {
    const { inventory, records } = crowd(1000);
    const all = records.map((one) => renewalTimes(inventory, one, third).due);
    for (const time of all) assert.ok(time >= due && time <= due + 1000 * 60_000);
    assert.ok(new Set(all).size > 990, 'nearly all at times of their own');
    for (let part = 0; part < 10; part += 1) {
      const within = all.filter((time) => Math.floor((time - due) / 6_000_000) === part).length;
      assert.ok(within > 60 && within < 140, `${within} of 1,000 in a tenth of the time`);
    }
    const again = crowd(1000);
    assert.deepEqual(again.records.map((one) => renewalTimes(again.inventory, one, third).due), all); // prettier-ignore
  });

  it('of a crowd that is short of time leave half of it before it is urgent', () => {
    const inventory = new Inventory();
    const records = Array.from({ length: 20_000 }, (_, number) => record(number, 3));
    for (const one of records) inventory.add(one);
    for (const one of records) {
      const times = renewalTimes(inventory, one, third);
      assert.ok(times.due < times.expiring && times.expiring < one.notAfter);
    }
  });

  it('what is renewed late by policy becomes urgent later still', () => {
    const { inventory, records } = crowd(1);
    const times = renewalTimes(inventory, records[0] as InventoryRecord, parseThreshold('2d'));
    assert.deepEqual(times, { due: START + 298 * DAY_MS, expiring: START + 299 * DAY_MS });
  });
});

describe('what would be renewed for ever', () => {
  const ensured = async (config: object, days: number) => {
    const clock = new MemoryClock();
    const lease = await acquireAuthority(
      authorityOptions({ fs: new MemoryDisk(), clock, processes: nextProcess(), config }),
    );
    clock.jumpTo(clock.now() + days * DAY_MS);
    const serials = new Set<string>();
    for (let time = 0; time < 3; time += 1) {
      serials.add((await lease.authority.ensure({ profile: 'client', subject: { commonName: 'a' } })).serialNumber);
    }
    await lease.release();
    return serials.size;
  };

  it('is not: certificates for hours, which are due when they are issued', async () => {
    assert.equal(await ensured({ leafValidityDays: 0.25 }, 0), 1);
  });

  it('is not: certificates in the last hours of their CA, with which all of them end', async () => {
    assert.equal(await ensured({ validityDays: 10 }, 9.9), 1);
  });
});
