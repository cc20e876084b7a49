import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import tlsCa = require('../../nodes/tls-ca');
import tlsIssue = require('../../nodes/tls-issue');
import tlsRevoke = require('../../nodes/tls-revoke');
import tlsWatch = require('../../nodes/tls-watch');
import type { AuthorityEvent } from '../../src/ca/certificate-authority';
import type { CertificateResult } from '../../src/model/certificate-result';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_REVOKE_DEFAULTS } from '../../src/model/config/tls-revoke';
import { TLS_WATCH_DEFAULTS, type TlsWatchConfig } from '../../src/model/config/tls-watch';
import { Flows } from '../support/flows';
import { callsOf, statusOf, untilCalls } from '../support/node-calls';
import { temporaryFolder } from '../support/temporary-folder';

const place = { z: 'tab', x: 1, y: 1 };

function flow(config: Partial<TlsWatchConfig>) {
  const issue = { type: 'tls-issue', ...TLS_ISSUE_DEFAULTS, ca: 'ca', profile: 'device', ...place, wires: [['out']] };
  return [
    { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA' },
    { ...issue, id: 'issue' },
    { ...issue, id: 'renew', action: 'renew', validityDays: '99' },
    { id: 'revoke', type: 'tls-revoke', ...TLS_REVOKE_DEFAULTS, ca: 'ca', ...place, wires: [['out']] },
    { id: 'watch', type: 'tls-watch', ...TLS_WATCH_DEFAULTS, ca: 'ca', ...config, ...place, wires: [['heard']] },
    { id: 'out', type: 'helper', ...place },
    { id: 'heard', type: 'helper', ...place },
    { id: 'tab', type: 'tab' },
  ];
}

/** Dated back a day, so of its lifetime of 1.4 days less than a third is left from the beginning. */
const DUE = { commonName: 'late', validityDays: 0.4 };

describe('tls-watch', () => {
  let flows: Flows;
  afterEach(() => flows.stop());

  async function start(config: Partial<TlsWatchConfig> = {}, userDir?: string): Promise<void> {
    flows = await Flows.start([tlsCa, tlsIssue, tlsRevoke, tlsWatch], flow(config), {}, userDir);
  }

  /** Stop Node-RED and start it again over the same user directory. */
  async function restart(config: Partial<TlsWatchConfig> = {}): Promise<void> {
    const { userDir } = flows;
    await flows.stop({ keepUserDir: true });
    await start(config, userDir);
  }

  const watch = () => flows.node('watch');
  const sent = () =>
    callsOf(watch(), 'send').map(({ topic, payload }) => ({ topic, payload: payload as AuthorityEvent }));
  const heard = () => sent().map(({ topic, payload }) => `${topic} ${payload.commonName}`);
  const errors = () => callsOf(watch(), 'error').map(({ code }) => code);
  const until = (holds: () => boolean) => untilCalls(watch(), holds);
  const ask = async (id: string, payload: unknown) => {
    const { payload: result, error } = await flows.send(id, { payload }, 'out');
    assert.equal(error, undefined);
    return result;
  };

  it('sends what happens, as topic and payload', async () => {
    await start({ events: ['issued', 'renewed', 'revoked'] });
    const { serialNumber, notAfter } = (await ask('issue', 'dev01')) as CertificateResult;
    await until(() => sent().length === 1);
    assert.deepEqual(sent(), [
      {
        topic: 'issued',
        payload: { event: 'issued', serialNumber, commonName: 'dev01', ca: 'Test CA', notAfter, daysRemaining: 1824 },
      },
    ]);
    await ask('renew', 'dev01');
    await until(() => sent().length === 2);
    await ask('revoke', sent()[0]?.payload);
    await until(() => sent().length === 3);
    assert.deepEqual(heard(), ['issued dev01', 'renewed dev01', 'revoked dev01']);
  });

  it('says in its status what comes next, and what is due', async () => {
    await start({ events: ['due'] });
    await until(() => statusOf(watch()) === 'green: watching');
    await ask('issue', { commonName: 'dev01', validityDays: 20 });
    // Of 21 days a third remains 6.93 days before the end, in 13.07 days.
    await until(() => statusOf(watch()) === 'green: next: dev01 in 13 days');
    await ask('issue', { commonName: 'soon', validityDays: 1.5 });
    // Of 2.5 days a third remains 0.825 days before the end, in 16 hours.
    await until(() => statusOf(watch()) === 'green: next: soon in 16 hours');
    await ask('issue', DUE);
    await until(() => statusOf(watch()) === 'yellow: late due, next: soon in 16 hours');
    await ask('revoke', ['late', 'soon']);
    await until(() => statusOf(watch()) === 'green: next: dev01 in 13 days');
  });

  it('tells each event once, also over a restart', async () => {
    await start({ events: ['issued', 'due'] });
    await ask('issue', ['dev01', DUE]);
    await until(() => sent().length === 3);
    assert.deepEqual(heard(), ['issued dev01', 'issued late', 'due late']);
    await restart({ events: ['issued', 'due'] });
    await until(() => statusOf(watch()).startsWith('yellow: late due'));
    assert.deepEqual(heard(), []);
    const state = await readFile(path.join(flows.userDir, '.secure-mqtt', 'state', 'watch.json'), 'utf8');
    assert.match(state, /"due"/);
  });

  it('tells at its start what it was not there to tell', async () => {
    await start({ events: [] });
    await ask('issue', DUE);
    await restart({ events: ['due', 'expiring', 'expired'] });
    await until(() => sent().length === 1);
    assert.deepEqual(heard(), ['due late']);
  });

  it('feeds a node that renews what is due', async () => {
    await start({ events: ['due'] });
    await ask('issue', DUE);
    await until(() => sent().length === 1);
    const { payload } = sent()[0]!;
    const renewed = (await ask('renew', payload)) as CertificateResult;
    assert.equal(renewed.commonName, 'late');
    assert.notEqual(renewed.serialNumber, payload.serialNumber);
    await until(() => statusOf(watch()).startsWith('green: next: late in '));
  });

  it('says once why it cannot watch', async () => {
    const userDir = temporaryFolder();
    await mkdir(path.join(userDir, 'pki', 'test-ca'), { recursive: true });
    await writeFile(path.join(userDir, 'pki', 'test-ca', 'thesis.txt'), 'not a CA');
    await start({}, userDir);
    await until(() => errors().length === 1);
    assert.deepEqual(errors(), ['CA_FOREIGN']);
    assert.match(statusOf(watch()), /^red: /);
  });

  const refused: [what: string, config: Partial<TlsWatchConfig>, code: string][] = [
    ['no CA', { ca: '' }, 'INPUT_CONFIG'],
    ['a CA that is not there', { ca: 'gone' }, 'INPUT_CONFIG'],
    ['an event that is none', { events: ['due', 'birthday' as never] }, 'INPUT_CONFIG'],
    ['events that are no list', { events: 7 as never }, 'INPUT_CONFIG'],
    ['a newer configuration', { version: 99 }, 'INPUT_CONFIG_VERSION'],
  ];
  for (const [what, config, code] of refused) {
    it(`refuses ${what} with ${code}`, async () => {
      await start(config);
      await until(() => errors().length === 1);
      assert.deepEqual(errors(), [code]);
      assert.match(statusOf(watch()), /^red: /);
      assert.deepEqual(sent(), []);
    });
  }
});
