import assert from 'node:assert/strict';
import { readCertificateQuery, selectRows } from '../../../src/node-red/certificate-query';
import { refuses } from '../../support/coded-error';
import { certificateRow } from '../../support/certificate-rows';

const NOW = Date.parse('2030-01-15T12:00:00Z');

const ROWS = [
  certificateRow(NOW, 400, { commonName: 'Broker', serialNumber: 'AA01', subjectAltNames: ['dns:mqtt.local'] }),
  certificateRow(NOW, 5, { commonName: 'dev02', serialNumber: 'AA02', status: 'expiring', ca: 'other' }),
  certificateRow(NOW, 20, { commonName: 'dev01', serialNumber: 'AA03', status: 'revoked' }),
  certificateRow(NOW, -5, { commonName: 'dev03', serialNumber: 'BB04' }),
];

const found = (query: Record<string, unknown>): string[] =>
  selectRows(ROWS, readCertificateQuery(query), NOW).map(({ commonName }) => commonName);

describe('a query of the certificates sidebar', () => {
  const selections: { query: Record<string, string>; names: string[] }[] = [
    { query: {}, names: ['dev03', 'dev02', 'Broker', 'dev01'] },
    { query: { order: 'down' }, names: ['Broker', 'dev02', 'dev03', 'dev01'] },
    { query: { sort: 'name' }, names: ['Broker', 'dev01', 'dev02', 'dev03'] },
    { query: { sort: 'serial', order: 'down' }, names: ['dev03', 'dev01', 'dev02', 'Broker'] },
    { query: { text: ' DEV0 ', sort: 'name' }, names: ['dev01', 'dev02', 'dev03'] },
    { query: { text: 'mqtt.LOCAL' }, names: ['Broker'] },
    { query: { text: 'aa:03' }, names: ['dev01'] },
    { query: { text: 'aa0' }, names: [] },
    { query: { text: ':' }, names: ['Broker'] },
    { query: { ca: 'other' }, names: ['dev02'] },
    { query: { status: 'valid', sort: 'name' }, names: ['Broker', 'dev02'] },
    { query: { status: 'expiring' }, names: ['dev02'] },
    { query: { status: 'expired' }, names: ['dev03'] },
    { query: { withinDays: '5' }, names: ['dev02'] },
    { query: { withinDays: '4' }, names: [] },
    { query: { withinDays: '30' }, names: ['dev02', 'dev01'] },
    { query: { bar: 'd0' }, names: ['dev02'] },
    { query: { bar: 'expired', status: 'revoked' }, names: [] },
  ];
  for (const { query, names } of selections) {
    it(`${JSON.stringify(query)} finds ${names.join(', ') || 'nothing'}`, () => assert.deepEqual(found(query), names));
  }

  it('takes empty values and what Ajax adds as not given', () => {
    assert.deepEqual(readCertificateQuery({ text: '', status: '', _: '1700000000000' }), {
      sort: 'notAfter',
      descending: false,
      offset: 0,
      limit: 0,
    });
  });

  const refused: Record<string, unknown>[] = [
    { limit: '201' },
    { limit: '1.5' },
    { offset: '-1' },
    { offset: '99999999999999999' },
    { status: 'VALID' },
    { sort: '__proto__' },
    { order: 'sideways' },
    { bar: 'd8' },
    { text: ['a'] },
    { text: { a: 1 } },
    { text: 'x'.repeat(257) },
    { hasOwnProperty: 'x' },
    { ca: 7 },
  ];
  for (const query of refused) {
    it(`refuses ${JSON.stringify(query).slice(0, 60)}`, () =>
      refuses(() => readCertificateQuery(query), 'INPUT_QUERY'));
  }
});
