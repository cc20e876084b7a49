import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { decryptRc2, decryptRc2Blocks } from '../../../src/encoding/rc2';

function encryptRc2(plain: Buffer, secretKey: Buffer, iv: Buffer, effectiveBits: number): Buffer {
  const cipher = forge.rc2.createEncryptionCipher(secretKey.toString('latin1'), effectiveBits);
  cipher.start(iv.toString('latin1'));
  cipher.update(forge.util.createBuffer(plain.toString('latin1')));
  cipher.finish();
  return Buffer.from(cipher.output.getBytes(), 'latin1');
}

describe('RC2', () => {
  const long = '88bca90e90875a7f0f79c384627bafb2';
  const vectors: [effectiveBits: number, key: string, plain: string, cipher: string][] = [
    [63, '0000000000000000', '0000000000000000', 'ebb773f993278eff'],
    [64, 'ffffffffffffffff', 'ffffffffffffffff', '278b27e42e2f0d49'],
    [64, '3000000000000000', '1000000000000001', '30649edf9be7d2c2'],
    [64, '88', '0000000000000000', '61a8a244adacccf0'],
    [64, '88bca90e90875a', '0000000000000000', '6ccf4308974c267f'],
    [64, long, '0000000000000000', '1a807d272bbe5db1'],
    [128, long, '0000000000000000', '2269552ab0f85ca6'],
    [129, `${long}16f80a6f85920584c42fceb0be255daf1e`, '0000000000000000', '5b78d3a43dfff1f1'],
  ];
  for (const [effectiveBits, key, plain, cipher] of vectors) {
    it(`gives ${plain} for ${cipher}, as RFC 2268 §5 says, with ${effectiveBits} of ${key.length * 4} bits`, () => {
      const [secretKey, iv] = [Buffer.from(key, 'hex'), Buffer.alloc(8)];
      const found = decryptRc2Blocks(Buffer.from(cipher, 'hex'), { secretKey, iv, effectiveBits });
      assert.equal(found.toString('hex'), plain);
    });
  }

  for (const effectiveBits of [40, 128]) {
    it(`opens what node-forge has encrypted with ${effectiveBits} bits, of any length`, () => {
      for (const length of [0, 1, 7, 8, 9, 1000]) {
        const [plain, secretKey, iv] = [randomBytes(length), randomBytes(effectiveBits / 8), randomBytes(8)];
        const data = encryptRc2(plain, secretKey, iv, effectiveBits);
        assert.deepEqual(decryptRc2(data, { secretKey, iv, effectiveBits }), plain);
      }
    });
  }

  it('a wrong key gives nothing, or once in 256 times something else', () => {
    const [plain, secretKey, iv] = [Buffer.alloc(64, 7), randomBytes(5), randomBytes(8)];
    const data = encryptRc2(plain, secretKey, iv, 40);
    for (let round = 0; round < 50; round++) {
      const found = decryptRc2(data, { secretKey: randomBytes(5), iv, effectiveBits: 40 });
      assert.notDeepEqual(found, plain);
    }
  });
});
