import assert from 'node:assert/strict';
import type { Certificate } from '../../../src/pki/certificate';
import { RecentCertificates } from '../../../src/pki/recent-certificates';
import { makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';

describe('RecentCertificates', () => {
  let root: KeyedCertificate;
  let some: Certificate[];

  before(async () => {
    root = await makeRoot();
    const leaves = await Promise.all(
      ['dev01', 'dev02', 'dev03'].map((commonName) => makeLeaf(root, { profile: 'client', commonName, names: [] })),
    );
    some = leaves.map(({ certificate }) => certificate);
  });

  it('hands out what it kept for exactly the same bytes', () => {
    const [dev01, dev02] = some as [Certificate, Certificate];
    const recent = new RecentCertificates();
    recent.keep(dev01);
    assert.equal(recent.recall(Buffer.from(dev01.der)), dev01);
    assert.equal(recent.recall(dev02.der), undefined);
    const oneBitOff = Buffer.from(dev01.der);
    oneBitOff[oneBitOff.length - 1]! ^= 1; // in the signature
    assert.equal(recent.recall(oneBitOff), undefined);
  });

  it('forgets the one that was not shown for the longest', () => {
    const [dev01, dev02, dev03] = some as [Certificate, Certificate, Certificate];
    const recent = new RecentCertificates(2);
    for (const each of [dev01, dev02, dev01, dev03]) recent.keep(each);
    assert.equal(recent.size, 2);
    assert.equal(recent.recall(dev02.der), undefined);
    assert.equal(recent.recall(dev01.der), dev01);
    assert.equal(recent.recall(dev03.der), dev03);
  });
});
