import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import forge from 'node-forge';
import { decryptRc2 } from '../../../src/encoding/foreign-pkcs12';
import { CHECKOUT } from '../../support/runtimes';

function encryptRc2(plain: Buffer, secretKey: Buffer, iv: Buffer, effectiveBits: number): Buffer {
  const cipher = forge.rc2.createEncryptionCipher(secretKey.toString('latin1'), effectiveBits);
  cipher.start(iv.toString('latin1'));
  cipher.update(forge.util.createBuffer(plain.toString('latin1')));
  cipher.finish();
  return Buffer.from(cipher.output.getBytes(), 'latin1');
}

describe('RC2', () => {
  for (const effectiveBits of [40, 128]) {
    it(`with ${effectiveBits} bits, any length`, async () => {
      for (const length of [0, 1, 7, 8, 9, 1000]) {
        const [plain, secretKey, iv] = [randomBytes(length), randomBytes(effectiveBits / 8), randomBytes(8)];
        const data = encryptRc2(plain, secretKey, iv, effectiveBits);
        assert.deepEqual(await decryptRc2(data, { secretKey, iv, effectiveBits }), plain);
      }
    });
  }

  it('a wrong key gives nothing, or once in 256 times something else', async () => {
    const [plain, secretKey, iv] = [Buffer.alloc(64, 7), randomBytes(5), randomBytes(8)];
    const data = encryptRc2(plain, secretKey, iv, 40);
    for (let round = 0; round < 50; round++) {
      const found = await decryptRc2(data, { secretKey: randomBytes(5), iv, effectiveBits: 40 });
      assert.notDeepEqual(found, plain);
    }
  });

  it('is all that node-forge is loaded for', () => {
    const program = `
      const loaded = () => Object.keys(require.cache).some((file) => /node_modules.node-forge/.test(file));
      require('./src/pki/pkcs12');
      require('./src/pki/key-store');
      const before = loaded();
      require('./src/encoding/foreign-pkcs12')
        .decryptRc2(Buffer.alloc(8), { secretKey: Buffer.alloc(5), iv: Buffer.alloc(8), effectiveBits: 40 })
        .then(() => console.log(before, loaded()));`;
    const args = ['--require', join(CHECKOUT, 'node_modules', 'tsx', 'dist', 'cjs', 'index.cjs'), '-e', program];
    assert.equal(execFileSync(process.execPath, args, { cwd: CHECKOUT, encoding: 'utf8' }).trim(), 'false true');
  });
});
