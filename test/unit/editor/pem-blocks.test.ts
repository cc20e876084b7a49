import assert from 'node:assert/strict';
import { holdsPrivateKey, pemBlocks } from '../../../src/editor/pem-blocks';

const block = (label: string, end = '\n') => [`-----BEGIN ${label}-----`, 'AAAA', `-----END ${label}-----`].join(end);

describe('the blocks of a PEM file', () => {
  it('are sorted, in their order', () => {
    const [first, second] = [block('CERTIFICATE'), block('CERTIFICATE').replace('AAAA', 'BBBB')];
    const text = ['subject=CN = x', first, block('PRIVATE KEY'), second, ''].join('\n');
    assert.deepEqual(pemBlocks(text), {
      certificates: `${first}\n${second}\n`,
      secretKeys: `${block('PRIVATE KEY')}\n`,
    });
  });

  it('get the line ends that every reader takes', () => {
    assert.equal(pemBlocks(block('CERTIFICATE', '\r\n')).certificates, `${block('CERTIFICATE')}\n`);
  });

  for (const label of ['EC PRIVATE KEY', 'RSA PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'PRIVATE KEY']) {
    it(`${label} is a private key`, () => {
      assert.ok(holdsPrivateKey(block(label)));
      assert.ok(holdsPrivateKey(`-----BEGIN ${label}-----\ncut off`));
      assert.equal(pemBlocks(block(label)).certificates, '');
    });
  }

  it('none are found in other texts', () => {
    assert.deepEqual(pemBlocks('hello\n-----BEGIN CERTIFICATE-----\nAAAA'), { certificates: '', secretKeys: '' });
    assert.ok(!holdsPrivateKey(block('PUBLIC KEY')));
  });
});
