import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openPkcs12 } from '../../../src/encoding/pkcs12-reader';
import { secretKeyStore, trustStore } from '../../../src/pki/key-store';
import { readPkcs12 } from '../../../src/pki/pkcs12';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { Canaries } from '../../support/canary';
import { rejects } from '../../support/coded-error';

const PASSPHRASE = 'nothing but a test';

describe('key store', () => {
  let root: KeyedCertificate;
  let intermediate: KeyedCertificate;
  let leaf: KeyedCertificate;
  let other: KeyedCertificate;
  before(async () => {
    root = await makeRoot();
    intermediate = await makeIntermediate(root);
    leaf = await makeLeaf(intermediate, { commonName: 'one' });
    other = await makeLeaf(intermediate, { commonName: 'two' });
  });
  const entry = (alias: string, keyed: KeyedCertificate) => ({
    alias,
    ...keyed,
    chain: [intermediate.certificate, root.certificate],
  });

  for (const legacy of [false, true]) {
    describe(legacy ? 'legacy' : 'modern', () => {
      it('holds key, certificate, chain and alias', async () => {
        const store = await secretKeyStore([entry('Gerät 1', leaf)], { secretPassphrase: PASSPHRASE, legacy });
        const found = await readPkcs12(store, PASSPHRASE);
        assert.ok(found.privateKey?.equals(leaf.privateKey));
        assert.ok(found.certificate?.equals(leaf.certificate));
        assert.deepEqual(found.chain.map(({ pem }) => pem), [intermediate, root].map(({ certificate }) => certificate.pem)); // prettier-ignore
        assert.equal(found.friendlyName, 'Gerät 1');
        assert.deepEqual(found.warnings.map(({ code }) => code), legacy ? ['P12_WEAK'] : []); // prettier-ignore
      });

      it('joins each of several keys to its certificate, and holds a common chain once', async () => {
        const store = await secretKeyStore([entry('one', leaf), entry('two', other)], {
          secretPassphrase: PASSPHRASE,
          legacy,
        });
        const { bags } = await openPkcs12(store, PASSPHRASE);
        const ids = (kind: string) =>
          bags.filter((bag) => bag.kind === kind).map((bag) => bag.localKeyId?.toString('hex'));
        assert.equal(new Set(ids('key')).size, 2);
        assert.deepEqual(ids('certificate'), [...ids('key'), undefined, undefined]);
      });

      it('a trust store marks every certificate', async () => {
        const entries = [
          { alias: 'root', certificate: root.certificate },
          { alias: 'ca', certificate: intermediate.certificate },
        ];
        const store = await trustStore(entries, { secretPassphrase: PASSPHRASE, legacy });
        const { bags } = await openPkcs12(store, PASSPHRASE);
        const marks = bags.map((bag) => [bag.kind, bag.friendlyName, bag.kind === 'certificate' && bag.trusted]);
        assert.deepEqual(marks, [['certificate', 'root', true], ['certificate', 'ca', true]]); // prettier-ignore
      });

      it('shows neither key nor passphrase nor certificate', async () => {
        const store = await secretKeyStore([entry('one', leaf)], { secretPassphrase: PASSPHRASE, legacy });
        const canaries = new Canaries().addKey('key', leaf.privateKey).addText('passphrase', PASSPHRASE);
        assert.deepEqual(canaries.search('store', store), []);
        assert.ok(!store.includes(leaf.certificate.spki));
      });
    });
  }

  it('is made of nothing but its input and the random octets', async () => {
    const make = (random: (size: number) => Buffer) =>
      secretKeyStore([entry('one', leaf)], { secretPassphrase: PASSPHRASE, random });
    assert.deepEqual(await make((size) => Buffer.alloc(size, 1)), await make((size) => Buffer.alloc(size, 1)));
    assert.notDeepEqual(await make(randomBytes), await make(randomBytes));
  });

  it('refuses a key of another certificate', async () => {
    const wrong = { ...entry('one', leaf), privateKey: other.privateKey };
    await rejects(() => secretKeyStore([wrong], { secretPassphrase: PASSPHRASE }), 'KEY_MISMATCH', /"one"/);
  });

  for (const [what, secretPassphrase] of [
    ['none', ''],
    ['one of 1025 bytes', 'ü'.repeat(512) + 'x'],
  ] as const) {
    it(`refuses a passphrase: ${what}`, async () => {
      await rejects(() => secretKeyStore([entry('one', leaf)], { secretPassphrase }), 'INPUT_PASSPHRASE');
      await rejects(async () => trustStore([], { secretPassphrase }), 'INPUT_PASSPHRASE');
    });
  }
});
