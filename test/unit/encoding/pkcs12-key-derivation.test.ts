import assert from 'node:assert/strict';
import { derivePkcs12, type Pkcs12Derivation } from '../../../src/encoding/pkcs12-key-derivation';
import { bmpForms, utf8Forms } from '../../../src/encoding/pkcs12-password';

/** The vectors that went round on the mailing list of PKCS when the standard was young; Bouncy Castle tests with them. */
const VECTORS: [
  secretPassword: string,
  purpose: Pkcs12Derivation['purpose'],
  rounds: number,
  salt: string,
  made: string,
][] = [
  ['smeg', 'key', 1, '0a58cf64530d823f', '8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3'],
  ['smeg', 'iv', 1, '0a58cf64530d823f', '79993dfe048d3b76'],
  ['smeg', 'key', 1, '642b99ab44fb4b1f', 'f3a95fec48d7711e985cfe67908c5ab79fa3d7c5caa5d966'],
  ['smeg', 'iv', 1, '642b99ab44fb4b1f', 'c0a38d64a79bea1d'],
  ['smeg', 'mac', 1, '3d83c0e4546ac140', '8d967d88f6caa9d714800ab3d48051d63f73a312'],
  ['queeg', 'key', 1000, '05dec959acff72f7', 'ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4'],
  ['queeg', 'iv', 1000, '05dec959acff72f7', '11dedad7758d4860'],
  ['queeg', 'key', 1000, '1682c0fc5b3f7ec5', '483dd6e919d7de2e8e648ba8f862f3fbfbdc2bcb2c02957f'],
  ['queeg', 'iv', 1000, '1682c0fc5b3f7ec5', '9d461d1b00355c50'],
  ['queeg', 'mac', 1000, '263216fcc2fab31c', '5ec4c7a80df652294c3925b6489a7ab857c83476'],
];

describe('key derivation of PKCS#12', () => {
  for (const [text, purpose, rounds, salt, made] of VECTORS) {
    it(`${purpose} of "${text}", ${rounds} rounds, salt ${salt}`, async () => {
      const [secretPassword = Buffer.alloc(0)] = bmpForms(text);
      const length = made.length / 2;
      const source = { hash: 'sha1', purpose, secretPassword, salt: Buffer.from(salt, 'hex'), rounds, length } as const;
      assert.equal((await derivePkcs12(source)).toString('hex'), made);
    });
  }

  it('takes no salt and no password', async () => {
    const nothing = Buffer.alloc(0);
    const source = {
      hash: 'sha512',
      purpose: 'mac',
      secretPassword: nothing,
      salt: nothing,
      rounds: 2,
      length: 200,
    } as const;
    assert.equal((await derivePkcs12(source)).length, 200);
  });

  it('lets others work in between', async () => {
    const turns: string[] = [];
    const source = {
      hash: 'sha256',
      purpose: 'mac',
      secretPassword: Buffer.alloc(2),
      salt: Buffer.alloc(8),
      length: 32,
    } as const;
    const long = derivePkcs12({ ...source, rounds: 20_000 }).then(() => turns.push('derived'));
    setImmediate(() => turns.push('another'));
    await long;
    assert.deepEqual(turns, ['another', 'derived']);
  });
});

describe('forms of a passphrase', () => {
  const hexOf = (forms: Buffer[]) => forms.map((form) => form.toString('hex'));
  const rows: [text: string | undefined, bmp: string[], utf8: string[]][] = [
    ['ab', ['006100620000'], ['6162', '006100620000']],
    ['ü', ['00fc0000', '00c300bc0000'], ['c3bc', '00fc0000', 'fc']],
    ['😀', ['d83dde000000', '00f0009f009800800000'], ['f09f9880', 'd83dde000000', '3d00']],
    ['', ['', '0000'], ['', '0000']],
    [undefined, ['', '0000'], ['', '0000']],
  ];
  for (const [text, bmp, utf8] of rows) {
    it(JSON.stringify(text) ?? 'none', () => {
      assert.deepEqual(hexOf(bmpForms(text)), bmp);
      assert.deepEqual(hexOf(utf8Forms(text)), utf8);
    });
  }
});
