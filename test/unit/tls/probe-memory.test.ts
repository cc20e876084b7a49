import assert from 'node:assert/strict';
import { remember, type ProbeMemory } from '../../../src/tls/probe-memory';
import type { ProbeReport } from '../../../src/tls/probe-report';

const NOON = Date.UTC(2030, 0, 1, 12);
const HOUR_MS = 3_600_000;

/** What a memory reads of a report. */
function report(fingerprint256: string | undefined): ProbeReport {
  const leaf = fingerprint256 === undefined ? null : { fingerprint256, issuer: 'CN=CA' };
  const seen = { target: 'mqtts://broker:8883', servername: 'broker', severity: 'ok', code: null, warnings: [] };
  return { ...seen, leaf, spki256: fingerprint256 ?? null } as unknown as ProbeReport;
}

describe('what a probe remembers', () => {
  it('knows when a certificate was seen last, and does not take another look for news', () => {
    const memory: ProbeMemory = {};
    const seenAt = () => Object.values(memory).map((one) => one.seenAt);
    assert.equal(remember(memory, report('AA'), NOON).isNews, true);
    assert.deepEqual(seenAt(), ['2030-01-01T12:00:00.000Z']);
    assert.equal(remember(memory, report('AA'), NOON + HOUR_MS).isNews, false);
    assert.deepEqual(seenAt(), ['2030-01-01T13:00:00.000Z']);
    const { isNews, report: told } = remember(memory, report('BB'), NOON + 2 * HOUR_MS);
    assert.deepEqual([isNews, told.changed?.fingerprint], [true, true]);
  });

  it('keeps the time of the last certificate while the server is down', () => {
    const memory: ProbeMemory = {};
    remember(memory, report('AA'), NOON);
    remember(memory, report(undefined), NOON + HOUR_MS);
    assert.deepEqual(
      Object.values(memory).map(({ fingerprint256, seenAt }) => [fingerprint256, seenAt]),
      [['AA', '2030-01-01T12:00:00.000Z']],
    );
  });
});
