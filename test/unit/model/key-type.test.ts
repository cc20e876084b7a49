import assert from 'node:assert/strict';
import { KEY_TYPES, keyTypeName } from '../../../src/model/key-type';

describe('the name of a key type', () => {
  it('is as people write it', () => {
    assert.deepEqual(KEY_TYPES.map(keyTypeName), ['EC P-256', 'EC P-384', 'RSA 2048', 'RSA 3072', 'RSA 4096']);
  });

  for (const [found, name] of [
    ['ec-p521', 'EC P-521'],
    ['rsa-1024', 'RSA 1024'],
    ['ed25519', 'ed25519'],
    ['', ''],
  ] as const) {
    it(`of a foreign key: ${found || 'none'}`, () => assert.equal(keyTypeName(found), name));
  }
});
