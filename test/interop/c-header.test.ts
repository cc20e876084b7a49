import assert from 'node:assert/strict';
import { cHeader } from '../../src/encoding/c-header';
import { makeRoot } from '../support/certificates';
import { judge } from '../support/openssl';

describe('C header, judged by xxd', () => {
  const names = ['rootCA_certificate.der', 'SecuredDev01_key_nopass.der', '1st device-cert.der', 'ü.der', 'a'];
  for (const name of names) {
    for (const length of [0, 1, 11, 12, 13, 24, 255, 1200]) {
      it(`${name}, ${length} bytes`, () => {
        const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 7) & 0xff));
        const { stdout, output } = judge('xxd', ['-i', name], { [name]: bytes });
        assert.equal(cHeader(name, bytes), stdout.toString('latin1'), output);
      });
    }
  }

  it('a certificate', async () => {
    const { certificate } = await makeRoot();
    const { stdout } = judge('xxd', ['-i', 'rootCA_certificate.der'], { 'rootCA_certificate.der': certificate.der });
    assert.equal(cHeader('rootCA_certificate.der', certificate.der), stdout.toString());
  });
});
