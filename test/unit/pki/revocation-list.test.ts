import assert from 'node:assert/strict';
import { der } from '../../../src/encoding/der-writer';
import { readDer, type DerElement } from '../../../src/encoding/der-reader';
import { encodePem } from '../../../src/encoding/pem';
import { isCodedError } from '../../../src/model/errors';
import { REVOCATION_REASONS, type RevocationReason } from '../../../src/model/revocation-reason';
import { createRevocationList, readRevocationList } from '../../../src/pki/revocation-list';
import { signatureAlgorithmFor, signStructure } from '../../../src/pki/signature-algorithm';
import { inDays, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { refuses, rejects } from '../../support/coded-error';
import { mutated, SeededRandom } from '../../support/seeded-random';
import { rawExtension } from '../../support/raw-certificate';

const revokedAt = new Date('2030-05-06T07:08:09Z');

describe('revocation list', () => {
  let root: KeyedCertificate;
  let other: KeyedCertificate;
  before(async () => {
    root = await makeRoot();
    other = await makeRoot();
  });

  const make = (
    revoked: { serialNumber: string; revokedAt: Date; reason: RevocationReason }[] = [],
    number: bigint | number = 1,
  ) => createRevocationList({ issuer: root, number, thisUpdate: inDays(0), nextUpdate: inDays(30), revoked });
  const tbs = (bytes: Buffer) => readDer(bytes).children()[0]?.children() as DerElement[];

  it('an empty list has no revokedCertificates at all', async () => {
    const { der: bytes, pem } = await make();
    assert.match(pem, /^-----BEGIN X509 CRL-----\n[^\r]*-----END X509 CRL-----\n$/);
    const tags = tbs(bytes).map(({ raw }) => raw[0]);
    assert.deepEqual(tags, [0x02, 0x30, 0x30, 0x17, 0x17, 0xa0]);
    assert.equal(readRevocationList(pem).size, 0);
  });

  it('is version 2 with authorityKeyIdentifier and CRLNumber, byte by byte', async () => {
    const [version, , issuer, , , extensions] = tbs((await make([], 300)).der);
    assert.equal(version?.raw.toString('hex'), '020101');
    assert.ok(issuer?.raw.equals(root.certificate.subjectBytes));
    const keyId = root.certificate.subjectKeyId?.toString('hex');
    const expected = `301f0603551d23041830168014${keyId}300b0603551d1404040202012c`;
    assert.equal(extensions?.children()[0]?.content.toString('hex'), expected);
  });

  it('leaves the reason out when unspecified', async () => {
    const entry = async (reason: RevocationReason) => {
      const list = await make([{ serialNumber: '0A', revokedAt, reason }]);
      return tbs(list.der)[5]?.children()[0]?.raw.toString('hex');
    };
    const start = `02010a170d${Buffer.from('300506070809Z').toString('hex')}`;
    assert.equal(await entry('unspecified'), `3012${start}`);
    assert.equal(await entry('keyCompromise'), `3020${start}300c300a0603551d1504030a0101`);
  });

  it('reads back every reason', async () => {
    const reasons = Object.keys(REVOCATION_REASONS).filter(
      (reason) => reason !== 'removeFromCRL',
    ) as RevocationReason[];
    const revoked = reasons.map((reason, index) => ({ serialNumber: `F${index}`, revokedAt, reason }));
    const list = readRevocationList((await make(revoked)).pem);
    assert.deepEqual(list.revoked(), revoked);
    assert.equal(list.find('f1')?.reason, 'keyCompromise');
    assert.equal(list.find('00:F1')?.reason, 'keyCompromise');
    assert.equal(list.find('01'), undefined);
    assert.equal(list.number, 1n);
    assert.equal(list.issuerText, root.certificate.subjectText);
  });

  it('lists a serial number once, with its earliest date, and leaves out what is no longer on hold', async () => {
    const later = new Date(revokedAt.getTime() + 1000);
    const list = readRevocationList(
      (
        await make([
          { serialNumber: '0A', revokedAt: later, reason: 'superseded' },
          { serialNumber: 'a', revokedAt, reason: 'keyCompromise' },
          { serialNumber: '0B', revokedAt, reason: 'removeFromCRL' },
        ])
      ).der,
    );
    assert.deepEqual(list.revoked(), [{ serialNumber: '0A', revokedAt, reason: 'keyCompromise' }]);
  });

  it('knows its issuer by name and key', async () => {
    const list = readRevocationList((await make()).der);
    assert.ok(list.isSignedBy(root.certificate));
    assert.ok(list.isIssuedInNameOf(other.certificate));
    assert.ok(!list.isSignedBy(other.certificate));
    const named = await makeRoot({ commonName: 'Other' });
    assert.ok(!list.isIssuedInNameOf(named.certificate));
  });

  it('refuses a foreign key and an end before the beginning', async () => {
    const issuer = { certificate: root.certificate, privateKey: other.privateKey };
    const parameters = { number: 1, thisUpdate: inDays(0), nextUpdate: inDays(1), revoked: [] };
    await rejects(() => createRevocationList({ ...parameters, issuer }), 'KEY_MISMATCH');
    await rejects(
      () => createRevocationList({ ...parameters, issuer: root, nextUpdate: inDays(-1) }),
      'INPUT_VALIDITY',
    );
  });

  describe('of other CAs', () => {
    const raw = async (
      extensions: Buffer[] | undefined,
      entries: Buffer[] = [],
      version: Buffer[] = [der.integer(1)],
    ) => {
      const body = der.sequence(
        ...version,
        signatureAlgorithmFor(root.privateKey),
        root.certificate.subjectBytes,
        der.time(inDays(-1)),
        ...(entries.length > 0 ? [der.sequence(...entries)] : []),
        ...(extensions ? [der.explicit(0, der.sequence(...extensions))] : []),
      );
      return signStructure(body, root.privateKey);
    };

    it('reads a list of version 1 without nextUpdate', async () => {
      const list = readRevocationList(await raw(undefined, [], []));
      assert.equal(list.nextUpdate, undefined);
      assert.equal(list.number, undefined);
      assert.ok(list.isSignedBy(root.certificate));
    });

    it('refuses critical extensions, which change what a list means', async () => {
      const partial = await raw([rawExtension('2.5.29.28', der.sequence(), true)]);
      refuses(() => readRevocationList(partial), 'CRL_MALFORMED', /critical extension 2\.5\.29\.28/);
      const indirect = der.sequence(
        der.integer(1),
        der.time(revokedAt),
        der.sequence(rawExtension('2.5.29.29', der.sequence(), true)),
      );
      const list = await raw(undefined, [indirect]);
      refuses(() => readRevocationList(list), 'CRL_MALFORMED', /2\.5\.29\.29/);
    });

    it('refuses extensions in version 1 and unknown reasons', async () => {
      const first = await raw([rawExtension('2.5.29.20', der.integer(1))], [], []);
      refuses(() => readRevocationList(first), 'CRL_MALFORMED', /not of version 2/);
      const reason = rawExtension('2.5.29.21', der.enumerated(7));
      const entry = der.sequence(der.integer(1), der.time(revokedAt), der.sequence(reason));
      const second = await raw(undefined, [entry]);
      refuses(() => readRevocationList(second), 'CRL_MALFORMED', /unknown reason 7/);
    });
  });

  it('refuses other PEM, the label CRL, and text', async () => {
    const { der: bytes } = await make();
    refuses(() => readRevocationList(encodePem('CRL', bytes)), 'PEM_WRONG_LABEL');
    refuses(() => readRevocationList(root.certificate.pem), 'PEM_WRONG_LABEL', /this is a certificate/);
    refuses(() => readRevocationList(root.certificate.der), 'CRL_MALFORMED');
    refuses(() => readRevocationList('x'), 'PEM_NO_BLOCK');
  });

  it('reads 20,000 entries', async () => {
    const revoked = Array.from({ length: 20_000 }, (_, index) => ({
      serialNumber: `7${(index + 1).toString(16).toUpperCase().padStart(39, '0')}`,
      revokedAt,
      reason: 'superseded' as const,
    }));
    const list = readRevocationList((await make(revoked)).der);
    assert.equal(list.size, 20_000);
    assert.ok(list.isSignedBy(root.certificate));
  });

  it('believes none of 10,000 mutated lists', async function () {
    this.timeout(300_000);
    const random = new SeededRandom(6);
    const revoked = [{ serialNumber: '0A', revokedAt, reason: 'keyCompromise' as const }];
    const original = (await make(revoked)).der;
    for (let round = 0; round < 10_000; round++) {
      const input = mutated(original, random);
      try {
        const list = readRevocationList(input);
        assert.ok(!list.isSignedBy(root.certificate), input.toString('hex'));
      } catch (error) {
        if (!isCodedError(error)) throw error;
      }
    }
  });
});
