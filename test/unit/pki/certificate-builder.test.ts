import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { ErrorCode } from '../../../src/model/errors';
import { parseNameConstraints, type NameConstraints } from '../../../src/model/name-constraints';
import { LEAF_PROFILES } from '../../../src/model/profile-name';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { PROFILES } from '../../../src/pki/profiles';
import { inDays, makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { rejects } from '../../support/coded-error';

describe('certificate builder', () => {
  let root: KeyedCertificate;
  let intermediate: KeyedCertificate;
  let leaf: KeyedCertificate;
  before(async () => {
    root = await makeRoot();
    intermediate = await makeIntermediate(root);
    leaf = await makeLeaf(root);
  });

  for (const profile of LEAF_PROFILES) {
    it(`makes ${profile} as the table says, under root and intermediate`, async () => {
      for (const issuer of [root, intermediate]) {
        const { certificate } = await makeLeaf(issuer, { profile });
        assert.deepEqual(certificate.extendedKeyUsage, PROFILES[profile].extendedKeyUsage);
        assert.deepEqual(certificate.keyUsage, PROFILES[profile].keyUsage.ec);
        assert.deepEqual(certificate.basicConstraints, { ca: false, critical: true });
        assert.equal(certificate.subjectKeyId, undefined);
        assert.deepEqual(certificate.authorityKeyId, issuer.certificate.subjectKeyId);
        assert.ok(certificate.isSignedBy(issuer.certificate));
      }
    });
  }

  it('makes an intermediate with the path length asked for', async () => {
    assert.equal(intermediate.certificate.basicConstraints?.pathLength, 0);
    const deep = await makeIntermediate(root, { pathLength: 2, commonName: 'Deep' });
    assert.equal(deep.certificate.basicConstraints?.pathLength, 2);
    const next = await makeIntermediate(deep, { pathLength: 1, commonName: 'Next' });
    assert.ok(next.certificate.isSignedBy(deep.certificate));
    await rejects(() => makeIntermediate(deep, { pathLength: 2, commonName: 'X' }), 'CERT_CONSTRAINT', /path length/);
    await rejects(() => makeIntermediate(intermediate, { commonName: 'X' }), 'CERT_CONSTRAINT', /allows 0 more CAs/);
  });

  it('writes name constraints and keeps to them', async () => {
    const nameConstraints = parseNameConstraints(
      'permitted:dns:home.arpa, permitted:ip:10.0.0.0/8, excluded:dns:guest.home.arpa, excluded:ip:10.1.0.0/16',
    ) as NameConstraints;
    const constrained = await makeRoot({ nameConstraints });
    assert.deepEqual(constrained.certificate.nameConstraints, nameConstraints);
    const extension = constrained.certificate.extensions.find(({ oid }) => oid === '2.5.29.30');
    assert.ok(extension?.critical);
    await makeLeaf(constrained, { names: ['dns:home.arpa', 'dns:a.b.home.arpa', 'ip:10.2.0.1', 'email:a@b.example'] });
    for (const name of [
      'dns:other.arpa',
      'dns:nothome.arpa',
      'dns:a.guest.home.arpa',
      'ip:11.0.0.1',
      'ip:10.1.0.1',
      'ip:::1',
    ]) {
      await rejects(
        () => makeLeaf(constrained, { names: ['dns:a.home.arpa', name] }),
        'CERT_CONSTRAINT',
        new RegExp(name),
      );
    }
  });

  const refused: [what: string, make: () => Promise<unknown>, code: ErrorCode, words?: RegExp][] = [
    [
      'a server without any name',
      () => makeLeaf(root, { names: [] }),
      'INPUT_SUBJECT_ALT_NAME',
      /needs a DNS name or an IP/,
    ],
    [
      'a server with only an e-mail address',
      () => makeLeaf(root, { names: ['email:a@b.example'] }),
      'INPUT_SUBJECT_ALT_NAME',
    ],
    ['a client without a common name', () => makeLeaf(root, { profile: 'client', subject: {} }), 'INPUT_COMMON_NAME'],
    ['a root without a common name', () => makeRoot({ subject: {} }), 'INPUT_COMMON_NAME'],
    ['a root with names', () => makeRoot({ subjectAltNames: [{ type: 'dns', value: 'a' }] }), 'INPUT_SUBJECT_ALT_NAME'],
    ['an end before the beginning', () => makeLeaf(root, { notAfter: inDays(-1.5) }), 'INPUT_VALIDITY'],
    ['no period', () => makeLeaf(root, { notAfter: new Date(Number.NaN) }), 'INPUT_VALIDITY'],
    ['a leaf as issuer', () => makeLeaf(leaf, { commonName: 'x' }), 'CERT_NOT_A_CA', /may not sign/],
    ['a foreign key of the issuer', () => makeLeaf({ ...root, privateKey: leaf.privateKey }), 'KEY_MISMATCH'],
    ['a root with an issuer', () => makeLeaf(root, { profile: 'root', names: [] }), 'CERT_CONSTRAINT'],
    ['a self-signed leaf', () => makeRoot({ profile: 'client' }), 'CERT_NOT_A_CA', /cannot sign itself/],
    [
      'a root that certifies another key',
      async () => makeRoot({ publicKey: await generatePrivateKey('ec-p256') }),
      'KEY_MISMATCH',
    ],
    ['a path length on a leaf', () => makeLeaf(root, { pathLength: 0 }), 'CERT_CONSTRAINT'],
    ['a broken path length', () => makeRoot({ pathLength: -1 }), 'CERT_CONSTRAINT'],
    [
      'constraints on a leaf',
      () => makeLeaf(root, { nameConstraints: { permitted: [], excluded: [] } }),
      'CERT_CONSTRAINT',
    ],
    [
      'empty constraints',
      () => makeRoot({ nameConstraints: { permitted: [], excluded: [] } }),
      'INPUT_NAME_CONSTRAINTS',
    ],
    [
      'an Ed25519 key',
      () => makeLeaf(root, { publicKey: generateKeyPairSync('ed25519').publicKey }),
      'KEY_UNSUPPORTED',
    ],
    [
      'an RSA key of 1024 bits',
      () => makeLeaf(root, { publicKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey }),
      'KEY_UNSUPPORTED',
      /rsa-1024/,
    ],
  ];
  for (const [what, make, code, words] of refused) {
    it(`refuses ${what}`, () => rejects(make, code, words));
  }

  it('serves a host name that is too long for a common name', async () => {
    const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;
    const { certificate } = await makeLeaf(root, { subject: {}, names: [`dns:${name}`] });
    assert.equal(certificate.subjectText, '');
    assert.equal(certificate.subjectAltNames[0]?.value, name);
  });
});
