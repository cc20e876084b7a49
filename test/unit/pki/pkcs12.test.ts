import assert from 'node:assert/strict';
import { der } from '../../../src/encoding/der-writer';
import { encrypt3Des } from '../../../src/encoding/pkcs12-encryption';
import { OID } from '../../../src/encoding/pkcs12-identifiers';
import { readPkcs12, type Pkcs12 } from '../../../src/pki/pkcs12';
import { secretPrivateKeyDer } from '../../../src/pki/private-key';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { rejects } from '../../support/coded-error';
import { PASSPHRASE, RawPkcs12 } from '../../support/raw-pkcs12';

const raw = new RawPkcs12();
const commonNames = (list: Pkcs12['chain']) => list.map(({ subject }) => subject.commonName);
const codes = ({ warnings }: Pkcs12) => warnings.map(({ code }) => code);

describe('PKCS#12 file', () => {
  let root: KeyedCertificate;
  let intermediate: KeyedCertificate;
  let leaf: KeyedCertificate;
  let stranger: KeyedCertificate;
  before(async () => {
    root = await makeRoot();
    intermediate = await makeIntermediate(root);
    leaf = await makeLeaf(intermediate, { profile: 'device', commonName: 'dev01', names: [] });
    stranger = await makeRoot({ commonName: 'Stranger' });
  });

  const keyBag = ({ privateKey }: KeyedCertificate, name?: string) =>
    raw.keyBag(secretPrivateKeyDer(privateKey), { friendlyName: name });
  const read = async (...bags: Buffer[]) => readPkcs12(await raw.file(der.sequence(raw.data(...bags))), PASSPHRASE);

  it('finds certificate and chain in any order, and sets the rest apart', async () => {
    const certificates = [stranger, root, leaf, root, intermediate].map((one) => raw.certificateBag(one));
    const found = await read(...certificates, await keyBag(leaf, 'my key'));
    assert.equal(found.certificate?.subject.commonName, 'dev01');
    assert.deepEqual(commonNames(found.chain), ['Test CA', 'Test Root']);
    assert.deepEqual(commonNames(found.others), ['Stranger']);
    assert.deepEqual(found.trusted, []);
    assert.equal(found.friendlyName, 'my key');
    assert.deepEqual(found.warnings, []);
  });

  it('takes the name of the certificate when the key has none', async () => {
    const found = await read(await keyBag(leaf), raw.certificateBag(leaf, { friendlyName: 'dev' }));
    assert.equal(found.friendlyName, 'dev');
  });

  it('a trust store of Java, and certificates without the mark', async () => {
    const found = await read(raw.certificateBag(root, { friendlyName: 'root' }, true), raw.certificateBag(stranger));
    assert.equal(found.privateKey, undefined);
    assert.equal(found.certificate, undefined);
    assert.deepEqual(commonNames(found.trusted), ['Test Root']);
    assert.deepEqual(commonNames(found.others), ['Stranger']);
    assert.deepEqual(found.chain, []);
  });

  it('a key alone is a key without certificate', async () => {
    const found = await read(await keyBag(leaf));
    assert.ok(found.privateKey && !found.certificate);
  });

  it('nothing at all', async () => {
    assert.deepEqual(await readPkcs12(await raw.file(der.sequence()), PASSPHRASE), {
      chain: [],
      trusted: [],
      others: [],
      warnings: [],
    });
  });

  it('a key with the certificate of another one is refused, whatever its localKeyId says', async () => {
    const localKeyId = Buffer.from([1]);
    const key = await raw.keyBag(secretPrivateKeyDer(leaf.privateKey), { friendlyName: 'dev', localKeyId });
    const error = await rejects(
      () => read(key, raw.certificateBag(stranger, { localKeyId })),
      'KEY_MISMATCH',
      /Stranger/,
    );
    assert.equal(error.cause.friendlyName, 'dev');
  });

  it('the first of several keys is used, and that is said', async () => {
    const found = await read(
      await keyBag(leaf, 'one'),
      await keyBag(stranger, 'two'),
      raw.certificateBag(stranger),
      raw.certificateBag(leaf),
    );
    assert.ok(found.privateKey?.equals(leaf.privateKey));
    assert.deepEqual(codes(found), ['INPUT_AMBIGUOUS']);
    assert.deepEqual(found.warnings[0]?.cause.friendlyNames, ['one', 'two']);
  });

  describe('a damaged certificate', () => {
    const damaged = () => {
      const value = der.sequence(der.oid(OID.x509Certificate), der.explicit(0, der.octetString(Buffer.alloc(9))));
      return raw.bag(OID.certBag, value);
    };

    it('among others is a warning', async () => {
      const found = await read(damaged(), raw.certificateBag(leaf), await keyBag(leaf));
      assert.equal(found.certificate?.subject.commonName, 'dev01');
      assert.deepEqual(codes(found), ['CERT_MALFORMED']);
    });

    it('that may be the one of the key is an error', async () => {
      await rejects(async () => read(damaged(), raw.certificateBag(root), await keyBag(leaf)), 'CERT_MALFORMED');
    });
  });

  it('a damaged key is refused by its own code', async () => {
    const key = await raw.keyBag(der.sequence(der.integer(0)));
    await rejects(() => read(key, raw.certificateBag(leaf)), 'KEY_MALFORMED');
  });

  it('weak protection is said once, with all that is weak', async () => {
    const contents = der.sequence(
      await raw.encrypted(der.sequence(raw.certificateBag(leaf)), encrypt3Des),
      await raw.encrypted(der.sequence(raw.certificateBag(root)), encrypt3Des),
    );
    const found = await readPkcs12(await raw.file(contents, 'none'), PASSPHRASE);
    assert.deepEqual(found.warnings.map(({ code, message }) => [code, message]), [['P12_WEAK', 'the PKCS#12 file is weakly protected: no MAC, 3DES']]); // prettier-ignore
  });
});
