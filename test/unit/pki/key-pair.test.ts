import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { newKeyPair, spkiWithin } from '../../../src/pki/key-pair';
import { readPrivateKey, secretPrivateKeyDer } from '../../../src/pki/private-key';
import { spkiOf } from '../../../src/pki/public-key';
import { judge } from '../../support/openssl';

describe('a new key pair', () => {
  for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
    it(`${keyType}: its public half is what OpenSSL writes`, async () => {
      const { secretKey, secretPkcs8 } = await newKeyPair(keyType);
      assert.ok(readPrivateKey(secretPkcs8).equals(secretKey));
      assert.deepEqual(spkiOf(secretKey), createPublicKey(secretKey).export({ type: 'spki', format: 'der' }));
      const { output } = judge('openssl', ['pkey', '-inform', 'DER', '-in', 'k', '-pubout'], { k: secretPkcs8 });
      assert.equal(output.trim(), createPublicKey(secretKey).export({ type: 'spki', format: 'pem' }).toString().trim());
    });
  }

  it('is read out of the private key, not exported once more', async () => {
    const { secretKey, secretPkcs8 } = await newKeyPair('ec-p256');
    const spki = spkiOf(secretKey);
    assert.deepEqual(spki, spkiWithin(secretPkcs8));
    assert.equal(spkiOf(secretKey), spki, 'remembered');
  });

  it('an RSA key and an EC key without its public half say nothing', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    assert.equal(spkiWithin(secretPrivateKeyDer(rsa)), undefined);
    const ec = secretPrivateKeyDer(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    // PKCS#8 as mbedTLS can write it: version, algorithm, and an ECPrivateKey of version and number alone.
    const algorithm = ec.subarray(6, 27);
    const inner = Buffer.concat([Buffer.from('30250201010420', 'hex'), Buffer.alloc(32, 7)]);
    const content = Buffer.concat([Buffer.from('020100', 'hex'), algorithm, Buffer.from([4, inner.length]), inner]);
    const short = Buffer.concat([Buffer.from([0x30, content.length]), content]);
    assert.equal(spkiWithin(short), undefined);
  });
});
