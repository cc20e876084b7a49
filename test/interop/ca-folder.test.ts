import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyType } from '../../src/model/key-type';
import { acquireAuthority } from '../../src/ca/authority-registry';
import { judge, type ToolResult } from '../support/openssl';
import { temporaryFolder } from '../support/temporary-folder';
import { authorityOptions, deviceRequest, serverRequest } from '../support/test-authority';

/** openssl on a folder of ours; the passphrase of its key, if any. */
function openssl(...args: string[]): ToolResult {
  return judge('openssl', args);
}

function succeeds(result: ToolResult): string {
  assert.equal(result.status, 0, result.output);
  return result.output;
}

/** A folder with a server, a device, a device that was revoked and one that was renewed. */
async function filledFolder(options: { keyType?: KeyType; passphrase?: string; folderName?: string } = {}) {
  const { keyType = 'ec-p256', passphrase, folderName = 'ca' } = options;
  const userDir = temporaryFolder();
  const given = authorityOptions({
    userDir,
    folder: join(userDir, folderName),
    config: { keyType, organization: 'Home & Söhne', country: 'GB' },
    ...(passphrase && { passphrase }),
  });
  const { authority, release } = await acquireAuthority(given);
  const [server] = await authority.issue([serverRequest(['dns:broker.local', 'ip:192.168.0.10'])]);
  const [device, lost] = await authority.issue([deviceRequest('dev01'), deviceRequest('dev/02, "ä"')]);
  await authority.renew({ by: 'name', value: 'dev01' });
  await authority.revoke({ by: 'name', value: 'dev/02, "ä"' }, { reason: 'keyCompromise' });
  const { folder } = authority;
  await release();
  const reopen = () => acquireAuthority(given);
  return { folder, reopen, server: server!, device: device!, lost: lost! };
}

