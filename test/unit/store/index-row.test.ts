import assert from 'node:assert/strict';
import { formatIndexRow, parseIndexRow, type IndexRow } from '../../../src/store/index-row';
import { refuses } from '../../support/coded-error';

const AT = Date.UTC(2026, 10, 22, 1, 2, 3);

const ROWS: { name: string; line: string; row: IndexRow }[] = [
  {
    name: 'valid',
    line: 'V\t261122010203Z\t\t0A1B\tunknown\t/C=GB/CN=dev01',
    row: { serialNumber: '0A1B', notAfter: AT, subjectLine: '/C=GB/CN=dev01' },
  },
  {
    name: 'valid beyond 2049, with GeneralizedTime',
    line: 'V\t20500101000000Z\t\t01\tunknown\t/CN=a',
    row: { serialNumber: '01', notAfter: Date.UTC(2050, 0, 1), subjectLine: '/CN=a' },
  },
  {
    name: 'the last second of UTCTime',
    line: 'V\t491231235959Z\t\t01\tunknown\t/CN=a',
    row: { serialNumber: '01', notAfter: Date.UTC(2049, 11, 31, 23, 59, 59), subjectLine: '/CN=a' },
  },
  {
    name: 'revoked without reason',
    line: 'R\t261122010203Z\t261122010203Z\t01\tunknown\t/CN=a',
    row: { serialNumber: '01', notAfter: AT, subjectLine: '/CN=a', revocation: { at: AT, reason: 'unspecified' } },
  },
  {
    name: 'revoked with a reason',
    line: 'R\t261122010203Z\t261122010203Z,keyCompromise\t01\tunknown\t/CN=a',
    row: { serialNumber: '01', notAfter: AT, subjectLine: '/CN=a', revocation: { at: AT, reason: 'keyCompromise' } },
  },
  {
    name: 'revoked with the CA reason as OpenSSL spells it',
    line: 'R\t261122010203Z\t261122010203Z,CACompromise\t01\tunknown\t/CN=a',
    row: { serialNumber: '01', notAfter: AT, subjectLine: '/CN=a', revocation: { at: AT, reason: 'cACompromise' } },
  },
];

const READ_ONLY: { name: string; line: string; reason?: string }[] = [
  { name: 'expired, by openssl ca -updatedb', line: 'E\t261122010203Z\t\t01\tunknown\t/CN=a' },
  {
    name: 'a time of compromise',
    line: 'R\t261122010203Z\t261122010203Z,keyTime,20261101000000Z\t01\tunknown\t/CN=a',
    reason: 'keyCompromise',
  },
  {
    name: 'a hold instruction',
    line: 'R\t261122010203Z\t261122010203Z,holdInstruction,holdInstructionReject\t01\tunknown\t/CN=a',
    reason: 'certificateHold',
  },
];

const DAMAGED: { name: string; line: string }[] = [
  { name: 'five fields', line: 'V\t261122010203Z\t\t01\tunknown' },
  { name: 'seven fields', line: 'V\t261122010203Z\t\t01\tunknown\t/CN=a\tb' },
  { name: 'an unknown status', line: 'X\t261122010203Z\t\t01\tunknown\t/CN=a' },
  { name: 'a serial number with an odd number of digits', line: 'V\t261122010203Z\t\t012\tunknown\t/CN=a' },
  { name: 'a serial number in lower case', line: 'V\t261122010203Z\t\t0a\tunknown\t/CN=a' },
  { name: 'no date', line: 'V\t\t\t01\tunknown\t/CN=a' },
  { name: 'revoked without date', line: 'R\t261122010203Z\t\t01\tunknown\t/CN=a' },
  { name: 'revoked for an unknown reason', line: 'R\t261122010203Z\t261122010203Z,boredom\t01\tunknown\t/CN=a' },
];

describe('a line of index.txt', () => {
  for (const { name, line, row } of ROWS) {
    it(`is written and read: ${name}`, () => {
      assert.equal(formatIndexRow(row), line);
      assert.deepEqual(parseIndexRow(line, 1), row);
    });
  }

  for (const { name, line, reason } of READ_ONLY) {
    it(`is read: ${name}`, () => {
      assert.equal(parseIndexRow(line, 1).revocation?.reason, reason);
    });
  }

  for (const { name, line } of DAMAGED) {
    it(`is refused: ${name}`, () => {
      const { cause } = refuses(() => parseIndexRow(line, 7), 'CA_CORRUPT', /line 7/);
      assert.equal(cause.line, 7);
      assert.equal(cause.text, line);
    });
  }
});
