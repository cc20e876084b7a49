import assert from 'node:assert/strict';
import { X509Certificate, type KeyObject } from 'node:crypto';
import { der } from '../../../src/encoding/der-writer';
import { encodePem } from '../../../src/encoding/pem';
import { isCodedError } from '../../../src/model/errors';
import { formatSubjectAltName } from '../../../src/model/subject-alt-name';
import { Certificate } from '../../../src/pki/certificate';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { refuses } from '../../support/coded-error';
import { judge } from '../../support/openssl';
import { mutated, SeededRandom } from '../../support/seeded-random';
import { rawCertificate, rawName, rawExtension, rawDns, rawExtensions } from '../../support/raw-certificate';

describe('certificate', () => {
  let root: KeyedCertificate;
  let leaf: KeyedCertificate;
  let key: KeyObject;
  before(async () => {
    root = await makeRoot();
    leaf = await makeLeaf(root, {
      names: ['dns:mosquitto', 'ip:10.0.0.1', 'ip:::1', 'uri:urn:a:b', 'email:a@b.example'],
    });
    key = await generatePrivateKey('ec-p256');
  });

  it('says the same as OpenSSL', () => {
    for (const { certificate } of [root, leaf]) {
      const x509 = new X509Certificate(certificate.pem);
      assert.equal(certificate.serialNumber, x509.serialNumber);
      assert.equal(certificate.fingerprint256, x509.fingerprint256);
      assert.equal(certificate.notBefore.getTime(), new Date(x509.validFrom).getTime());
      assert.equal(certificate.notAfter.getTime(), new Date(x509.validTo).getTime());
      assert.equal(certificate.isCa, x509.ca);
      assert.ok(certificate.publicKey.equals(x509.publicKey));
      assert.ok(certificate.der.equals(x509.raw));
      const rfc4514 = ['x509', '-in', 'c.pem', '-noout', '-subject', '-nameopt', 'RFC2253'];
      const { output } = judge('openssl', rfc4514, { 'c.pem': certificate.pem });
      assert.equal(output.trim(), `subject=${certificate.subjectText}`);
      const oneLine = ['x509', '-in', 'c.pem', '-noout', '-subject', '-nameopt', 'compat'];
      assert.equal(
        judge('openssl', oneLine, { 'c.pem': certificate.pem }).output.trim(),
        `subject=${certificate.subjectOneLine}`,
      );
    }
  });

  it('has the real key usage bits and names', () => {
    assert.deepEqual(root.certificate.keyUsage, ['keyCertSign', 'cRLSign']);
    assert.equal(root.certificate.extendedKeyUsage, undefined);
    assert.deepEqual(root.certificate.basicConstraints, { ca: true, critical: true });
    assert.deepEqual(leaf.certificate.keyUsage, ['digitalSignature']);
    assert.deepEqual(leaf.certificate.extendedKeyUsage, ['serverAuth']);
    assert.deepEqual(leaf.certificate.subject, { commonName: 'mosquitto', organization: 'Test' });
    assert.deepEqual(leaf.certificate.issuer, root.certificate.subject);
    assert.equal(leaf.certificate.issuerText, 'CN=Test Root,O=Test,C=GB');
    const names = leaf.certificate.subjectAltNames.map(formatSubjectAltName);
    assert.deepEqual(names, ['dns:mosquitto', 'ip:10.0.0.1', 'ip:::1', 'uri:urn:a:b', 'email:a@b.example']);
    assert.equal(leaf.certificate.keyDescription, 'ec-p256');
    assert.equal(leaf.certificate.version, 3);
    assert.ok(root.certificate.isSelfIssued && !leaf.certificate.isSelfIssued);
    assert.equal(leaf.certificate.signatureAlgorithm.name, 'ECDSA with SHA-256');
  });

  it('knows who signed it', async () => {
    const twin = await makeRoot();
    assert.ok(leaf.certificate.isSignedBy(root.certificate));
    assert.ok(root.certificate.isSignedBy(root.certificate));
    assert.ok(!leaf.certificate.isSignedBy(twin.certificate), 'same name, other key');
    assert.ok(!root.certificate.isSignedBy(leaf.certificate));
    assert.ok(!leaf.certificate.isSignedBy(leaf.certificate));
  });

  it('reads what a workshop of 2020 made: version 1, odd names', async () => {
    const name = der.sequence(
      der.set(der.sequence(der.oid('2.5.4.3'), Buffer.from('14025afc', 'hex'))),
      der.set(der.sequence(der.oid('2.5.4.11'), der.utf8String('one'))),
      der.set(
        der.sequence(der.oid('2.5.4.11'), der.utf8String('two')),
        der.sequence(der.oid('1.2.3.4'), der.utf8String('x')),
      ),
      der.set(der.sequence(der.oid('1.2.840.113549.1.9.1'), der.ia5String('a@b'))),
    );
    const bytes = rawCertificate({ version: 1, subject: name, issuer: name, publicKey: key, signWith: key });
    const certificate = Certificate.fromDer(bytes);
    assert.equal(certificate.version, 1);
    assert.deepEqual(certificate.subject, { commonName: 'Zü', organizationalUnit: 'two' });
    assert.match(
      certificate.subjectText,
      /^emailAddress=a@b,(OU=two\+1\.2\.3\.4=#0c0178|1\.2\.3\.4=#0c0178\+OU=two),OU=one,CN=Zü$/,
    );
    assert.deepEqual(certificate.extensions, []);
    assert.ok(!certificate.isCa);
    assert.ok(certificate.isSignedBy(certificate));
  });

  it('keeps kinds of names it does not handle apart', () => {
    const names = [der.implicit(0, Buffer.alloc(0), true), rawDns('UPPER.example'), der.explicit(4, rawName('x'))];
    const bytes = rawCertificate({
      subject: rawName('x'),
      issuer: rawName('x'),
      publicKey: key,
      signWith: key,
      extensions: [rawExtensions.subjectAltName(names), rawExtension('1.2.3.4', der.nullValue(), true)],
    });
    const certificate = Certificate.fromDer(bytes);
    assert.deepEqual(certificate.subjectAltNames, [{ type: 'dns', value: 'upper.example' }]);
    assert.deepEqual(certificate.otherNames, ['otherName', 'directoryName']);
    assert.ok(certificate.extensions.some(({ oid, critical }) => oid === '1.2.3.4' && critical));
  });

  describe('files', () => {
    it('PEM and DER, one and many', async () => {
      const intermediate = (await makeIntermediate(root)).certificate;
      const both = leaf.certificate.pem + intermediate.pem;
      assert.ok(Certificate.fromPem(both).equals(leaf.certificate));
      assert.deepEqual(
        Certificate.allFromPem(both).map(({ subjectText }) => subjectText),
        [leaf.certificate.subjectText, intermediate.subjectText],
      );
      assert.ok(Certificate.fromBytes(leaf.certificate.der).equals(leaf.certificate));
      assert.ok(Certificate.fromBytes(Buffer.from(both)).equals(leaf.certificate));
      assert.equal(Certificate.allFromBytes(Buffer.from(both)).length, 2);
    });

    const refused: [what: string, bytes: () => Buffer, code: Parameters<typeof refuses>[1], words?: RegExp][] = [
      ['nothing', () => Buffer.alloc(0), 'PEM_NO_BLOCK'],
      ['text', () => Buffer.from('hello'), 'PEM_NO_BLOCK'],
      ['text that begins with 0', () => Buffer.from('0123'), 'PEM_NO_BLOCK'],
      [
        'a private key',
        () => Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })),
        'PEM_WRONG_LABEL',
        /this is a private key/,
      ],
      ['a private key in DER', () => key.export({ type: 'pkcs8', format: 'der' }), 'CERT_MALFORMED'],
      ['cut PEM', () => Buffer.from(root.certificate.pem.slice(0, 300)), 'PEM_MALFORMED'],
      ['PEM of rubbish', () => Buffer.from(encodePem('CERTIFICATE', Buffer.from('rubbish'))), 'CERT_MALFORMED'],
      ['cut DER', () => root.certificate.der.subarray(0, 200), 'CERT_MALFORMED'],
      ['DER with a byte behind', () => Buffer.concat([root.certificate.der, Buffer.from([0])]), 'CERT_MALFORMED'],
      ['megabytes', () => Buffer.concat([Buffer.from('3083200000', 'hex'), Buffer.alloc(0x200000)]), 'DER_TOO_LARGE'],
    ];
    for (const [what, bytes, code, words] of refused) {
      it(`refuses ${what}`, () => {
        refuses(() => Certificate.fromBytes(bytes()), code, words);
      });
    }
  });

  it('refuses 65 extensions and 101 parts of a name', () => {
    const make = (subject: Buffer, extensions: Buffer[]) =>
      rawCertificate({ subject, issuer: rawName('x'), publicKey: key, signWith: key, extensions });
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => rawExtension(`1.2.${index + 1}`, der.nullValue()));
    Certificate.fromDer(make(rawName('x'), many(64)));
    refuses(() => Certificate.fromDer(make(rawName('x'), many(65))), 'CERT_MALFORMED', /at most 64/);
    const parts = Array.from({ length: 101 }, () => der.set(der.sequence(der.oid('2.5.4.11'), der.utf8String('x'))));
    refuses(() => Certificate.fromDer(make(der.sequence(...parts), [])), 'CERT_MALFORMED', /at most 100/);
  });

  it('is consistent or refused for 30,000 mutations, and none passes for signed', function () {
    this.timeout(300_000);
    const random = new SeededRandom(7);
    const original = leaf.certificate.der;
    let read = 0;
    for (let round = 0; round < 30_000; round++) {
      const input = mutated(original, random);
      try {
        const certificate = Certificate.fromDer(input);
        read += 1;
        assert.ok(certificate.der.equals(input));
        void [certificate.subjectText, certificate.subjectOneLine, certificate.keyUsage, certificate.pem];
        if (round % 10 === 0) assert.ok(!certificate.isSignedBy(root.certificate), input.toString('hex'));
      } catch (error) {
        if (!isCodedError(error)) throw error;
      }
    }
    assert.ok(read > 1000, `only ${read} were read at all`);
  });
});
