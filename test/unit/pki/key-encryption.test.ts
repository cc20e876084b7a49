import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { createHook } from 'node:async_hooks';
import { readDer } from '../../../src/encoding/der-reader';
import { decodePem } from '../../../src/encoding/pem';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { openPrivateKey, secretStoredKeyPem, StoredKeyForm } from '../../../src/pki/key-encryption';
import { readPrivateKey, secretPrivateKeyDer, secretPrivateKeyPem } from '../../../src/pki/private-key';
import { rejects } from '../../support/coded-error';
import { judge } from '../../support/openssl';

const PASSPHRASE = 'Größe – nothing but a test';

describe('encrypting a key for a folder', () => {
  for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
    it(`${keyType}: we, Node and openssl open it with the passphrase, and only with it`, async () => {
      const key = await generatePrivateKey(keyType);
      const pem = await secretStoredKeyPem(key, PASSPHRASE);
      assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
      assert.ok(readPrivateKey(pem, PASSPHRASE).equals(key));
      assert.ok(createPrivateKey({ key: pem, passphrase: PASSPHRASE }).equals(key));
      await rejects(() => Promise.resolve().then(() => readPrivateKey(pem, 'wrong')), 'KEY_PASSPHRASE_WRONG');
      const args = ['pkey', '-in', 'k.pem', '-passin', `pass:${PASSPHRASE}`, '-noout', '-check'];
      assert.match(judge('openssl', args, { 'k.pem': pem }).output, /valid/i);
    });
  }

  it('without a passphrase the key is in clear, and an endless one is refused', async () => {
    const key = await generatePrivateKey('ec-p256');
    for (const none of [undefined, '']) assert.match(await secretStoredKeyPem(key, none), /^-----BEGIN PRIVATE KEY/);
    await rejects(() => secretStoredKeyPem(key, 'x'.repeat(1025)), 'INPUT_PASSPHRASE');
  });

  it('no two are alike', async () => {
    const key = await generatePrivateKey('ec-p256');
    assert.notEqual(await secretStoredKeyPem(key, PASSPHRASE), await secretStoredKeyPem(key, PASSPHRASE));
  });

  it('derives in the thread pool', async () => {
    const key = await generatePrivateKey('ec-p256');
    const requests: string[] = [];
    const hook = createHook({ init: (_, type) => requests.push(type) }).enable();
    await secretStoredKeyPem(key, PASSPHRASE);
    hook.disable();
    assert.ok(requests.includes('PBKDF2REQUEST'), requests.join(' '));
  });
});

/** Salt and initialisation vector of an encrypted PKCS#8. */
function saltAndIv(pem: string): { salt: string; iv: string } {
  const [block] = decodePem(pem);
  const [algorithm] = readDer(block?.bytes ?? Buffer.alloc(0)).list('EncryptedPrivateKeyInfo');
  const [derivation, scheme] = algorithm?.children()[1]?.children() ?? [];
  return {
    salt: derivation?.children()[1]?.children()[0]?.content.toString('hex') ?? '',
    iv: scheme?.children()[1]?.content.toString('hex') ?? '',
  };
}

describe('the form of the keys of a batch', () => {
  let keys: KeyObject[];

  before(async () => {
    keys = await Promise.all(Array.from({ length: 8 }, () => generatePrivateKey('ec-p256')));
  });

  const writtenAs = (form: StoredKeyForm) => Promise.all(keys.map((key) => form.secretPem(secretPrivateKeyDer(key))));

  it('has one derivation, one salt, and an initialisation vector for each; openssl and we open every one', async () => {
    const requests: string[] = [];
    const hook = createHook({ init: (_, type) => requests.push(type) }).enable();
    const pems = await writtenAs(new StoredKeyForm(PASSPHRASE));
    hook.disable();
    assert.equal(requests.filter((type) => type === 'PBKDF2REQUEST').length, 1);
    const found = pems.map(saltAndIv);
    assert.match(found[0]?.salt ?? '', /^[0-9a-f]{32}$/);
    assert.match(found[0]?.iv ?? '', /^[0-9a-f]{32}$/);
    assert.equal(new Set(found.map(({ salt }) => salt)).size, 1);
    assert.equal(new Set(found.map(({ iv }) => iv)).size, keys.length);
    for (const [index, pem] of pems.entries())
      assert.ok(readPrivateKey(pem, PASSPHRASE).equals(keys[index] as KeyObject));
    for (const pem of pems.slice(0, 2)) {
      const args = ['pkey', '-in', 'k.pem', '-passin', `pass:${PASSPHRASE}`, '-noout', '-check'];
      assert.match(judge('openssl', args, { 'k.pem': pem }).output, /valid/i);
    }
  });

  it('no two batches share a salt', async () => {
    const batches = [await writtenAs(new StoredKeyForm(PASSPHRASE)), await writtenAs(new StoredKeyForm(PASSPHRASE))];
    const salts = batches.flat().map((pem) => saltAndIv(pem).salt);
    assert.equal(new Set(salts).size, 2);
  });

  it('in clear it is what OpenSSL writes', async () => {
    const pems = await writtenAs(new StoredKeyForm(undefined));
    assert.deepEqual(
      pems,
      keys.map((key) => secretPrivateKeyPem(key)),
    );
  });

  for (const passphrase of [PASSPHRASE, '', 'x'.repeat(1025)]) {
    it(`wipes what it was given, with a passphrase of ${passphrase.length} characters`, async () => {
      const secret = secretPrivateKeyDer(keys[0] as KeyObject);
      await new StoredKeyForm(passphrase).secretPem(secret).catch(() => undefined);
      assert.ok(secret.every((octet) => octet === 0));
    });
  }
});

describe('opening a key of somebody else', () => {
  const made = (key: KeyObject, ...options: string[]) => {
    const args = ['pkcs8', '-topk8', ...options, '-in', 'k.pem', '-passout', 'pass:secret'];
    const { output } = judge('openssl', args, { 'k.pem': secretPrivateKeyPem(key) });
    return output.slice(output.indexOf('-----BEGIN'));
  };
  for (const [name, options, inPool] of [
    ['AES, SHA-256', ['-v2', 'aes-256-cbc', '-iter', '50000'], true],
    ['3DES, SHA-1', ['-v2', 'des3', '-v2prf', 'hmacWithSHA1'], true],
    ['AES-128, SHA-512', ['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA512'], true],
    ['scrypt', ['-scrypt'], false],
    ['no encryption', ['-nocrypt'], false],
  ] as const) {
    it(`${name}: with the passphrase, and only with it${inPool ? ', in the thread pool' : ''}`, async () => {
      const key = await generatePrivateKey('ec-p256');
      const pem = made(key, ...options);
      const requests: string[] = [];
      const hook = createHook({ init: (_, type) => requests.push(type) }).enable();
      const opened = await openPrivateKey(pem, 'secret').finally(() => hook.disable());
      assert.ok(opened.equals(key));
      assert.equal(requests.includes('PBKDF2REQUEST'), inPool);
      if (name === 'no encryption') return;
      await rejects(() => openPrivateKey(pem, 'wrong'), 'KEY_PASSPHRASE_WRONG');
      await rejects(() => openPrivateKey(pem, undefined), 'KEY_ENCRYPTED');
    });
  }
});
