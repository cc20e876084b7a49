import assert from 'node:assert/strict';
import type { Certificate } from '../../../src/pki/certificate';
import { buildChain } from '../../../src/pki/chain';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';

describe('chain', () => {
  let root: KeyedCertificate;
  let twin: KeyedCertificate;
  let intermediate: KeyedCertificate;
  let leaf: KeyedCertificate;
  before(async () => {
    root = await makeRoot();
    twin = await makeRoot();
    intermediate = await makeIntermediate(root);
    leaf = await makeLeaf(intermediate);
  });

  const texts = (chain: Certificate[]) => chain.map(({ fingerprint256 }) => fingerprint256);

  it('finds the way in whatever order the certificates came', () => {
    const [r, i, l, t] = [root, intermediate, leaf, twin].map(({ certificate }) => certificate) as [
      Certificate,
      Certificate,
      Certificate,
      Certificate,
    ];
    for (const sent of [[i], [l, i], [t, i, l], [r, t, i]]) {
      const found = buildChain(l, sent, [t, r]);
      assert.deepEqual(texts(found.chain), texts([l, i, r]));
      assert.ok(found.anchor?.equals(r));
    }
  });

  it('takes the intermediate from the anchors when it is not sent', () => {
    const found = buildChain(leaf.certificate, [], [intermediate.certificate, root.certificate]);
    assert.equal(found.chain.length, 3);
    assert.ok(found.anchor?.equals(root.certificate));
  });

  it('ends at an anchor that is no root, and says so by it', () => {
    const found = buildChain(leaf.certificate, [], [intermediate.certificate]);
    assert.equal(found.chain.length, 2);
    assert.ok(found.anchor && !found.anchor.isSelfIssued);
  });

  it('goes as far as it can without an anchor', () => {
    assert.equal(buildChain(leaf.certificate, [], [root.certificate]).chain.length, 1);
    const replaced = buildChain(leaf.certificate, [intermediate.certificate], [twin.certificate]);
    assert.equal(replaced.chain.length, 2);
    assert.equal(replaced.anchor, undefined);
    const untrusted = buildChain(leaf.certificate, [intermediate.certificate, root.certificate], []);
    assert.equal(untrusted.chain.length, 3);
    assert.equal(untrusted.anchor, undefined);
  });

  it('trusts a self-signed leaf only when it is an anchor', () => {
    assert.equal(buildChain(root.certificate, [], []).anchor, undefined);
    assert.ok(buildChain(root.certificate, [], [root.certificate]).anchor);
  });

  it('ends with many certificates of one name, as a hostile server may send them', async () => {
    const many = [];
    for (let index = 0; index < 40; index++) many.push((await makeIntermediate(root)).certificate);
    const found = buildChain(leaf.certificate, [...many, intermediate.certificate], [root.certificate]);
    assert.ok(found.anchor?.equals(root.certificate), 'the key identifier leads to the right one first');
  });

  it('does not go round in circles', async () => {
    const a = await makeRoot({ commonName: 'A' });
    const b = await makeIntermediate(a, { commonName: 'B', pathLength: 5 });
    const cross = await makeIntermediate(
      { ...b, certificate: b.certificate },
      { profile: 'intermediate', commonName: 'A', pathLength: 1, publicKey: a.privateKey },
    );
    const end = await makeLeaf(a);
    const found = buildChain(end.certificate, [cross.certificate, b.certificate], []);
    assert.ok(found.chain.length <= 10);
    assert.equal(new Set(texts(found.chain)).size, found.chain.length);
  });
});
