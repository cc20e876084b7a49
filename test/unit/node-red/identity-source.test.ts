import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { der } from '../../../src/encoding/der-writer';
import type { ErrorCode } from '../../../src/model/errors';
import type { MaterialSettings } from '../../../src/node-red/material-settings';
import { readIdentity } from '../../../src/node-red/identity-source';
import { materialFiles } from '../../../src/node-red/tls-material-source';
import { secretKeyStore, trustStore } from '../../../src/pki/key-store';
import { secretPrivateKeyDer } from '../../../src/pki/private-key';
import { identityCertificates } from '../../../src/tls/client-identity';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { rejects } from '../../support/coded-error';
import { PASSPHRASE, RawPkcs12 } from '../../support/raw-pkcs12';
import { temporaryFolder } from '../../support/temporary-folder';

describe('identity from a PKCS#12 file', () => {
  const folder = temporaryFolder();
  const RED = { settings: { userDir: folder } } as unknown as NodeAPI;
  let root: KeyedCertificate;
  let client: KeyedCertificate;

  const settings = (p12File: string): MaterialSettings => ({ trust: 'system', identity: 'pkcs12', security: 'mutual', p12File }); // prettier-ignore
  const read = (p12File: string, passphrase?: string) => readIdentity({ RED }, settings(p12File), { passphrase });

  before(async () => {
    root = await makeRoot();
    const intermediate = await makeIntermediate(root);
    client = await makeLeaf(intermediate, { profile: 'client', commonName: 'node-red', names: [] });
    const chain = [intermediate.certificate, root.certificate];
    const store = await secretKeyStore([{ alias: 'x', ...client, chain }], { secretPassphrase: PASSPHRASE });
    const trusted = await trustStore([{ alias: 'x', certificate: root.certificate }], { secretPassphrase: PASSPHRASE });
    const raw = new RawPkcs12();
    const keyOnly = raw.data(await raw.keyBag(secretPrivateKeyDer(client.privateKey)));
    writeFileSync(join(folder, 'client.p12'), store);
    writeFileSync(join(folder, 'truststore.p12'), trusted);
    writeFileSync(join(folder, 'key.p12'), await raw.file(der.sequence(keyOnly)));
    writeFileSync(join(folder, 'client.pem'), client.certificate.pem);
  });

  it('is the key, its certificate and the intermediates, without the root', async () => {
    const identity = await read('client.p12', PASSPHRASE);
    assert.ok(identity);
    assert.ok(identity.secretKey.equals(client.privateKey));
    const names = identityCertificates(identity).map(({ subject }) => subject.commonName);
    assert.deepEqual(names, ['node-red', 'Test CA']);
  });

  const refused: [what: string, file: string, passphrase: string | undefined, code: ErrorCode][] = [
    ['a wrong passphrase', 'client.p12', 'wrong', 'P12_PASSPHRASE_WRONG'],
    ['no passphrase', 'client.p12', undefined, 'P12_PASSPHRASE_WRONG'],
    ['a trust store', 'truststore.p12', PASSPHRASE, 'KEY_ABSENT'],
    ['a key without certificate', 'key.p12', PASSPHRASE, 'CERT_ABSENT'],
    ['PEM', 'client.pem', PASSPHRASE, 'P12_MALFORMED'],
    ['no file', 'nothing.p12', PASSPHRASE, 'STORE_NOT_FOUND'],
    ['an empty setting', ' ', PASSPHRASE, 'INPUT_CONFIG'],
  ];
  for (const [what, file, passphrase, code] of refused) {
    it(`refuses ${what}`, async () => void (await rejects(() => read(file, passphrase), code)));
  }

  it('may come from a tls-config of Node-RED 5', async () => {
    const pfx = readFileSync(join(folder, 'client.p12'));
    const getNode = () => ({ addTLSOptions: () => ({ pfx, passphrase: PASSPHRASE }) });
    const RED = { settings: {}, nodes: { getNode, eachNode: () => undefined } };
    const context = { RED: RED as unknown as NodeAPI };
    const identity = await readIdentity(context, { trust: 'system', identity: 'tls-config', tlsConfig: 'tls' });
    assert.ok(identity?.secretKey.equals(client.privateKey));
  });

  it('is not read where no client certificate is shown', async () => {
    assert.equal(await readIdentity({ RED }, { ...settings('nothing.p12'), security: 'server' }), undefined);
  });

  it('is among the files that are watched', () => {
    assert.deepEqual(materialFiles(RED, settings('client.p12')), [join(folder, 'client.p12')]);
    assert.deepEqual(materialFiles(RED, { ...settings('client.p12'), security: 'server' }), []);
  });
});

describe('identity from files and texts', () => {
  const folder = temporaryFolder();
  const RED = { settings: { userDir: folder } } as unknown as NodeAPI;
  let certPem: string;
  let keyPem: string;

  before(async () => {
    const { certificate, privateKey } = await makeLeaf(await makeRoot(), { profile: 'client', names: [] });
    certPem = certificate.pem;
    keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    writeFileSync(join(folder, 'cert.pem'), certPem);
    writeFileSync(join(folder, 'key.pem'), keyPem);
  });

  const refused: [string, () => Partial<MaterialSettings>, () => string | undefined, ErrorCode][] = [
    ['a key file alone', () => ({ identity: 'file', keyFile: 'key.pem' }), () => undefined, 'CERT_ABSENT'],
    ['a certificate file alone', () => ({ identity: 'file', certFile: 'cert.pem' }), () => undefined, 'KEY_ABSENT'],
    ['no file', () => ({ identity: 'file' }), () => undefined, 'INPUT_CONFIG'],
    ['a key text alone', () => ({ identity: 'pem', certPem: ' ' }), () => keyPem, 'CERT_ABSENT'],
    ['a certificate text alone', () => ({ identity: 'pem', certPem }), () => ' ', 'KEY_ABSENT'],
    ['no text', () => ({ identity: 'pem' }), () => undefined, 'INPUT_CONFIG'],
    ['an unknown level', () => ({ identity: 'pem', security: 'foo' as never }), () => undefined, 'INPUT_CONFIG'],
  ];
  for (const [what, more, key, code] of refused) {
    it(`refuses ${what}: ${code}`, async () => {
      const settings: MaterialSettings = { trust: 'system', identity: 'pem', security: 'mutual', ...more() };
      await rejects(() => readIdentity({ RED }, settings, { keyPem: key() }), code);
    });
  }
});
