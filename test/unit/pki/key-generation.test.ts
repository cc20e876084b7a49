import assert from 'node:assert/strict';
import type { KeyType } from '../../../src/model/key-type';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { keyTypeOf } from '../../../src/pki/private-key';
import { newSerialNumber } from '../../../src/pki/serial-number-source';
import { rejects } from '../../support/coded-error';

describe('key generation', () => {
  for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072'] as const) {
    it(`makes ${keyType}`, async () => {
      const key = await generatePrivateKey(keyType);
      assert.equal(key.type, 'private');
      assert.equal(keyTypeOf(key), keyType);
    });
  }

  it('uses 65537 as the exponent of RSA keys', async () => {
    assert.equal((await generatePrivateKey('rsa-2048')).asymmetricKeyDetails?.publicExponent, 65537n);
  });

  for (const bad of ['rsa-1024', 'ed25519', '', undefined, 'constructor', {}]) {
    it(`refuses ${JSON.stringify(bad)}`, () => rejects(() => generatePrivateKey(bad as KeyType), 'INPUT_KEY_TYPE'));
  }
});

describe('serial number source', () => {
  const table: [fill: number, first: string][] = [
    [0x00, '01'],
    [0x01, '02'],
    [0x7e, '7F'],
    [0x7f, '01'],
    [0xff, '02'],
  ];
  for (const [fill, first] of table) {
    it(`makes the first octet ${first} of ${fill}`, () => {
      const serial = newSerialNumber((size) => Buffer.alloc(size, fill));
      assert.match(serial, /^[0-9A-F]{40}$/);
      assert.equal(serial.slice(0, 2), first);
    });
  }

  it('does not repeat itself', () => {
    assert.equal(new Set(Array.from({ length: 1000 }, () => newSerialNumber())).size, 1000);
  });
});
