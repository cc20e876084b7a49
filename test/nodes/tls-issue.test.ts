import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import tlsCa = require('../../nodes/tls-ca');
import tlsIssue = require('../../nodes/tls-issue');
import type { RolloverState } from '../../src/ca/rollover-state';
import type { CertificateResult } from '../../src/model/certificate-result';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_ISSUE_DEFAULTS, type TlsIssueConfig } from '../../src/model/config/tls-issue';
import { parseSubjectAltNames } from '../../src/model/subject-alt-name';
import { createCertificateRequest } from '../../src/pki/certificate-request';
import { Flows } from '../support/flows';

const CA = { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA' };

function flow(config: Partial<TlsIssueConfig>) {
  return [
    CA,
    {
      id: 'issue',
      type: 'tls-issue',
      ...TLS_ISSUE_DEFAULTS,
      ca: 'ca',
      ...config,
      z: 'tab',
      x: 1,
      y: 1,
      wires: [['out']],
    },
    { id: 'out', type: 'helper', z: 'tab', x: 1, y: 1 },
    { id: 'tab', type: 'tab' },
  ];
}

describe('tls-issue', () => {
  let flows: Flows | undefined;
  const start = async (config: Partial<TlsIssueConfig> = {}) => {
    flows = await Flows.start([tlsCa, tlsIssue], flow(config));
    return flows;
  };
  afterEach(async () => {
    await flows?.stop();
    flows = undefined;
  });

  it('issues what is configured when the payload is a time stamp', async () => {
    await start({ commonName: 'mosquitto', subjectAltNames: '["dns:localhost","ip:192.168.0.147"]' });
    const { payload } = await flows!.send('issue', { payload: Date.now() }, 'out');
    const result = payload as CertificateResult;
    assert.equal(result.commonName, 'mosquitto');
    assert.equal(result.profile, 'server');
    assert.deepEqual(result.subjectAltNames.toSorted(), ['dns:localhost', 'dns:mosquitto', 'ip:192.168.0.147']);
    assert.match(result.serialNumber, /^(?:[0-9A-F]{2})+$/);
    assert.equal(result.privateKeyPem, undefined);
    assert.equal(result.chain, '');
    assert.equal(result.fullChain, result.certificate);
    const certificate = new X509Certificate(result.certificate);
    assert.equal(certificate.fingerprint256, result.fingerprint256);
    assert.equal(new Date(certificate.validTo).toISOString(), new Date(result.notAfter).toISOString());
    assert.ok(certificate.verify(new X509Certificate(result.trustAnchors).publicKey));
  });

  it('evaluates typed inputs against the message', async () => {
    await start({
      profile: 'device',
      commonName: 'device.name',
      commonNameType: 'msg',
      validityDays: '$number("many")',
      validityDaysType: 'jsonata',
    });
    const { payload, error } = await flows!.send('issue', { payload: '', device: { name: 'dev07' } } as never, 'out');
    assert.equal(payload, undefined);
    assert.equal(error?.code, 'INPUT_CONFIG');
    assert.equal(error?.cause.field, 'validityDays');
    await flows!.stop();
    await start({ profile: 'device', commonName: 'device.name', commonNameType: 'msg' });
    const second = await flows!.send('issue', { payload: '', device: { name: 'dev07' } } as never, 'out');
    assert.equal((second.payload as CertificateResult).commonName, 'dev07');
  });

  it('issues a batch in the order of the message and puts the key where it was told to', async () => {
    await start({ profile: 'device', privateKeyTo: 'message' });
    const names = Array.from({ length: 130 }, (_, index) => `dev${index}`);
    const { payload } = await flows!.send('issue', { payload: names }, 'out');
    const results = payload as CertificateResult[];
    assert.deepEqual(
      results.map((result) => result.commonName),
      names,
    );
    assert.equal(new Set(results.map((result) => result.serialNumber)).size, names.length);
    for (const result of [results[0]!, results[129]!]) {
      const key = createPrivateKey(result.privateKeyPem!);
      assert.ok(new X509Certificate(result.certificate).checkPrivateKey(key));
    }
    const keys = await readdir(path.join(flows!.userDir, 'pki', 'test-ca', 'private'));
    assert.deepEqual(keys, ['ca.key.pem'], 'a key sent in the message is not stored');
    const index = await readFile(path.join(flows!.userDir, 'pki', 'test-ca', 'index.txt'), 'utf8');
    assert.equal(index.split('\n').filter(Boolean).length, names.length);
  });

  it('keeps keys in the store by default and never answers them', async () => {
    await start({ profile: 'device' });
    const { payload } = await flows!.send('issue', { payload: 'dev01' }, 'out');
    assert.ok(!JSON.stringify(payload).includes('PRIVATE KEY'));
    const { serialNumber } = payload as CertificateResult;
    const keys = await readdir(path.join(flows!.userDir, 'pki', 'test-ca', 'private'));
    assert.deepEqual(keys.toSorted(), [`${serialNumber}.key.pem`, 'ca.key.pem'].toSorted());
  });

  it('renews by name: a new serial number and key, the same names', async () => {
    await start({ profile: 'device', allowOverride: ['action'] });
    const first = (await flows!.send('issue', { payload: 'dev01' }, 'out')).payload as CertificateResult;
    const renewed = (await flows!.send('issue', { payload: { action: 'renew', commonName: 'dev01' } }, 'out'))
      .payload as CertificateResult;
    assert.equal(renewed.commonName, 'dev01');
    assert.notEqual(renewed.serialNumber, first.serialNumber);
    const keyOf = (result: CertificateResult) =>
      new X509Certificate(result.certificate).publicKey.export({ type: 'spki', format: 'pem' });
    assert.notEqual(keyOf(renewed), keyOf(first));
  });

  it('renews what an object names, and minds nothing else that it tells of a certificate', async () => {
    await start({ profile: 'device', allowOverride: ['action'] });
    const first = (await flows!.send('issue', { payload: 'dev01' }, 'out')).payload as CertificateResult;
    const told = { ...first, ca: 'Test CA', profile: 'server', daysRemaining: 3, action: 'renew', validityDays: 7 };
    const { payload } = await flows!.send('issue', { payload: told }, 'out');
    const renewed = payload as CertificateResult;
    assert.equal(renewed.profile, 'device');
    assert.equal(Date.parse(renewed.notAfter) - Date.parse(renewed.notBefore), 8 * 86_400_000);
  });

  const refused: [string, Partial<TlsIssueConfig>, unknown, string][] = [
    ['no common name', { profile: 'device' }, '', 'INPUT_COMMON_NAME'],
    ['a common name of 65 characters', { profile: 'device' }, 'x'.repeat(65), 'INPUT_COMMON_NAME'],
    ['a server without a name to verify', { profile: 'server', commonName: 'My Broker' }, '', 'INPUT_SUBJECT_ALT_NAME'],
    ['a malformed name', { commonName: 'a', subjectAltNames: '["ip:999.1.1.1"]' }, '', 'INPUT_SUBJECT_ALT_NAME'],
    ['names that are no JSON', { commonName: 'a', subjectAltNames: '[' }, '', 'INPUT_CONFIG'],
    ['a Buffer', { profile: 'device' }, Buffer.from('dev01'), 'INPUT_PAYLOAD'],
    ['10,001 items', { profile: 'device' }, new Array<string>(10_001).fill('dev'), 'INPUT_TOO_MANY'],
    ['a profile that is not ticked', { profile: 'device' }, { commonName: 'x', profile: 'server' }, 'INPUT_OVERRIDE'],
    ['a place for the key', { profile: 'device' }, { commonName: 'x', privateKeyTo: 'message' }, 'INPUT_OVERRIDE'],
    ['a folder', { profile: 'device' }, { commonName: 'x', folder: '../..' }, 'INPUT_OVERRIDE'],
    ['another CA', { profile: 'device' }, { commonName: 'x', ca: 'other' }, 'INPUT_OVERRIDE'],
    ['no CA', { ca: '', commonName: 'a' }, '', 'INPUT_CONFIG'],
    ['a CA that is not there', { ca: 'gone', commonName: 'a' }, '', 'INPUT_CONFIG'],
    ['a newer configuration', { version: 99, commonName: 'a' }, '', 'INPUT_CONFIG_VERSION'],
    ['a certificate to renew that is not there', { action: 'renew' }, 'nobody', 'CERT_NOT_FOUND'],
    ['a request that is none', { action: 'sign' }, 'hello', 'PEM_NO_BLOCK'],
  ];
  for (const [name, config, payload, code] of refused) {
    it(`refuses ${name} with ${code} and issues nothing`, async () => {
      await start(config);
      const { error } = await flows!.send('issue', { payload }, 'out');
      assert.equal(error?.code, code);
      assert.ok(error.message, 'there is a message');
      assert.ok(error.cause.hint, 'there is a hint');
      const index = await readFile(path.join(flows!.userDir, 'pki', 'test-ca', 'index.txt'), 'utf8').catch(() => '');
      assert.equal(index, '');
    });
  }

  it('refuses a whole batch for one bad item and names it', async () => {
    await start({ profile: 'device' });
    const { error } = await flows!.send(
      'issue',
      { payload: ['dev01', { commonName: 'dev02', country: 'GBR' }] },
      'out',
    );
    assert.equal(error?.code, 'INPUT_SUBJECT');
    assert.equal(error.cause.index, 1);
    assert.equal(error.cause.field, 'country');
    const keys = await readdir(path.join(flows!.userDir, 'pki', 'test-ca', 'private'));
    assert.deepEqual(keys, ['ca.key.pem']);
  });

  it('renews a whole batch or nothing', async () => {
    await start({ profile: 'device', allowOverride: ['action'] });
    await flows!.send('issue', { payload: ['dev01', 'dev02'] }, 'out');
    const renewal = (commonName: string) => ({ action: 'renew', commonName });
    const { error } = await flows!.send('issue', { payload: ['dev01', 'nobody', 'dev02'].map(renewal) }, 'out');
    assert.equal(error?.code, 'CERT_NOT_FOUND');
    assert.equal(error.cause.index, 1);
    const index = await readFile(path.join(flows!.userDir, 'pki', 'test-ca', 'index.txt'), 'utf8');
    assert.equal(index.split('\n').filter(Boolean).length, 2);
    const { payload } = await flows!.send('issue', { payload: ['dev01', 'dev02'].map(renewal) }, 'out');
    assert.equal((payload as CertificateResult[]).length, 2);
  });

  it('signs a request with the subject it asks for, and says what became different', async () => {
    await start({ action: 'sign', profile: 'device' });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const csr = await createCertificateRequest({
      subject: { commonName: 'dev09', organization: 'Home', country: 'DE' },
      subjectAltNames: [],
      privateKey,
    });
    const plain = (await flows!.send('issue', { payload: csr.pem }, 'out')).payload as CertificateResult;
    assert.equal(plain.subject, 'CN=dev09,O=Home,C=DE');
    assert.deepEqual(plain.warnings, []);
    const changed = (await flows!.send('issue', { payload: { csr: csr.pem, organization: 'Plant' } }, 'out'))
      .payload as CertificateResult;
    assert.equal(changed.subject, 'CN=dev09,O=Plant,C=DE');
    assert.deepEqual(
      changed.warnings.map(({ code, cause }) => [code, cause.field]),
      [['CSR_EXTENSION_DROPPED', 'organization']],
    );
  });

  it('takes nothing but the key of a request where its sender may not name himself', async () => {
    await start({ action: 'sign', profile: 'device', fromRequest: 'key', commonName: 'device', commonNameType: 'msg' });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const csr = await createCertificateRequest({
      subject: { commonName: 'admin', organization: 'Plant' },
      subjectAltNames: parseSubjectAltNames(['dns:broker.local']),
      privateKey,
    });
    const { payload } = await flows!.send('issue', { payload: csr.pem, device: 'dev09' } as never, 'out');
    const { subject, subjectAltNames, warnings } = payload as CertificateResult;
    assert.deepEqual([subject, subjectAltNames], ['CN=dev09', []]);
    assert.deepEqual(
      warnings.map(({ cause }) => cause.field ?? cause.name),
      ['organization', 'commonName', 'dns:broker.local'],
    );
    const nameless = await flows!.send('issue', { payload: csr.pem }, 'out');
    assert.equal(nameless.error?.code, 'INPUT_COMMON_NAME', 'and not the name of the request');
    await flows!.stop();
    await start({ action: 'sign', profile: 'device', commonName: 'dev09', fromRequest: 'Key' as never });
    assert.equal((await flows!.send('issue', { payload: csr.pem }, 'out')).error?.code, 'INPUT_CONFIG');
  });

  const hostile: [string, () => object][] = [
    ['a payload that cannot be replaced', () => Object.defineProperty({}, 'payload', { get: () => 'dev01' })],
    [
      'a field that throws something without a prototype',
      () => ({
        payload: Object.defineProperty({}, 'commonName', {
          get: () => {
            throw Object.create(null);
          },
        }),
      }),
    ],
  ];
  for (const [name, message] of hostile) {
    it(`outlives ${name}`, async () => {
      await start({ profile: 'device' });
      const outcome = await flows!.send('issue', message(), 'out');
      assert.ok(outcome.error ?? outcome.payload, 'it is answered, one way or the other');
    });
  }

  it('introduces a new key of the kind that is chosen, whatever the message says', async () => {
    await start({ action: 'ca-introduce', keyType: 'ec-p384' });
    const payload = { action: 'ca-retire', keyType: 'rsa-2048', commonName: 'Other CA' };
    const { payload: state } = await flows!.send('issue', { payload }, 'out');
    const { step, current, next } = state as RolloverState;
    assert.deepEqual([step, current.keyType, next?.keyType, next?.bridged], ['introduced', 'ec-p256', 'ec-p384', true]);
    assert.equal(next?.subject, 'CN=Test CA G2');
    const { error } = await flows!.send('issue', { payload }, 'out');
    assert.equal(error?.code, 'CA_ROLLOVER');
  });

  it('survives a hostile deep and cyclic object', async () => {
    await start({ profile: 'device' });
    const cyclic: Record<string, unknown> = { commonName: 'dev01' };
    cyclic.self = cyclic;
    let deep: unknown = {};
    for (let level = 0; level < 20_000; level++) deep = { deep };
    cyclic.subjectAltNames = deep;
    const { error } = await flows!.send('issue', { payload: cyclic }, 'out');
    assert.equal(error?.code, 'INPUT_SUBJECT_ALT_NAME');
  });
});
