import assert from 'node:assert/strict';
import { expandLabel, RecordDecryption } from '../../../src/tls/record-decryption';

describe('record decryption', () => {
  // RFC 8448 §3, "derive write traffic keys for handshake data" of the server.
  const secret = Buffer.from('b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38', 'hex');

  it('derives the keys of RFC 8448', () => {
    assert.equal(expandLabel('sha256', secret, 'key', 16).toString('hex'), '3fce516009c21727d0f2e4e86ee403bc');
    assert.equal(expandLabel('sha256', secret, 'iv', 12).toString('hex'), '5d313eb2671276ee13000b30');
  });

  it('gives up on unknown suites, missing secrets and records that do not authenticate', () => {
    assert.equal(RecordDecryption.start(0xc02b, secret), undefined);
    assert.equal(RecordDecryption.start(undefined, secret), undefined);
    assert.equal(RecordDecryption.start(0x1301, undefined), undefined);
    const decryption = RecordDecryption.start(0x1301, secret);
    for (const length of [0, 16, 17, 400]) {
      const record = { type: 23, header: Buffer.from([23, 3, 3, 0, length]), fragment: Buffer.alloc(length, 9) };
      assert.equal(decryption?.open(record), undefined);
    }
  });
});
