import assert from 'node:assert/strict';
import { parseThreshold } from '../../../src/model/duration';
import { expiresFirst, expiryVerdict, toleratedFindings } from '../../../src/tls/verdicts';
import { readChain } from '../../../src/tls/chain-reading';
import { handmadeIntermediate, handmadeRoot, handmadeServer } from '../../support/certificates-fixture';

const START = new Date('2030-01-01T00:00:00Z');
const END = new Date('2030-04-11T00:00:00Z'); // 100 days
const DAY_MS = 86_400_000;
const root = handmadeRoot({ notBefore: START, notAfter: new Date('2040-01-01T00:00:00Z') });
const server = handmadeServer(root, { notBefore: START, notAfter: END });
const members = [server.certificate, root.certificate];

describe('verdicts', () => {
  const thresholds = { warnBefore: parseThreshold('33%'), criticalBefore: parseThreshold('10%') };
  const warnAt = END.getTime() - 33 * DAY_MS;
  const criticalAt = END.getTime() - 10 * DAY_MS;
  const rows: [name: string, now: number, severity: string, code: string | null][] = [
    ['at the start', START.getTime(), 'ok', null],
    ['a second before the start', START.getTime() - 1000, 'critical', 'CERT_NOT_YET_VALID'],
    ['a second before the warning', warnAt - 1000, 'ok', null],
    ['at the warning', warnAt, 'warning', 'CERT_EXPIRES_SOON'],
    ['a second after the warning', warnAt + 1000, 'warning', 'CERT_EXPIRES_SOON'],
    ['a second before critical', criticalAt - 1000, 'warning', 'CERT_EXPIRES_SOON'],
    ['at critical', criticalAt, 'critical', 'CERT_EXPIRES_SOON'],
    ['at the end', END.getTime(), 'critical', 'CERT_EXPIRES_SOON'],
    ['a second after the end', END.getTime() + 1000, 'critical', 'CERT_EXPIRED'],
  ];
  for (const [name, now, severity, code] of rows) {
    it(`${name}: ${severity}`, () => {
      const verdict = expiryVerdict(members, thresholds, now);
      assert.deepEqual([verdict.severity, verdict.code], [severity, code]);
      assert.equal(verdict.ok, severity === 'ok');
    });
  }

  it('counts in days when told so', () => {
    const days = { warnBefore: parseThreshold('30d'), criticalBefore: parseThreshold('7d') };
    const at = (daysBefore: number) => expiryVerdict(members, days, END.getTime() - daysBefore * DAY_MS).severity;
    assert.deepEqual([31, 30, 8, 7].map(at), ['ok', 'warning', 'warning', 'critical']);
  });

  it('looks at the whole chain: an intermediate that ends first', () => {
    const short = handmadeIntermediate(root, { notBefore: START, notAfter: new Date(END.getTime() - 50 * DAY_MS) });
    const chain = [server.certificate, short.certificate, root.certificate];
    assert.deepEqual(expiresFirst(chain), {
      index: 1,
      subject: 'CN=Intermediate',
      notAfter: short.certificate.notAfter.toISOString(),
    });
    const verdict = expiryVerdict(chain, thresholds, END.getTime() - 55 * DAY_MS);
    assert.equal(verdict.severity, 'critical');
    assert.match(verdict.message, /"CN=Intermediate" expires in 5 days/);
  });

  it('judges nothing without a certificate', () => {
    assert.equal(expiryVerdict([], thresholds, 0).ok, null);
    assert.equal(expiresFirst([]), null);
    assert.deepEqual(toleratedFindings(readChain([], [], 0)), []);
  });
});
