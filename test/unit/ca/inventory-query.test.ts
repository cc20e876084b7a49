import assert from 'node:assert/strict';
import { listInventory, readInventoryQuery, type InventoryQuery } from '../../../src/ca/inventory-query';
import { Replacements } from '../../../src/ca/replacement';
import { parseThreshold } from '../../../src/model/duration';
import { Inventory, type InventoryRecord } from '../../../src/store/inventory';
import { refuses } from '../../support/coded-error';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2030, 0, 1);

function record(commonName: string, profile: InventoryRecord['profile'], fromDays: number, toDays: number) {
  const made: InventoryRecord = {
    serialNumber: Buffer.from(commonName).toString('hex').toUpperCase(),
    commonName,
    profile,
    keyType: 'ec-p256',
    subjectAltNames: [],
    notBefore: NOW + fromDays * DAY_MS,
    notAfter: NOW + toDays * DAY_MS,
    fingerprint256: 'AABB',
    subjectLine: `/CN=${commonName}`,
    hasKey: true,
  };
  return made;
}

const RECORDS = [
  record('broker', 'server', -10, 390),
  record('Dev01', 'device', -90, 10),
  record('dev02', 'device', -1, 99),
  record('dev03', 'device', -100, -1),
  { ...record('dev04', 'device', -100, 100), revocation: { at: NOW, reason: 'superseded' as const } },
];

function momentOf(records: readonly InventoryRecord[], kept: readonly string[] = []) {
  const inventory = new Inventory();
  for (const one of records) inventory.add(one);
  const replacements = new Replacements(inventory, NOW, new Set(kept));
  return { now: NOW, renewBefore: parseThreshold('33%'), replacements, inventory };
}

function names(query: InventoryQuery) {
  const { total, items } = listInventory(RECORDS, query, momentOf(RECORDS));
  return `${total}: ${items.map(({ commonName }) => commonName).join(' ')}`;
}

describe('an inventory query', () => {
  const queries: [InventoryQuery, string][] = [
    [{}, '5: broker Dev01 dev02 dev03 dev04'],
    [{ status: 'valid' }, '3: broker Dev01 dev02'],
    [{ status: 'expiring' }, '1: Dev01'],
    [{ status: 'expired' }, '1: dev03'],
    [{ status: 'revoked' }, '1: dev04'],
    [{ profile: 'server' }, '1: broker'],
    [{ name: 'dev*' }, '4: Dev01 dev02 dev03 dev04'],
    [{ name: 'DEV0?' }, '4: Dev01 dev02 dev03 dev04'],
    [{ name: '*0*2' }, '1: dev02'],
    [{ name: 'dev' }, '0: '],
    [{ name: 'dev.*' }, '0: '],
    [{ expiresWithinDays: 10 }, '1: Dev01'],
    [{ expiresWithinDays: 9 }, '0: '],
    [{ limit: 2 }, '5: broker Dev01'],
    [{ limit: 2, offset: 3 }, '5: dev03 dev04'],
    [{ limit: 0 }, '5: '],
    [{ offset: 9 }, '5: '],
    [{ status: 'valid', profile: 'device', name: '*1' }, '1: Dev01'],
    [{ replaced: true }, '0: '],
    [{ replaced: false, name: 'dev0?' }, '4: Dev01 dev02 dev03 dev04'],
  ];
  for (const [query, expected] of queries) {
    it(`${JSON.stringify(query)} finds ${expected}`, () => assert.equal(names(query), expected));
  }

  it('describes a certificate for people', () => {
    const [entry] = listInventory([RECORDS[4]!], {}, momentOf(RECORDS)).items;
    assert.deepEqual(entry, {
      serialNumber: '6465763034',
      commonName: 'dev04',
      profile: 'device',
      keyType: 'ec-p256',
      subjectAltNames: [],
      notBefore: '2029-09-23T00:00:00.000Z',
      notAfter: '2030-04-11T00:00:00.000Z',
      daysRemaining: 100,
      status: 'revoked',
      revokedAt: '2030-01-01T00:00:00.000Z',
      reason: 'superseded',
      fingerprint256: 'AA:BB',
      hasKey: true,
    });
  });

  describe('of certificates that were replaced', () => {
    const renewed = [
      { ...record('pump', 'device', -300, 20), serialNumber: '01' },
      { ...record('pump', 'device', -200, 100), serialNumber: '02' },
      { ...record('pump', 'server', -100, 100), serialNumber: '03' },
      { ...record('pump', 'device', -200, 100), serialNumber: '04' },
      { ...record('pump', 'device', -10, -1), serialNumber: '05' },
      {
        ...record('pump', 'device', -5, 90),
        serialNumber: '06',
        revocation: { at: NOW, reason: 'superseded' as const },
      },
    ];
    const found = (query: InventoryQuery) =>
      listInventory(renewed, query, momentOf(renewed)).items.map(({ serialNumber, replacedBy }) =>
        [serialNumber, replacedBy].filter(Boolean).join('>'),
      );

    it('names the newest valid one of the same name and profile, in the same second the one issued later', () => {
      assert.deepEqual(found({}), ['01>04', '02>04', '03', '04', '05', '06']);
    });

    it('leaves them out when asked to', () => assert.deepEqual(found({ replaced: false }), ['03', '04', '05', '06']));

    it('finds only them when asked to', () => assert.deepEqual(found({ replaced: true }), ['01>04', '02>04']));
  });

  describe('of servers of one host', () => {
    const server = (serialNumber: string, fromDays: number, ...subjectAltNames: string[]) => ({
      ...record('localhost', 'server', fromDays, 100),
      ...{ serialNumber, subjectAltNames },
    });
    const servers = [
      server('01', -300, 'dns:localhost', 'ip:127.0.0.1'),
      server('02', -200, 'ip:127.0.0.1', 'dns:localhost', 'dns:mosquitto'),
      server('03', -100, 'dns:localhost'),
    ];
    const replaced = (kept: readonly string[]) =>
      listInventory(servers, { replaced: true }, momentOf(servers, kept)).items.map(({ serialNumber }) => serialNumber);

    it('replaces one only by another with all its names', () => assert.deepEqual(replaced([]), ['01']));

    it('replaces none that somebody has and renews by himself', () => assert.deepEqual(replaced(['01', '03']), []));
  });

  it('takes no time for a hostile pattern', () => {
    const long = record('a'.repeat(64), 'device', -1, 99);
    const query = { name: `${'*a'.repeat(120)}b` };
    assert.equal(listInventory([long], query, momentOf(RECORDS)).total, 0);
  });

  for (const empty of [undefined, null, '', {}, { status: '', name: undefined, limit: null }]) {
    it(`is empty: ${JSON.stringify(empty)}`, () => assert.deepEqual(readInventoryQuery(empty), {}));
  }

  const refused: unknown[] = [
    'dev01',
    7,
    [],
    Buffer.from('x'),
    { status: 'fine' },
    { profile: 'root ' },
    { name: 7 },
    { name: 'x'.repeat(257) },
    { expiresWithinDays: -1 },
    { expiresWithinDays: '7' },
    { replaced: 'no' },
    { limit: -1 },
    { limit: 1.5 },
    { offset: Infinity },
    { serialNumber: '01' },
    { constructor: 1 },
  ];
  for (const query of refused) {
    it(`refuses ${JSON.stringify(query)?.slice(0, 60)}`, () => {
      refuses(() => readInventoryQuery(query), 'INPUT_QUERY');
    });
  }
});
