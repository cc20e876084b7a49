import assert from 'node:assert/strict';
import { slug } from '../../../src/model/slug';

describe('slug', () => {
  const table: [name: string, expected: string][] = [
    ['Mosquitto Root CA', 'mosquitto-root-ca'],
    ['  Zoë’s Straße 7! ', 'zoe-s-strasse-7'],
    ['../../etc/passwd', 'etc-passwd'],
    ['CON', 'ca-con'],
    ['lpt1', 'ca-lpt1'],
    ['com10', 'com10'],
    ['a'.repeat(100), 'a'.repeat(48)],
    [`${'a'.repeat(47)} b`, 'a'.repeat(47)],
  ];
  for (const [name, expected] of table) it(`makes ${expected}`, () => assert.equal(slug(name), expected));

  it('is never empty, and different for different names without Latin letters', () => {
    const names = ['', '...', '证书', '认证'].map(slug);
    assert.ok(names.every((name) => /^ca-[0-9a-f]{8}$/.test(name)));
    assert.equal(new Set(names).size, names.length);
    assert.equal(slug('证书'), slug('证书'));
  });
});
