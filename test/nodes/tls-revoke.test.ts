import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import tlsCa = require('../../nodes/tls-ca');
import tlsIssue = require('../../nodes/tls-issue');
import tlsRevoke = require('../../nodes/tls-revoke');
import type { CertificateResult } from '../../src/model/certificate-result';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_REVOKE_DEFAULTS, type TlsRevokeConfig } from '../../src/model/config/tls-revoke';
import { readRevocationList } from '../../src/pki/revocation-list';
import { Flows } from '../support/flows';
import { statusOf } from '../support/node-calls';
import { judge } from '../support/openssl';

interface Revocation {
  revoked: { serialNumber: string; commonName: string; revokedAt: string; reason: string }[];
  crl: string;
  crlNumber: string;
  nextUpdate: string;
  warnings: { code: string }[];
}

const place = { z: 'tab', x: 1, y: 1 };

function flow(config: Partial<TlsRevokeConfig>) {
  return [
    { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA' },
    { id: 'issue', type: 'tls-issue', ...TLS_ISSUE_DEFAULTS, ca: 'ca', profile: 'device', ...place, wires: [['out']] },
    { id: 'revoke', type: 'tls-revoke', ...TLS_REVOKE_DEFAULTS, ca: 'ca', ...config, ...place, wires: [['out']] },
    { id: 'out', type: 'helper', ...place },
    { id: 'tab', type: 'tab' },
  ];
}

describe('tls-revoke', () => {
  let flows: Flows | undefined;
  afterEach(async () => {
    await flows?.stop();
    flows = undefined;
  });

  /** Start the flow and issue certificates with these names. */
  async function start(config: Partial<TlsRevokeConfig>, ...names: string[]): Promise<CertificateResult[]> {
    flows = await Flows.start([tlsCa, tlsIssue, tlsRevoke], flow(config));
    const { payload } = await flows.send('issue', { payload: names }, 'out');
    return payload as CertificateResult[];
  }

  const send = (payload: unknown, more: object = {}) => flows!.send('revoke', { payload, ...more } as never, 'out');
  const revoke = async (payload: unknown) => (await send(payload)).payload as Revocation;
  const inFolder = (name: string) => path.join(flows!.userDir, 'pki', 'test-ca', name);
  const revokedRows = async () => (await readFile(inFolder('index.txt'), 'utf8')).match(/^R/gm)?.length ?? 0;
  const lastStatus = () => statusOf(flows!.node('revoke'));

  it('revokes the output of tls-issue, and its CRL says so to OpenSSL', async () => {
    const [dev01, dev02] = await start({ reason: 'keyCompromise' }, 'dev01', 'dev02');
    const { payload } = await send(dev01);
    const { revoked, crl, crlNumber, nextUpdate, warnings } = payload as Revocation;
    assert.deepEqual(Object.keys(payload as object), ['revoked', 'crl', 'crlNumber', 'nextUpdate', 'warnings']);
    const { serialNumber, commonName } = dev01!;
    assert.deepEqual(revoked, [
      { serialNumber, commonName, revokedAt: revoked[0]!.revokedAt, reason: 'keyCompromise' },
    ]);
    assert.ok(Math.abs(Date.parse(revoked[0]!.revokedAt) - Date.now()) < 60_000);
    assert.deepEqual(warnings, []);
    assert.equal(lastStatus(), 'green: dev01 revoked');
    assert.equal(crl, await readFile(inFolder('crl.pem'), 'utf8'));
    const list = readRevocationList(crl);
    assert.equal(list.nextUpdate?.toISOString(), nextUpdate);
    assert.equal(String(list.number), crlNumber);
    const args = ['verify', '-crl_check', '-CAfile', 'ca.pem', '-CRLfile', 'crl.pem', 'leaf.pem'];
    for (const [{ certificate, trustAnchors, commonName: name }, accepted] of [
      [dev01!, false],
      [dev02!, true],
    ] as const) {
      const verdict = judge('openssl', args, { 'leaf.pem': certificate, 'ca.pem': trustAnchors, 'crl.pem': crl });
      assert.equal(verdict.status === 0, accepted, `${name}: ${verdict.output}`);
      if (!accepted) assert.match(verdict.output, /certificate revoked/);
    }
  });

  it('never hits the other one of the same name, and says that it is there', async () => {
    const [first, second] = await start({}, 'dev01', 'dev01');
    const { revoked, warnings, crl } = await revoke(`serial:${second!.serialNumber.toLowerCase()}`);
    assert.deepEqual(
      revoked.map(({ serialNumber, reason }) => [serialNumber, reason]),
      [[second!.serialNumber, 'unspecified']],
    );
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['INPUT_AMBIGUOUS'],
    );
    assert.match(lastStatus(), /^yellow: dev01 revoked: /);
    assert.equal(readRevocationList(crl).find(first!.serialNumber), undefined);
  });

  it('asks which one when a name stands for several, unless all are meant', async () => {
    const issued = await start({}, 'dev01', 'dev01', 'dev02');
    const serialNumbers = issued.slice(0, 2).map(({ serialNumber }) => serialNumber);
    const { error } = await send('dev01');
    assert.equal(error?.code, 'INPUT_AMBIGUOUS');
    assert.deepEqual(error.cause.serialNumbers, serialNumbers);
    assert.equal(await revokedRows(), 0);
    const { revoked } = await revoke({ commonName: 'dev01', all: true });
    assert.deepEqual(
      revoked.map(({ serialNumber }) => serialNumber),
      serialNumbers,
    );
    assert.equal(await revokedRows(), 2);
  });

  it('revokes all of a name when the node says so, but not against the message', async () => {
    await start({ all: true }, 'dev01', 'dev01', 'dev02');
    assert.equal((await send({ commonName: 'dev01', all: false })).error?.code, 'INPUT_AMBIGUOUS');
    assert.equal((await revoke('dev01')).revoked.length, 2);
  });

  it('makes one CRL for a batch, with a reason for each', async () => {
    const [first] = await start({ reason: 'cessationOfOperation' }, 'dev01', 'dev02', 'dev03');
    const before = Number(await revoke([]).then(({ crlNumber }) => crlNumber));
    const { revoked, crlNumber, crl } = await revoke([
      first,
      'name:dev02',
      { commonName: 'dev03', reason: 'superseded' },
    ]);
    assert.deepEqual(
      revoked.map(({ commonName, reason }) => `${commonName} ${reason}`),
      ['dev01 cessationOfOperation', 'dev02 cessationOfOperation', 'dev03 superseded'],
    );
    assert.equal(Number(crlNumber), before + 1);
    assert.equal(readRevocationList(crl).size, 3);
    assert.equal(lastStatus(), 'green: 3 revoked');
  });

  it('puts a certificate on hold and takes it back', async () => {
    const [dev01] = await start({}, 'dev01');
    const { revoked: held } = await revoke({ commonName: 'dev01', reason: 'certificateHold' });
    assert.equal(held[0]?.reason, 'certificateHold');
    assert.equal((await send({ commonName: 'dev01', reason: 'certificateHold' })).error?.code, 'CERT_STATUS');
    const { crl } = await revoke({ serialNumber: dev01!.serialNumber, reason: 'removeFromCRL' });
    assert.equal(readRevocationList(crl).size, 0);
    assert.equal(lastStatus(), 'green: dev01 valid again');
    assert.equal(await revokedRows(), 0);
  });

  it('takes back what the inventory shows as held: its old reason is no wish', async () => {
    const [dev01] = await start({ reason: 'removeFromCRL' }, 'dev01');
    const [entry] = (await revoke({ commonName: 'dev01', reason: 'certificateHold' })).revoked;
    assert.ok(entry);
    assert.equal((await revoke({ ...dev01, ...entry })).revoked[0]?.reason, 'removeFromCRL');
  });

  for (const payload of [undefined, null, '', true, 1_700_000_000_000]) {
    it(`revokes what the node names when the payload is ${String(payload)}`, async () => {
      await start({ selector: 'device.name', selectorType: 'msg' }, 'dev01', 'dev02');
      const { payload: result } = await send(payload, { device: { name: 'name:dev02' } });
      assert.deepEqual(
        (result as Revocation).revoked.map(({ commonName }) => commonName),
        ['dev02'],
      );
    });
  }

  it('reads only the serial number of an object, and only then the name', async () => {
    const [first] = await start({}, 'dev01', 'dev02');
    const { revoked } = await revoke({
      serialNumber: first!.serialNumber,
      commonName: 'dev02',
      ca: 'other',
      folder: '..',
    });
    assert.deepEqual(
      revoked.map(({ commonName }) => commonName),
      ['dev01'],
    );
  });

  const refused: [what: string, payload: unknown, code: string, config?: Partial<TlsRevokeConfig>][] = [
    ['nothing at all', '', 'INPUT_SELECTOR'],
    ['a name that is not there', 'nobody', 'CERT_NOT_FOUND'],
    ['a serial number that is none', 'serial:xyz', 'INPUT_SELECTOR'],
    ['a serial number that is not there', { serialNumber: '00AB' }, 'CERT_NOT_FOUND'],
    ['an object that names nothing', { name: 'dev01' }, 'INPUT_SELECTOR'],
    ['a serial number as a number', { serialNumber: 12, commonName: 'dev01' }, 'INPUT_SELECTOR'],
    ['a reason that is none', { commonName: 'dev01', reason: 'boredom' }, 'INPUT_REASON'],
    ['a reason that is an object', { commonName: 'dev01', reason: {} }, 'INPUT_REASON'],
    ['a reason of Object', { commonName: 'dev01', reason: 'constructor' }, 'INPUT_REASON'],
    ['all that is not true or false', { commonName: 'dev01', all: 'yes' }, 'INPUT_PAYLOAD'],
    ['what is not on hold', { commonName: 'dev01', reason: 'removeFromCRL' }, 'CERT_STATUS'],
    ['a Buffer', Buffer.from('dev01'), 'INPUT_PAYLOAD'],
    ['10,001 items', new Array<string>(10_001).fill('dev01'), 'INPUT_TOO_MANY'],
    ['a node without CA', 'dev01', 'INPUT_CONFIG', { ca: '' }],
    ['a newer configuration', 'dev01', 'INPUT_CONFIG_VERSION', { version: 99 }],
    ['a setting that cannot be evaluated', '', 'INPUT_CONFIG', { selector: '$(', selectorType: 'jsonata' }],
  ];
  for (const [what, payload, code, config = {}] of refused) {
    it(`refuses ${what} with ${code} and revokes nothing`, async () => {
      await start(config, 'dev01');
      const { error } = await send(payload);
      assert.equal(error?.code, code);
      assert.ok(error.cause.hint, 'there is a hint');
      assert.equal(await revokedRows(), 0);
      assert.match(lastStatus(), /^red: /);
    });
  }

  const badItems: [what: string, item: unknown, code: string, field: string, value: unknown][] = [
    ['a name that is not there', 'nobody', 'CERT_NOT_FOUND', 'payload', 'nobody'],
    ['an empty text', '', 'INPUT_PAYLOAD', 'payload', '""'],
    ['a number', 7, 'INPUT_PAYLOAD', 'payload', '7'],
    ['a serial number that is none', 'serial:-', 'INPUT_SELECTOR', 'payload', '"-"'],
    ['a reason that is none', { commonName: 'dev02', reason: 'x' }, 'INPUT_REASON', 'reason', '"x"'],
    ['all that is not true or false', { commonName: 'dev02', all: 1 }, 'INPUT_PAYLOAD', 'all', '1'],
  ];
  for (const [what, item, code, field, value] of badItems) {
    it(`refuses a whole batch for ${what} and names it`, async () => {
      await start({}, 'dev01', 'dev02');
      const { error } = await send(['dev01', item]);
      assert.equal(error?.code, code);
      assert.match(error.message, /item 1/);
      assert.deepEqual([error.cause.index, error.cause.field, error.cause.value], [1, field, value]);
      assert.equal(await revokedRows(), 0);
    });
  }

  it('names the place in a batch of one, too', async () => {
    await start({}, 'dev01');
    const { error } = await send(['nobody']);
    assert.deepEqual([error?.code, error?.cause.index, error?.cause.field], ['CERT_NOT_FOUND', 0, 'payload']);
  });
});
