import assert from 'node:assert/strict';
import tlsCa = require('../../nodes/tls-ca');
import tlsInventory = require('../../nodes/tls-inventory');
import tlsIssue = require('../../nodes/tls-issue');
import tlsRevoke = require('../../nodes/tls-revoke');
import type { InventoryEntry } from '../../src/ca/certificate-authority';
import type { CertificateResult } from '../../src/model/certificate-result';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_INVENTORY_DEFAULTS, type TlsInventoryConfig } from '../../src/model/config/tls-inventory';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_REVOKE_DEFAULTS } from '../../src/model/config/tls-revoke';
import { Flows } from '../support/flows';
import { statusOf } from '../support/node-calls';
import { judge } from '../support/openssl';

const place = { z: 'tab', x: 1, y: 1 };

function flow(config: Partial<TlsInventoryConfig>) {
  const wires = [['out']];
  return [
    { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA' },
    { id: 'issue', type: 'tls-issue', ...TLS_ISSUE_DEFAULTS, ca: 'ca', allowOverride: ['profile'], ...place, wires },
    { id: 'revoke', type: 'tls-revoke', ...TLS_REVOKE_DEFAULTS, ca: 'ca', reason: 'superseded', ...place, wires },
    { id: 'inventory', type: 'tls-inventory', ...TLS_INVENTORY_DEFAULTS, ca: 'ca', ...config, ...place, wires },
    { id: 'out', type: 'helper', ...place },
    { id: 'tab', type: 'tab' },
  ];
}

/** What the CA has issued: a broker, four devices of which one is revoked and one about to end. */
const ISSUED = [
  { commonName: 'broker', subjectAltNames: ['dns:broker.local', 'ip:10.0.0.1'] },
  ...['dev01', 'dev02', 'dev03'].map((commonName) => ({ commonName, profile: 'device' })),
  // Dated back a day, so of its lifetime of 1.4 days less than a third is left from the beginning.
  { commonName: 'dev04', profile: 'device', validityDays: 0.4 },
];

describe('tls-inventory', () => {
  let flows: Flows | undefined;
  let issued: CertificateResult[];
  afterEach(async () => {
    await flows?.stop();
    flows = undefined;
  });

  async function start(config: Partial<TlsInventoryConfig> = {}, items: unknown[] = ISSUED): Promise<void> {
    flows = await Flows.start([tlsCa, tlsIssue, tlsRevoke, tlsInventory], flow(config));
    issued = (await flows.send('issue', { payload: items }, 'out')).payload as CertificateResult[];
    if (items === ISSUED) await flows.send('revoke', { payload: 'dev02' }, 'out');
  }

  const send = (payload: unknown, more: object = {}) => flows!.send('inventory', { payload, ...more } as never, 'out');
  const ask = async (payload: unknown) => (await send(payload)).payload as { total: number; items: InventoryEntry[] };
  const names = async (payload: unknown) => {
    const { total, items } = await ask(payload);
    return `${total}: ${items.map(({ commonName }) => commonName).join(' ')}`;
  };
  const lastStatus = () => statusOf(flows!.node('inventory'));

  for (const payload of [undefined, null, '', false, 1_700_000_000_000]) {
    it(`answers what the node asks when the payload is ${String(payload)}`, async () => {
      await start({ query: '{"profile":"device","limit":2}' });
      assert.equal(await names(payload), '4: dev01 dev02');
      assert.equal(lastStatus(), 'green: 2 of 4 certificates');
    });
  }

  it('lists all there is, as it was issued', async () => {
    await start();
    const { total, items } = await ask('');
    assert.equal(total, 5);
    const [broker] = items;
    const result = issued[0]!;
    assert.deepEqual(broker, {
      serialNumber: result.serialNumber,
      commonName: 'broker',
      profile: 'server',
      keyType: 'ec-p256',
      subjectAltNames: result.subjectAltNames,
      notBefore: result.notBefore,
      notAfter: result.notAfter,
      daysRemaining: 396,
      status: 'valid',
      fingerprint256: result.fingerprint256,
      hasKey: true,
      compatibility: result.compatibility,
    });
    assert.equal(result.compatibility?.esp8266.rule, 'ip-address');
    assert.equal(items[2]?.reason, 'superseded');
  });

  const queries: [payload: unknown, expected: string][] = [
    [{}, '5: broker dev01 dev02 dev03 dev04'],
    [{ status: 'revoked' }, '1: dev02'],
    [{ status: 'expiring' }, '1: dev04'],
    [{ status: 'valid', profile: 'device' }, '3: dev01 dev03 dev04'],
    [{ name: 'dev0?', offset: 1, limit: 2 }, '4: dev02 dev03'],
    [{ expiresWithinDays: 1 }, '1: dev04'],
    ['dev01', '1: dev01'],
    ['name:broker', '1: broker'],
    [{ commonName: 'dev03', status: 'revoked' }, '1: dev03'],
    [[], '0: '],
    [['dev03', { status: 'revoked' }, 'dev01'], '3: dev03 dev02 dev01'],
  ];
  it('answers queries, selectors and lists of both', async () => {
    await start();
    for (const [payload, expected] of queries) assert.equal(await names(payload), expected, JSON.stringify(payload));
    assert.equal(await names(issued[2]), '1: dev02', 'the output of tls-issue');
    assert.equal(await names(`serial:${issued[2]!.serialNumber}`), '1: dev02', 'also when it is revoked');
    assert.equal(await names(issued), '5: broker dev01 dev02 dev03 dev04');
  });

  it('by name gets the newest valid certificate', async () => {
    await start(
      {},
      ['a', 'b', 'a'].map((commonName) => ({ commonName, profile: 'device' })),
    );
    assert.equal((await ask('a')).items[0]?.serialNumber, issued[2]!.serialNumber);
  });

  it('lets a message change a field of the query and keeps the others', async () => {
    await start({ query: '{"profile":"device","status":"valid"}' });
    assert.equal(await names({ status: 'revoked' }), '1: dev02');
    assert.equal(await names({ status: null }), '4: dev01 dev02 dev03 dev04');
  });

  it('takes the query from the message, also as JSON text, and minds none', async () => {
    await start({ query: 'question', queryType: 'msg' });
    for (const question of [{ status: 'revoked' }, '{"status":"revoked"}']) {
      const { payload } = await send('', { question });
      assert.equal((payload as { total: number }).total, 1);
    }
    assert.equal(await names(''), '5: broker dev01 dev02 dev03 dev04');
  });

  it('writes a table that a spreadsheet opens, and no formula', async () => {
    const hostile = ['=cmd|calc', '+1', '@x', '-1', 'a,"b"', 'Müller; Söhne'];
    await start(
      { format: 'csv' },
      hostile.map((commonName) => ({ commonName, profile: 'device' })),
    );
    const { payload } = await send('');
    const { total, items: csv } = payload as unknown as { total: number; items: string };
    assert.equal(total, hostile.length);
    assert.equal(csv.replaceAll('\r\n', '').includes('\n'), false, 'lines end in CR LF');
    const script = `import csv,json
print(json.dumps(list(csv.DictReader(open('x.csv', newline='', encoding='utf-8'), strict=True))))`;
    const { output } = judge('python3', ['-c', script], { 'x.csv': csv });
    const rows = JSON.parse(output) as Record<string, string>[];
    assert.deepEqual(
      rows.map(({ commonName }) => commonName),
      ["'=cmd|calc", "'+1", "'@x", "'-1", 'a,"b"', 'Müller; Söhne'],
    );
    assert.deepEqual(
      rows.map(({ serialNumber, status, hasKey }) => [serialNumber, status, hasKey]),
      issued.map(({ serialNumber }) => [serialNumber, 'valid', 'true']),
    );
  });

  const refused: [what: string, payload: unknown, code: string, config?: Partial<TlsInventoryConfig>][] = [
    ['a field that is none', { foo: 1 }, 'INPUT_QUERY'],
    ['a status that is none', { status: 'fine' }, 'INPUT_QUERY'],
    ['a limit below 0', { limit: -1 }, 'INPUT_QUERY'],
    ['a prototype', JSON.parse('{"__proto__":{"limit":1}}'), 'INPUT_QUERY'],
    ['a name that is not there', 'nobody', 'CERT_NOT_FOUND'],
    ['a name of which none is valid', 'dev02', 'CERT_NOT_FOUND'],
    ['a serial number that is none', 'serial:xyz', 'INPUT_SELECTOR'],
    ['a Buffer', Buffer.from('dev01'), 'INPUT_PAYLOAD'],
    ['10,001 items', new Array<string>(10_001).fill('dev01'), 'INPUT_TOO_MANY'],
    ['a query of the node that is no JSON', '', 'INPUT_CONFIG', { query: '{' }],
    ['a query of the node that is a list', '', 'INPUT_QUERY', { query: '[]' }],
    ['a query of the node with a field that is none', '', 'INPUT_QUERY', { query: '{"foo":1}' }],
    ['text that is no query', '', 'INPUT_QUERY', { query: 'topic', queryType: 'msg' }],
    ['a node without CA', '', 'INPUT_CONFIG', { ca: '' }],
    ['a newer configuration', '', 'INPUT_CONFIG_VERSION', { version: 99 }],
  ];
  for (const [what, payload, code, config = {}] of refused) {
    it(`refuses ${what} with ${code}`, async () => {
      await start(config);
      const { error } = await send(payload, { topic: 'hello' });
      assert.equal(error?.code, code);
      assert.ok(error.cause.hint, 'there is a hint');
    });
  }

  const badItems: [item: unknown, code: string, field: string, value: unknown][] = [
    ['nobody', 'CERT_NOT_FOUND', 'payload', 'nobody'],
    [{ status: 'fine' }, 'INPUT_QUERY', 'status', '"fine"'],
    [7, 'INPUT_PAYLOAD', 'payload', '7'],
  ];
  for (const [item, code, field, value] of badItems) {
    it(`refuses a whole batch for ${JSON.stringify(item)} and names it`, async () => {
      await start();
      const { error } = await send(['dev01', {}, item]);
      assert.equal(error?.code, code);
      assert.deepEqual([error.cause.index, error.cause.field, error.cause.value], [2, field, value]);
    });
  }
});
