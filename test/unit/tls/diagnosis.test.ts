import assert from 'node:assert/strict';
import { ERROR_CODES } from '../../../src/model/errors';
import { diagnose, DIAGNOSES } from '../../../src/tls/diagnosis';
import { NO_FLIGHT, toFailure, type Evidence } from '../../../src/tls/evidence';
import { parseTarget } from '../../../src/tls/target';
import { completeMaterial } from '../../../src/tls/tls-material';

const failed = (code: string, message = code, more: object = {}) =>
  toFailure(Object.assign(new Error(message), { code, ...more }));

function evidence(seen: Partial<Evidence>): Evidence {
  return {
    target: parseTarget('broker.example'),
    material: completeMaterial({ trust: { kind: 'system' } }),
    now: 0,
    timeoutMs: 100,
    step: 'handshake',
    timedOut: false,
    closed: false,
    addresses: [],
    flight: NO_FLIGHT,
    ...seen,
  };
}

const tlsFlight = { ...NO_FLIGHT, tls: true, bytesReceived: 100 };
const alerted = (description: number) => ({ ...tlsFlight, alerts: [{ level: 2, description }] });

describe('diagnosis table', () => {
  /** What cannot be made on every machine. */
  const rows: [name: string, seen: Partial<Evidence>, code: string | undefined, stage?: string][] = [
    ['done', { step: 'done' }, undefined],
    [
      'no route',
      { step: 'connecting', failure: failed('ENETUNREACH', 'x', { address: '192.0.2.1' }) },
      'NET_UNREACHABLE',
      'tcp',
    ],
    ['host down', { step: 'connecting', failure: failed('EHOSTUNREACH') }, 'NET_UNREACHABLE', 'tcp'],
    ['firewall', { step: 'connecting', failure: failed('EACCES') }, 'NET_UNREACHABLE', 'tcp'],
    ['packets dropped', { step: 'connecting', timedOut: true }, 'NET_TIMEOUT', 'tcp'],
    ['packets dropped, by the system', { step: 'connecting', failure: failed('ETIMEDOUT') }, 'NET_TIMEOUT', 'tcp'],
    [
      'two addresses, an empty message',
      {
        step: 'connecting',
        failure: toFailure(
          Object.assign(
            new AggregateError([failedAt('ECONNREFUSED', '::1'), failedAt('ENETUNREACH', '192.0.2.1')], ''),
            {
              code: 'ECONNREFUSED',
            },
          ),
        ),
      },
      'NET_REFUSED',
      'tcp',
    ],
    [
      'Node 20 says protocol version',
      { flight: tlsFlight, failure: failed('ERR_SSL_UNSUPPORTED_PROTOCOL') },
      'TLS_VERSION',
    ],
    [
      'no alert on the wire, one in the words',
      { flight: tlsFlight, failure: failed('ERR_SSL_X', 'error:0A:SSL alert number 112') },
      'TLS_SERVERNAME',
    ],
    ['insufficient security', { flight: alerted(71) }, 'TLS_NO_SHARED_CIPHER'],
    ['small Diffie-Hellman', { flight: tlsFlight, failure: failed('ERR_SSL_DH_KEY_TOO_SMALL') }, 'CERT_WEAK'],
    ['an alert nobody explains', { flight: alerted(80) }, 'TLS_HANDSHAKE', 'tls'],
    ['an error nobody explains', { flight: tlsFlight, failure: failed('ERR_SSL_BAD_DIGEST_LENGTH') }, 'TLS_HANDSHAKE'],
    ['half a handshake, then silence', { flight: tlsFlight, timedOut: true }, 'TLS_HANDSHAKE'],
    ['a wildly unknown situation', {}, 'TLS_HANDSHAKE'],
  ];
  for (const [name, seen, code, stage] of rows) {
    it(`${name}: ${code ?? 'nothing to say'}`, () => {
      const diagnosis = diagnose(evidence(seen));
      assert.equal(diagnosis?.code, code, diagnosis?.message);
      if (stage) assert.equal(diagnosis?.stage, stage);
      if (!diagnosis) return;
      assert.match(diagnosis.message, /^[^A-Z\s].*[^.]$|^[A-Z]{2}.*[^.]$/s, 'no capital, no period');
      assert.doesNotMatch(`${diagnosis.message} ${diagnosis.fix}`, /undefined|\[object|NaN/);
      assert.notEqual(diagnosis.fix, '');
    });
  }

  it('uses only codes of the closed list', () => {
    for (const { code } of DIAGNOSES) assert.ok(code in ERROR_CODES, code);
  });

  it('has a row for every TLS and network code that a connection can end with', () => {
    const told = new Set(DIAGNOSES.map(({ code }) => code));
    // These belong to listening, to the thread of many probes and to the dialogs that probe, not to connecting.
    const elsewhere = ['NET_ADDRESS_IN_USE', 'NET_BIND', 'NET_PROBE_ENDED', 'NET_PROBE_BUSY'];
    const missing = Object.keys(ERROR_CODES)
      .filter((code) => /^(TLS|NET)_/.test(code) && !elsewhere.includes(code))
      .filter((code) => !told.has(code as never));
    assert.deepEqual(missing, []);
  });
});

function failedAt(code: string, address: string): Error {
  return Object.assign(new Error(`connect ${code} ${address}`), { code, address });
}
