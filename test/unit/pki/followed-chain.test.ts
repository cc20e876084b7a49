import assert from 'node:assert/strict';
import { Certificate } from '../../../src/pki/certificate';
import { followChain } from '../../../src/pki/followed-chain';
import { EXPIRED, inDaysDer, rootCa, server, subCa, type Issued } from '../../support/chain-cases/chain-case';

describe('the chain that OpenSSL follows', () => {
  const root = rootCa();
  const ca = subCa(root);
  const over = subCa(root, 'CA', { key: ca.key, ...EXPIRED });
  const longOver = subCa(root, 'CA', { key: ca.key, notBefore: inDaysDer(-60), notAfter: inDaysDer(-30) });
  const leaf = server(ca);

  const read = (issued: readonly Issued[]) => issued.map(({ der }) => Certificate.fromDer(der));
  const follow = (sent: readonly Issued[], anchors: readonly Issued[], from = leaf) =>
    followChain(Certificate.fromDer(from.der), read(sent), read(anchors), Date.now());

  const ways: [name: string, sent: Issued[], anchors: Issued[], way: Issued[], isAnchored: boolean][] = [
    ['to a trusted root', [ca], [root], [leaf, ca, root], true],
    ['over the valid one of two', [over, ca], [root], [leaf, ca, root], true],
    ['over the one that ended last, when all are over', [longOver, over], [root], [leaf, over, root], true],
    ['over a trusted one before a sent one', [ca], [over, root], [leaf, over, root], true],
    ['behind a trusted one only to trusted ones', [ca, root], [ca], [leaf, ca], true],
    ['as far as it leads', [ca], [rootCa('Other')], [leaf, ca], false],
    ['to a root that is not trusted', [ca, root], [rootCa('Other')], [leaf, ca, root], false],
  ];
  for (const [name, sent, anchors, way, isAnchored] of ways) {
    it(`goes ${name}`, () => {
      const { chain, anchor } = follow(sent, anchors);
      assert.deepEqual(
        chain.map(({ der }) => der.toString('hex')),
        way.map(({ der }) => der.toString('hex')),
      );
      assert.equal(anchor !== undefined, isAnchored);
    });
  }

  it('takes the one whose key identifier is named, of two with the same key', () => {
    const renamed = subCa(root, 'CA', { key: ca.key, keyId: Buffer.alloc(20, 7) });
    assert.ok(follow([renamed, ca], [root]).chain[1]?.der.equals(ca.der));
    assert.ok(follow([renamed], [root]).chain[1]?.der.equals(renamed.der), 'when there is no other');
  });

  it('checks no more signatures than a hundred', () => {
    const crowd = Array.from({ length: 120 }, () => subCa(root));
    assert.equal(follow([...crowd, ca], [root]).chain.length, 3, 'the one that is named stands first');
    const plain = server(ca, { with: { issuerId: undefined } });
    assert.equal(follow([...crowd, ca], [root], plain).chain.length, 1);
  });

  it('leaves a loop', () => {
    const other = rootCa('Other');
    const caByOther = subCa(other, 'CA', { key: ca.key });
    const otherByCa = subCa(ca, 'Other', { key: other.key });
    const { chain, anchor } = follow([caByOther, otherByCa], [root]);
    assert.deepEqual([chain.length, anchor], [3, undefined]);
  });
});