describe('a CA folder in the hands of OpenSSL', () => {
  const folders = [
    { keyType: 'ec-p256' as const },
    { keyType: 'ec-p384' as const },
    { keyType: 'rsa-2048' as const },
    { keyType: 'ec-p256' as const, passphrase: 'correct horse' },
    { keyType: 'ec-p256' as const, folderName: `a folder $HOME #1 'x' "y" \\z` },
  ];
  for (const folderOptions of folders) {
    const words = Object.values(folderOptions).join(', ');
    const passin = 'passphrase' in folderOptions ? ['-passin', `pass:${folderOptions.passphrase}`] : [];

    it(`makes a CRL with openssl ca -gencrl (${words})`, async () => {
      const { folder, lost } = await filledFolder(folderOptions);
      const out = join(temporaryFolder(), 'crl.pem');
      succeeds(openssl('ca', '-config', join(folder, 'openssl.cnf'), '-gencrl', '-out', out, ...passin));
      const text = succeeds(openssl('crl', '-in', out, '-noout', '-text', '-CAfile', join(folder, 'ca.pem')));
      assert.match(text, /verify OK/);
      assert.match(text, new RegExp(`Serial Number: ${lost.serialNumber}`));
      assert.match(text, /Key Compromise/);
    });
  }

  it('answers OCSP from index.txt', async () => {
    const { folder, server, device, lost } = await filledFolder();
    const file = (name: string) => join(folder, name);
    const request = join(temporaryFolder(), 'request.der');
    const serials = [server, device, lost].flatMap(({ serialNumber }) => ['-serial', `0x${serialNumber}`]);
    succeeds(openssl('ocsp', '-issuer', file('ca.pem'), ...serials, '-reqout', request));
    const responder = ['-index', file('index.txt'), '-CA', file('ca.pem'), '-rsigner', file('ca.pem')];
    const signer = ['-rkey', file('private/ca.key.pem'), '-reqin', request, '-text'];
    const answer = succeeds(openssl('ocsp', ...responder, ...signer));
    assert.equal(answer.match(/Cert Status: good/g)?.length, 2, answer);
    assert.equal(answer.match(/Cert Status: revoked/g)?.length, 1, answer);
    assert.match(answer, /keyCompromise/);
  });

  it('verifies strictly, with our CRL checked', async () => {
    const { folder, server, device, lost } = await filledFolder();
    const crl = ['-CRLfile', join(folder, 'crl.pem'), '-crl_check'];
    const verify = (serialNumber: string, purpose: string) => {
      const certificate = join(folder, 'certs', `${serialNumber}.pem`);
      const trust = ['-x509_strict', '-purpose', purpose, '-CAfile', join(folder, 'trust.pem')];
      return openssl('verify', ...trust, ...crl, certificate);
    };
    succeeds(verify(server.serialNumber, 'sslserver'));
    succeeds(verify(device.serialNumber, 'sslclient'));
    assert.match(verify(lost.serialNumber, 'sslclient').output, /certificate revoked/);
    const text = succeeds(openssl('crl', '-in', join(folder, 'crl.pem'), '-noout', '-text'));
    assert.match(text, /X509v3 CRL Number/);
    const derText = succeeds(openssl('crl', '-inform', 'DER', '-in', join(folder, 'crl.der'), '-noout', '-text'));
    assert.equal(derText, text);
  });

  it('keeps what openssl ca revoked, issued and counted while Node-RED was stopped', async () => {
    const { folder, reopen, device } = await filledFolder();
    const config = ['-config', join(folder, 'openssl.cnf')];
    const file = (name: string) => join(folder, name);
    const request = join(temporaryFolder(), 'request');
    const subject = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', '/CN=from outside', '-nodes'];
    succeeds(openssl('req', '-new', ...subject, '-keyout', `${request}.key`, '-out', `${request}.csr`));
    succeeds(openssl('ca', ...config, '-batch', '-notext', '-in', `${request}.csr`, '-out', `${request}.pem`));
    const revoked = file(`certs/${device.serialNumber}.pem`);
    succeeds(openssl('ca', ...config, '-revoke', revoked, '-crl_reason', 'CACompromise'));
    succeeds(openssl('ca', ...config, '-gencrl', '-out', file('crl.pem')));
    const counted = Number.parseInt(readFileSync(file('crlnumber'), 'utf8'), 16);

    const { authority, release } = await reopen();
    const outside = authority.find({ by: 'name', value: 'from outside' });
    assert.equal(outside.profile, 'client');
    assert.equal(authority.statusOf(outside.serialNumber), 'valid');
    assert.equal(authority.list({ status: 'revoked' }).total, 2);
    const entry = authority.find({ by: 'serial', value: device.serialNumber });
    assert.equal(entry.reason, 'cACompromise');
    const { number, pem } = await authority.crl();
    assert.ok(Number(number) >= counted - 1);
    // crl.der was of the list before: a new one replaces both.
    await authority.revoke({ by: 'name', value: 'from outside' });
    const after = await authority.crl();
    assert.ok(Number(after.number) >= counted, `${after.number} after ${counted}`);
    assert.notEqual(after.pem, pem);
    await release();
    succeeds(openssl('ca', ...config, '-gencrl', '-out', file('crl.pem')));
    const text = succeeds(openssl('crl', '-in', file('crl.pem'), '-noout', '-text'));
    assert.equal(text.match(/Serial Number: /g)?.length, 3, text);
  });

  it('is not spoiled by a torn last line', async () => {
    const { folder, reopen, device } = await filledFolder();
    const index = join(folder, 'index.txt');
    const whole = readFileSync(index, 'utf8');
    const lines = whole.split('\n').filter((line) => line.startsWith('V'));
    const last = lines.at(-1) as string;
    writeFileSync(index, whole.replace(`${last}\n`, '') + last.slice(0, 60));
    const { authority, release } = await reopen();
    assert.equal(authority.list().total, 4);
    assert.equal(authority.statusOf(device.serialNumber), 'valid');
    await release();
    const out = join(temporaryFolder(), 'crl.pem');
    succeeds(openssl('ca', '-config', join(folder, 'openssl.cnf'), '-gencrl', '-out', out));
    assert.equal(readFileSync(index, 'utf8').split('\n').length, whole.split('\n').length);
  });
});
