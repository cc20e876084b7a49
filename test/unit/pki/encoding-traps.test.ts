import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { der } from '../../../src/encoding/der-writer';
import { readDer, type DerElement } from '../../../src/encoding/der-reader';
import { Certificate } from '../../../src/pki/certificate';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { createRevocationList } from '../../../src/pki/revocation-list';
import { inDays, makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { refuses, rejects } from '../../support/coded-error';
import { rawCertificate, rawDns, rawExtension, rawExtensions, rawName } from '../../support/raw-certificate';

const RSA_SHA256 = '300d06092a864886f70d01010b0500'; // with NULL
const ECDSA_SHA256 = '300a06082a8648ce3d040302'; // without
const ECDSA_SHA384 = '300a06082a8648ce3d040303';
const RSA_KEY = '300d06092a864886f70d0101010500';
const P256_KEY = '301306072a8648ce3d020106082a8648ce3d030107';

/** The elements of the TBSCertificate and of the whole. */
function parts(certificate: Certificate) {
  const [tbs, algorithm] = readDer(certificate.der).children() as [DerElement, DerElement, DerElement];
  const [, serial, innerAlgorithm, issuer, validity, subject, spki, extensions] = tbs.children() as DerElement[];
  return { algorithm, serial, innerAlgorithm, issuer, validity, subject, spki, extensions } as Record<
    string,
    DerElement
  >;
}

const hexOf = (element: DerElement | undefined) => element?.raw.toString('hex');

/** Hex of one extension. */
function extension(certificate: Certificate, oid: string): string | undefined {
  const wanted = der.oid(oid);
  const [list] = parts(certificate).extensions?.children() ?? [];
  return hexOf(list?.children().find((item) => item.children()[0]?.raw.equals(wanted)));
}

/** FACTS §6, row by row: what no verifier, or only one, would notice. */
describe('encoding traps', () => {
  let root: KeyedCertificate;
  let root384: KeyedCertificate;
  let rsaRoot: KeyedCertificate;
  let leaf: KeyedCertificate;
  let rsaLeaf: KeyedCertificate;
  before(async () => {
    root = await makeRoot();
    root384 = await makeRoot({ keyType: 'ec-p384' });
    rsaRoot = await makeRoot({ keyType: 'rsa-2048' });
    leaf = await makeLeaf(root);
    rsaLeaf = await makeLeaf(rsaRoot, { keyType: 'rsa-2048' });
  });

  describe('algorithm identifiers', () => {
    it('RSA has NULL, in both places and in the key', () => {
      const { algorithm, innerAlgorithm, spki } = parts(rsaLeaf.certificate);
      assert.equal(hexOf(algorithm), RSA_SHA256);
      assert.equal(hexOf(innerAlgorithm), RSA_SHA256);
      assert.equal(hexOf(spki?.children()[0]), RSA_KEY);
    });

    it('ECDSA has none', () => {
      const { algorithm, innerAlgorithm, spki } = parts(leaf.certificate);
      assert.equal(hexOf(algorithm), ECDSA_SHA256);
      assert.equal(hexOf(innerAlgorithm), ECDSA_SHA256);
      assert.equal(hexOf(spki?.children()[0]), P256_KEY);
    });

    it('the hash follows the key of the issuer, not of the subject', async () => {
      assert.equal(hexOf(parts((await makeLeaf(root384)).certificate).algorithm), ECDSA_SHA384);
      assert.equal(hexOf(parts((await makeLeaf(root, { keyType: 'ec-p384' })).certificate).algorithm), ECDSA_SHA256);
      assert.equal(hexOf(parts((await makeLeaf(rsaRoot, { keyType: 'ec-p384' })).certificate).algorithm), RSA_SHA256);
    });
  });

  describe('time', () => {
    const table: [notAfter: string, hex: string][] = [
      ['2049-12-31T23:59:59.999Z', '170d3439313233313233353935395a'],
      ['2050-01-01T00:00:00.000Z', '180f32303530303130313030303030305a'],
    ];
    for (const [notAfter, hex] of table) {
      it(`writes ${notAfter} as RFC 5280 asks, in whole seconds`, async () => {
        const { certificate } = await makeRoot({ notAfter: new Date(notAfter) });
        const [notBefore, end] = parts(certificate).validity?.children() ?? [];
        assert.equal(hexOf(end), hex);
        assert.equal(notBefore?.tagNumber, 23);
        assert.equal(certificate.notAfter.toISOString(), notAfter.replace('.999', '.000'));
      });
    }
  });

  describe('serial number', () => {
    it('has 20 octets, the first 01 to 7F', async () => {
      for (let round = 0; round < 20; round++) {
        const content = parts((await makeLeaf(root)).certificate).serial?.content;
        assert.equal(content?.length, 20);
        assert.ok((content[0] ?? 0) >= 1 && (content[0] ?? 0) <= 0x7f);
      }
    });

    for (const bad of ['', '00', '0001', '80', 'FF'.repeat(20), `01${'00'.repeat(20)}`, '1', 'ab', 'xy']) {
      it(`refuses ${bad || 'none'}`, () => rejects(() => makeLeaf(root, { serialNumber: bad }), 'CERT_CONSTRAINT'));
    }
  });

  describe('extensions', () => {
    it('a root: basicConstraints and keyUsage critical, no pathLen, SKI, no AKI, no EKU, no SAN', () => {
      assert.equal(extension(root.certificate, '2.5.29.19'), '300f0603551d130101ff040530030101ff');
      assert.equal(extension(root.certificate, '2.5.29.15'), '300e0603551d0f0101ff040403020106');
      assert.match(extension(root.certificate, '2.5.29.14') ?? '', /^301d0603551d0e04160414[0-9a-f]{40}$/);
      for (const oid of ['2.5.29.35', '2.5.29.37', '2.5.29.17'])
        assert.equal(extension(root.certificate, oid), undefined);
    });

    it('an intermediate: pathLen 0, SKI and AKI', async () => {
      const { certificate } = await makeIntermediate(root);
      assert.equal(extension(certificate, '2.5.29.19'), '30120603551d130101ff040830060101ff020100');
      assert.match(extension(certificate, '2.5.29.14') ?? '', /^301d0603551d0e04160414[0-9a-f]{40}$/);
      const id = root.certificate.subjectKeyId?.toString('hex');
      assert.equal(extension(certificate, '2.5.29.35'), `301f0603551d23041830168014${id}`);
    });

    it('a leaf: FALSE is the default and not written', () => {
      assert.equal(extension(leaf.certificate, '2.5.29.19'), '300c0603551d130101ff04023000');
    });

    it('keyUsage: EC signs, RSA also enciphers; no trailing zero bits', () => {
      assert.equal(extension(leaf.certificate, '2.5.29.15'), '300e0603551d0f0101ff040403020780');
      assert.equal(extension(rsaLeaf.certificate, '2.5.29.15'), '300e0603551d0f0101ff0404030205a0');
    });

    it('extendedKeyUsage is not critical', async () => {
      const server = '30130603551d25040c300a06082b06010505070301';
      assert.equal(extension(leaf.certificate, '2.5.29.37'), server);
      const device = (await makeLeaf(root, { profile: 'device', names: [] })).certificate;
      assert.equal(extension(device, '2.5.29.37'), server.replace(/01$/, '02'));
      assert.equal(extension(device, '2.5.29.17'), undefined);
      const both = (await makeLeaf(root, { profile: 'server-client' })).certificate;
      assert.deepEqual(both.extendedKeyUsage, ['serverAuth', 'clientAuth']);
    });

    it('authorityKeyIdentifier has the key id alone', () => {
      const id = root.certificate.subjectKeyId?.toString('hex');
      assert.equal(extension(leaf.certificate, '2.5.29.35'), `301f0603551d23041830168014${id}`);
    });

    it('none occurs twice', () => {
      for (const { certificate } of [root, leaf, rsaLeaf]) {
        const oids = certificate.extensions.map(({ oid }) => oid);
        assert.equal(new Set(oids).size, oids.length);
      }
    });
  });

  describe('names in the subjectAltName', () => {
    it('addresses are 4 or 16 octets, never text', async () => {
      const { certificate } = await makeLeaf(root, { names: ['ip:192.168.0.10', 'ip:2001:db8::1'] });
      const value = '8704c0a8000a871020010db8000000000000000000000001';
      assert.match(extension(certificate, '2.5.29.17') ?? '', new RegExp(`${value}$`));
      assert.doesNotMatch(extension(certificate, '2.5.29.17') ?? '', /^.{10}0101ff/, 'not critical');
    });

    it('an address is a dNSName too only when asked', async () => {
      const address = rawDns('192.168.0.10').toString('hex');
      const plain = await makeLeaf(root, { names: ['ip:192.168.0.10'] });
      assert.ok(!extension(plain.certificate, '2.5.29.17')?.includes(address));
      const both = await makeLeaf(root, { names: ['ip:192.168.0.10'], ipAsDns: true });
      assert.ok(extension(both.certificate, '2.5.29.17')?.endsWith(`8704c0a8000a${address}`));
    });

    it('names outside ASCII are A-labels', async () => {
      const { certificate } = await makeLeaf(root, { names: ['dns:bücher.example'] });
      assert.ok(extension(certificate, '2.5.29.17')?.endsWith(rawDns('xn--bcher-kva.example').toString('hex')));
    });

    it('are critical when the subject is empty, as RFC 5280 §4.2.1.6 asks', async () => {
      const { certificate } = await makeLeaf(root, { subject: {} });
      assert.equal(hexOf(parts(certificate).subject), '3000');
      assert.match(extension(certificate, '2.5.29.17') ?? '', /^30..0603551d110101ff/);
    });
  });

  describe('distinguished names', () => {
    it('one attribute in each SET, country as PrintableString, all else as UTF8String', async () => {
      const subject = {
        commonName: 'dev',
        organization: 'Zoë',
        country: 'gb',
        state: 'S',
        locality: 'L',
        organizationalUnit: 'U',
      };
      const { certificate } = await makeLeaf(root, { subject });
      const sets = parts(certificate).subject?.children() ?? [];
      const found = sets.map((set) => {
        assert.equal(set.children().length, 1);
        const [type, value] = set.children()[0]?.children() ?? [];
        return `${type?.oid('type')} ${value?.tagNumber} ${value?.text('value')}`;
      });
      assert.deepEqual(found, [
        '2.5.4.6 19 GB',
        '2.5.4.8 12 S',
        '2.5.4.7 12 L',
        '2.5.4.10 12 Zoë',
        '2.5.4.11 12 U',
        '2.5.4.3 12 dev',
      ]);
    });

    it('a common name over 64 and a country of three letters are refused', async () => {
      await rejects(() => makeLeaf(root, { subject: { commonName: 'x'.repeat(65) } }), 'INPUT_COMMON_NAME');
      await rejects(() => makeLeaf(root, { subject: { commonName: 'x', country: 'GBR' } }), 'INPUT_SUBJECT');
    });
  });

  describe('an imported CA', () => {
    let key: KeyObject;
    let imported: KeyedCertificate;
    const oddId = Buffer.from('0102030405060708', 'hex');
    before(async () => {
      key = await generatePrivateKey('ec-p256');
      const name = der.sequence(
        der.set(der.sequence(der.oid('2.5.4.6'), der.utf8String('de'))),
        der.set(der.sequence(der.oid('2.5.4.3'), der.printableString('Old Root'))),
      );
      const bytes = rawCertificate({
        subject: name,
        issuer: name,
        publicKey: key,
        signWith: key,
        notAfter: der.time(inDays(1000)),
        extensions: [rawExtensions.caConstraints(), rawExtensions.keyUsage([5, 6]), rawExtensions.subjectKeyId(oddId)],
      });
      imported = { certificate: Certificate.fromDer(bytes), privateKey: key };
    });

    it('its name is copied as bytes, whatever the string types', async () => {
      const { certificate } = await makeLeaf(imported, { notBefore: new Date() });
      assert.ok(certificate.issuerBytes.equals(imported.certificate.subjectBytes));
      assert.equal(hexOf(parts(certificate).issuer), imported.certificate.subjectBytes.toString('hex'));
    });

    it('its key identifier is copied, not computed anew', async () => {
      const { certificate } = await makeLeaf(imported, { notBefore: new Date() });
      assert.deepEqual(certificate.authorityKeyId, oddId);
      const list = await createRevocationList({
        issuer: imported,
        number: 1,
        thisUpdate: new Date(),
        nextUpdate: inDays(1),
        revoked: [],
      });
      assert.ok(list.der.includes(der.sequence(der.implicit(0, oddId))));
    });
  });

  describe('periods and subjects', () => {
    const second = 1000;
    for (const offset of [-second, 0, second]) {
      it(`an end ${offset} ms from the CA's is ${offset > 0 ? 'refused' : 'accepted'}`, async () => {
        const make = () => makeLeaf(root, { notAfter: new Date(root.certificate.notAfter.getTime() + offset) });
        if (offset > 0) await rejects(make, 'CERT_CONSTRAINT', /outside the validity/);
        else await make();
      });
      it(`a beginning ${offset} ms from the CA's is ${offset < 0 ? 'refused' : 'accepted'}`, async () => {
        const make = () => makeLeaf(root, { notBefore: new Date(root.certificate.notBefore.getTime() + offset) });
        if (offset < 0) await rejects(make, 'CERT_CONSTRAINT', /outside the validity/);
        else await make();
      });
    }

    it('a subject equal to the issuer is refused', async () => {
      const { subject } = root.certificate;
      await rejects(() => makeLeaf(root, { subject }), 'CERT_CONSTRAINT', /same as the CA/);
      await rejects(() => makeLeaf(root, { subject: { ...subject, commonName: 'TEST  root' } }), 'CERT_CONSTRAINT');
      await rejects(() => makeIntermediate(root, { subject }), 'CERT_CONSTRAINT', /same as the CA/);
    });
  });

  describe('reading', () => {
    const name = rawName('x');
    let key: KeyObject;
    before(async () => {
      key = await generatePrivateKey('ec-p256');
    });
    const make = (extra: Partial<Parameters<typeof rawCertificate>[0]>) =>
      Certificate.fromDer(rawCertificate({ subject: name, issuer: name, publicKey: key, signWith: key, ...extra }));

    it('an extension that occurs twice is refused', () => {
      const usage = rawExtensions.keyUsage([0]);
      refuses(() => make({ extensions: [usage, usage] }), 'CERT_MALFORMED', /occurs twice/);
    });

    it('TRUE as 01 is refused', () => {
      const value = der.octetString(der.sequence(Buffer.from('010101', 'hex')));
      const bad = der.sequence(der.oid('2.5.29.19'), value);
      refuses(() => make({ extensions: [bad] }), 'CERT_MALFORMED', /neither 00 nor FF/);
    });

    it('an IP address as text, or of 5 octets, is refused', () => {
      for (const bytes of [Buffer.from('192.168.0.1'), Buffer.alloc(5)]) {
        const names = rawExtensions.subjectAltName([der.implicit(7, bytes)]);
        refuses(() => make({ extensions: [names] }), 'CERT_MALFORMED', /must be 4 or 16/);
      }
    });

    it('a NUL in a DNS name is refused', () => {
      const names = rawExtensions.subjectAltName([rawDns('good.example\0.evil.example')]);
      refuses(() => make({ extensions: [names] }), 'CERT_MALFORMED', /outside printable ASCII/);
    });

    it('an algorithm inside that differs from the one outside is refused', () => {
      refuses(() => make({ innerAlgorithm: Buffer.from(RSA_SHA256, 'hex') }), 'CERT_MALFORMED', /not the algorithm/);
    });

    it('negative and zero serial numbers are shown, long ones too', () => {
      assert.equal(make({ serial: Buffer.from('ff', 'hex') }).serialNumber, '-01');
      assert.equal(make({ serial: Buffer.from('00', 'hex') }).serialNumber, '00');
      assert.equal(make({ serial: Buffer.from(`00${'ff'.repeat(20)}`, 'hex') }).serialNumber, 'FF'.repeat(20));
      refuses(() => make({ serial: Buffer.from('0001', 'hex') }), 'CERT_MALFORMED', /shortest form/);
    });

    it('what old CAs wrote and everybody reads is read: FALSE in full, trailing zero bits', () => {
      const constraints = rawExtension('2.5.29.19', der.sequence(der.boolean(false)), false);
      const usage = rawExtension('2.5.29.15', Buffer.from('03020080', 'hex'), true);
      const certificate = make({ extensions: [constraints, usage] });
      assert.deepEqual(certificate.basicConstraints, { ca: false, critical: false });
      assert.deepEqual(certificate.keyUsage, ['digitalSignature']);
    });
  });
});
