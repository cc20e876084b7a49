import assert from 'node:assert/strict';
import {
  checkDistinguishedName,
  toOpensslOneLine,
  toRfc4514,
  type DistinguishedName,
} from '../../../src/model/distinguished-name';
import { refuses } from '../../support/coded-error';

describe('distinguished name', () => {
  const accepted: [given: DistinguishedName, expected: DistinguishedName][] = [
    [{ commonName: ' broker ' }, { commonName: 'broker' }],
    [{ commonName: 'a', organization: '  ', locality: '' }, { commonName: 'a' }],
    [{ country: 'gb' }, { country: 'GB' }],
    [{ commonName: 'x'.repeat(64) }, { commonName: 'x'.repeat(64) }],
    [{ commonName: '😀'.repeat(64) }, { commonName: '😀'.repeat(64) }],
    [{ locality: 'Mu\u0308nchen' }, { locality: 'M\u00fcnchen' }],
    [{ state: 'x'.repeat(128) }, { state: 'x'.repeat(128) }],
    [{ unknown: 'ignored' } as DistinguishedName, {}],
    [{ commonName: null as unknown as string }, {}],
  ];
  for (const [given, expected] of accepted) {
    it(`accepts ${JSON.stringify(given).slice(0, 60)}`, () => {
      assert.deepEqual(checkDistinguishedName(given), expected);
    });
  }

  const refused: [given: DistinguishedName, code: 'INPUT_COMMON_NAME' | 'INPUT_SUBJECT', words: RegExp][] = [
    [{ commonName: 'x'.repeat(65) }, 'INPUT_COMMON_NAME', /65 characters, at most 64/],
    [{ commonName: 'x'.repeat(1_000_000) }, 'INPUT_COMMON_NAME', /1000000 characters/],
    [{ commonName: 'a\nb' }, 'INPUT_COMMON_NAME', /control character/],
    [{ commonName: 'a\0' }, 'INPUT_COMMON_NAME', /control character/],
    [{ commonName: 'a\u202Eb' }, 'INPUT_COMMON_NAME', /control character/],
    [{ commonName: 'a\uD800' }, 'INPUT_COMMON_NAME', /control character/],
    [{ commonName: 5 as unknown as string }, 'INPUT_COMMON_NAME', /not a text/],
    [{ country: 'GBR' }, 'INPUT_SUBJECT', /two letters/],
    [{ country: 'G1' }, 'INPUT_SUBJECT', /two letters/],
    [{ country: 'ÄÖ' }, 'INPUT_SUBJECT', /two letters/],
    [{ organization: 'x'.repeat(65) }, 'INPUT_SUBJECT', /organization/],
    [{ organizationalUnit: 'x'.repeat(65) }, 'INPUT_SUBJECT', /at most 64/],
    [{ state: 'x'.repeat(129) }, 'INPUT_SUBJECT', /at most 128/],
  ];
  for (const [given, code, words] of refused) {
    it(`refuses ${JSON.stringify(given).slice(0, 40)}`, () => {
      const error = refuses(() => checkDistinguishedName(given), code, words);
      assert.equal(error.cause.field, Object.keys(given)[0]);
      assert.ok(error.hint);
    });
  }

  const texts: [name: DistinguishedName, rfc4514: string, oneLine: string][] = [
    [
      {
        commonName: 'dev01',
        organization: 'Home',
        organizationalUnit: 'OU',
        locality: 'L',
        state: 'ST',
        country: 'GB',
      },
      'CN=dev01,OU=OU,O=Home,L=L,ST=ST,C=GB',
      '/C=GB/ST=ST/L=L/O=Home/OU=OU/CN=dev01',
    ],
    [{ commonName: 'a,b+c"d\\e<f>g;h' }, 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h', '/CN=a,b+c"d\\e<f>g;h'],
    [{ commonName: '#1 x' }, 'CN=\\#1 x', '/CN=#1 x'],
    [{ commonName: 'Zoë' }, 'CN=Zoë', '/CN=Zo\\xC3\\xAB'],
    [{}, '', ''],
  ];
  for (const [name, rfc4514, oneLine] of texts) {
    it(`writes ${rfc4514 || 'the empty name'}`, () => {
      assert.equal(toRfc4514(name), rfc4514);
      assert.equal(toOpensslOneLine(name), oneLine);
    });
  }
});
