import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import tlsCa = require('../../nodes/tls-ca');
import { TLS_CA_DEFAULTS, type TlsCaConfig } from '../../src/model/config/tls-ca';
import type { TlsCaNode } from '../../src/node-red/authority-node';
import { rejects } from '../support/coded-error';
import { Flows } from '../support/flows';

function ca(config: Partial<TlsCaConfig> = {}, id = 'ca') {
  return { id, type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA', ...config };
}

describe('tls-ca', () => {
  let flows: Flows | undefined;
  const start = async (nodes: object[], credentials = {}, userDir?: string) => {
    flows = await Flows.start([tlsCa], nodes as never, credentials, userDir);
    return flows;
  };
  const authority = (id = 'ca') => flows!.node<TlsCaNode>(id).authority();
  const redeploy = async (nodes: object[], credentials = {}) => {
    const { userDir } = flows!;
    await flows!.stop({ keepUserDir: true });
    return start(nodes, credentials, userDir);
  };
  afterEach(async () => {
    await flows?.stop();
    flows = undefined;
  });

  it('creates a CA in pki/<slug of the name> at the first deploy', async () => {
    await start([ca({ organization: 'Home', country: 'GB', commonName: 'Home Root' })]);
    const { certificate, folder } = await authority();
    assert.equal(folder, path.join(flows!.userDir, 'pki', 'test-ca'));
    const root = new X509Certificate(await readFile(path.join(folder, 'ca.pem')));
    assert.equal(root.subject, 'C=GB\nO=Home\nCN=Home Root');
    assert.equal(root.fingerprint256, certificate.fingerprint256);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal((await stat(path.join(folder, 'private', 'ca.key.pem'))).mode & 0o777, 0o600);
  });

  it('takes folder and names from the environment', async () => {
    process.env.SECURE_MQTT_TEST_SITE = 'Site 7';
    try {
      const named = {
        commonName: 'SECURE_MQTT_TEST_SITE',
        commonNameType: 'env',
        organization: '${SECURE_MQTT_TEST_SITE}',
      };
      await start([
        ca({ ...named, folder: 'pki/${SECURE_MQTT_TEST_SITE}', folderType: 'env' } as Partial<TlsCaConfig>),
      ]);
      const { certificate, folder } = await authority();
      assert.equal(folder, path.join(flows!.userDir, 'pki', 'Site 7'));
      assert.equal(certificate.subjectText, 'CN=Site 7,O=Site 7');
    } finally {
      delete process.env.SECURE_MQTT_TEST_SITE;
    }
  });

  it('makes nothing when a variable is not set', async () => {
    await start([ca({ folder: 'SECURE_MQTT_TEST_SITE', folderType: 'env' })]);
    await rejects(() => authority(), 'INPUT_CONFIG', /"SECURE_MQTT_TEST_SITE", which folder is taken from, is not set/);
    await assert.rejects(stat(path.join(flows!.userDir, 'SECURE_MQTT_TEST_SITE')), { code: 'ENOENT' });
  });

  it('never makes a second one: a redeploy and a renamed node open the first', async () => {
    await start([ca()]);
    const { fingerprint256 } = await authority();
    await redeploy([ca()]);
    assert.equal((await authority()).fingerprint256, fingerprint256);
    await redeploy([ca({ name: 'Renamed', folder: 'pki/test-ca' })]);
    assert.equal((await authority()).fingerprint256, fingerprint256);
  });

  it('follows no name: renamed without a folder written down, the node opens the CA it has made', async () => {
    await start([ca({ name: 'Before' })]);
    const { fingerprint256, folder } = await authority();
    await redeploy([ca({ name: 'After' })]);
    assert.equal((await authority()).fingerprint256, fingerprint256);
    assert.equal(flows!.node<TlsCaNode>('ca').folder, folder);
  });

  it('refuses to start anew when the folder of a known CA is gone', async () => {
    await start([ca()]);
    const { folder } = await authority();
    await flows!.stop({ keepUserDir: true });
    await rm(folder, { recursive: true });
    await start([ca()], {}, flows!.userDir);
    await assert.rejects(authority(), { code: 'CA_MISSING' });
    await flows!.node<TlsCaNode>('ca').forget();
    assert.equal((await authority()).folder, folder);
  });

  it('lets go of a lost CA also when the dialog has shown its fingerprint', async () => {
    await start([ca()]);
    const { folder, fingerprint256 } = await authority();
    await flows!.stop({ keepUserDir: true });
    await rm(folder, { recursive: true });
    await start([ca({ fingerprint256 })], {}, flows!.userDir);
    await assert.rejects(authority(), { code: 'CA_MISSING' });
    await flows!.node<TlsCaNode>('ca').forget();
    assert.notEqual((await authority()).fingerprint256, fingerprint256);
  });

  it('says at once that a folder cannot be made', async () => {
    await start([ca({ folder: '/proc/pki' })]);
    await assert.rejects(authority(), (error: { code: string }) => /^STORE_/.test(error.code));
  });

  it('refuses a folder that holds another CA than the dialog has shown', async () => {
    await start([ca()]);
    await authority();
    await redeploy([ca({ fingerprint256: 'AB:'.repeat(31) + 'AB' })]);
    await assert.rejects(authority(), { code: 'CA_MISMATCH' });
  });

  it('refuses a folder that holds something else', async () => {
    await start([ca({ folder: 'elsewhere' })]);
    await authority();
    const { userDir } = flows!;
    await mkdir(path.join(userDir, 'photos'));
    await writeFile(path.join(userDir, 'photos', 'cat.jpg'), 'cat');
    await redeploy([ca({ folder: 'photos' })]);
    await assert.rejects(authority(), { code: 'CA_FOREIGN' });
    assert.equal(await readFile(path.join(userDir, 'photos', 'cat.jpg'), 'utf8'), 'cat');
  });

  it('encrypts every key with the passphrase and refuses a wrong or missing one', async () => {
    await start([ca()], { ca: { passphrase: 'correct horse' } });
    const { folder, keysEncrypted, fingerprint256 } = await authority();
    assert.ok(keysEncrypted);
    const keyFile = path.join(folder, 'private', 'ca.key.pem');
    const secret = await readFile(keyFile, 'utf8');
    assert.match(secret, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    await redeploy([ca()], { ca: { passphrase: 'wrong' } });
    await assert.rejects(authority(), { code: 'KEY_PASSPHRASE_WRONG' });
    await redeploy([ca()]);
    await assert.rejects(authority(), { code: 'KEY_ENCRYPTED' });
    assert.equal(await readFile(keyFile, 'utf8'), secret, 'nothing is rewritten');
    await redeploy([ca()], { ca: { passphrase: 'correct horse' } });
    assert.equal((await authority()).fingerprint256, fingerprint256);
  });

  it('is an intermediate below another CA', async () => {
    await start([ca({ name: 'Root' }, 'root'), ca({ name: 'Line 1', issuer: 'root' })]);
    const root = await authority('root');
    const line = await authority();
    assert.ok(line.certificate.isSignedBy(root.certificate));
    assert.equal(line.certificate.basicConstraints?.pathLength, 0);
    assert.equal(line.trustAnchorsPem, root.certificate.pem);
  });

  it('is one instance when two nodes name the same folder', async () => {
    await start([ca({ folder: 'pki/one' }, 'first'), ca({ folder: 'pki/one' }, 'second')]);
    assert.equal(await authority('first'), await authority('second'));
  });

  it('says in its status that it comes to its end, until it is renewed', async () => {
    await start([ca({ validityDays: 100 })]);
    const texts: string[] = [];
    flows!.node<TlsCaNode>('ca').status = (status) => texts.push((status as { text: string }).text);
    const living = await authority();
    await living.takeStep('renew');
    assert.equal(texts.at(-1), 'CA ends in 99 days');
    living.configure({ ...living.settings, validityDays: 3650 });
    await living.takeStep('renew');
    assert.equal(texts.at(-1), 'keys not encrypted');
  });

  it('says in its status that keys lie in clear', async () => {
    await start([ca()]);
    const statuses: { text?: string; fill?: string }[] = [];
    flows!.node('ca').on('call:status' as never, ((call: { args: [object] }) => statuses.push(call.args[0])) as never);
    await authority();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(statuses.at(-1), { fill: 'yellow', shape: 'dot', text: 'keys not encrypted' });
  });
});
