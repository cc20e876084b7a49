import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { codedError, warning } from '../../../src/model/errors';
import { factsWithoutKeys, shownValue, withoutKeys } from '../../../src/model/shown-value';
import { Canaries } from '../../support/canary';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const canaries = new Canaries().addKey('key', privateKey);
const FORMS: [form: string, pem: string][] = [
  ['PKCS#8', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
  ['SEC1', privateKey.export({ type: 'sec1', format: 'pem' }) as string],
];

describe('a private key that is sent where a name belongs', () => {
  for (const [form, pem] of FORMS) {
    for (const [how, text] of [
      ['alone', pem],
      ['behind a name', `broker ${pem}`],
      ['cut off', pem.slice(0, 120)],
      ['between certificates', `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----`],
      ['twice', pem + pem],
      ['in CR LF', pem.replaceAll('\n', '\r\n')],
    ] as const) {
      it(`${form}, ${how}: stands in no part of an error`, () => {
        const facts = { value: text, [`field`]: [text, { deep: text }], count: 3 };
        const error = codedError('CERT_NOT_FOUND', `nothing is named ${shownValue(text)}, ${text}`, facts);
        const body = pem.split('\n')[1]!.slice(0, 40);
        for (const seen of [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error.toWarning())]) {
          assert.deepEqual(canaries.search('error', seen), []);
          assert.ok(!seen.includes(body), seen);
        }
        assert.match(error.message, /\(a private key\)/);
        assert.equal(error.cause.count, 3);
        assert.ok(!JSON.stringify(warning('CERT_STATUS', text, facts)).includes(body));
      });
    }
  }

  it('is all that is left out', () => {
    const [, pem] = FORMS[0]!;
    assert.equal(withoutKeys(`before ${pem.trim()} after`), 'before (a private key) after');
    for (const text of ['', 'PRIVATE KEY-----', '-----BEGIN PUBLIC KEY-----\nMII=\n-----END PUBLIC KEY-----']) {
      assert.equal(withoutKeys(text), text);
    }
    const facts = { a: [1, { b: 'c' }], at: new Date(0), bytes: Buffer.from('x') };
    assert.equal(factsWithoutKeys(facts), facts);
  });
});
