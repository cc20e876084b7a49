import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { der } from '../../src/encoding/der-writer';
import { encodePem } from '../../src/encoding/pem';
import { isCodedError } from '../../src/model/errors';
import { Certificate } from '../../src/pki/certificate';
import { generatePrivateKey } from '../../src/pki/key-generation';
import { strictFindings } from '../../src/pki/verification';
import { judge } from '../support/openssl';
import {
  CLIENT_AUTH,
  rawCertificate,
  rawDns,
  rawExtension,
  rawExtensions,
  rawName,
  SERVER_AUTH,
  type RawCertificate,
} from '../support/raw-certificate';

const DAY_MS = 86_400_000;
const days = (count: number) => der.time(new Date(Date.now() + count * DAY_MS));
const CERT_SIGN = [5, 6];

/** Extensions of one certificate by name, so that a row can change or drop one. */
type Extensions = Record<string, Buffer | undefined>;

interface Wrong {
  root?: Extensions;
  ca?: Extensions;
  leaf?: Extensions;
  rootParts?: Partial<RawCertificate>;
  caParts?: Partial<RawCertificate>;
  leafParts?: Partial<RawCertificate>;
  /** Leave the intermediate out. */
  direct?: boolean;
  name?: string;
}

describe('strict findings, compared with openssl verify -x509_strict', () => {
  let rootKey: KeyObject;
  let caKey: KeyObject;
  let leafKey: KeyObject;
  let weakKey: KeyObject;
  before(async () => {
    [rootKey, caKey, leafKey] = (await Promise.all([1, 2, 3].map(() => generatePrivateKey('ec-p256')))) as [
      KeyObject,
      KeyObject,
      KeyObject,
    ];
    weakKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  });

  const clean = (extensions: Extensions): Buffer[] => Object.values(extensions).filter((item) => item !== undefined);

  function make({ root, ca, leaf, rootParts, caParts, leafParts, direct }: Wrong): {
    root: Buffer;
    ca?: Buffer;
    leaf: Buffer;
  } {
    const [rootName, caName] = [rawName('Root'), rawName('CA')];
    const rootBytes = rawCertificate({
      subject: rootName,
      issuer: rootName,
      publicKey: rootKey,
      signWith: rootKey,
      notAfter: days(1000),
      extensions: clean({
        constraints: rawExtensions.caConstraints(),
        usage: rawExtensions.keyUsage(CERT_SIGN),
        keyId: rawExtensions.subjectKeyId(rootKey),
        ...root,
      }),
      ...rootParts,
    });
    const caBytes = rawCertificate({
      subject: caName,
      issuer: rootName,
      publicKey: caKey,
      signWith: rootKey,
      notAfter: days(500),
      extensions: clean({
        constraints: rawExtensions.caConstraints(true, 0),
        usage: rawExtensions.keyUsage(CERT_SIGN),
        keyId: rawExtensions.subjectKeyId(caKey),
        issuerId: rawExtensions.authorityKeyId(rootKey),
        ...ca,
      }),
      ...caParts,
    });
    const leafBytes = rawCertificate({
      subject: rawName('mosquitto'),
      issuer: direct ? rootName : caName,
      publicKey: leafKey,
      signWith: direct ? rootKey : caKey,
      extensions: clean({
        constraints: rawExtensions.leafConstraints(),
        usage: rawExtensions.keyUsage([0]),
        purposes: rawExtensions.extendedKeyUsage([SERVER_AUTH]),
        names: rawExtensions.subjectAltName([rawDns('mosquitto')]),
        issuerId: rawExtensions.authorityKeyId(direct ? rootKey : caKey),
        ...leaf,
      }),
      ...leafParts,
    });
    return { root: rootBytes, ca: direct ? undefined : caBytes, leaf: leafBytes };
  }

  function openssl({ root, ca, leaf }: ReturnType<typeof make>, name: string) {
    const files = {
      'root.pem': encodePem('CERTIFICATE', root),
      'leaf.pem': encodePem('CERTIFICATE', leaf),
      'ca.pem': ca ? encodePem('CERTIFICATE', ca) : '',
    };
    const untrusted = ca ? ['-untrusted', 'ca.pem'] : [];
    const args = [
      'verify',
      '-x509_strict',
      '-auth_level',
      '2',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      name,
      '-CAfile',
      'root.pem',
      ...untrusted,
      'leaf.pem',
    ];
    return judge('openssl', args, files);
  }

  function ours({ root, ca, leaf }: ReturnType<typeof make>, name: string): string[] {
    try {
      const chain = [leaf, ...(ca ? [ca] : []), root].map((bytes) => Certificate.fromDer(bytes));
      return strictFindings(chain, { purpose: 'server', name, now: Date.now() }).map(({ cause }) => `${cause.rule}`);
    } catch (error) {
      if (!isCodedError(error)) throw error;
      return [error.code];
    }
  }

  const keyIdentifier = Buffer.alloc(20, 7);
  const constraints = (name: string) =>
    rawExtension('2.5.29.30', der.sequence(der.implicit(0, der.sequence(rawDns(name)), true)), true);

  /** What is wrong → the rule that must say so. */
  const refused: [what: string, wrong: () => Wrong, rule: string][] = [
    ['an expired leaf', () => ({ leafParts: { notBefore: days(-9), notAfter: days(-1) } }), 'expired'],
    ['an expired intermediate', () => ({ caParts: { notBefore: days(-9), notAfter: days(-1) } }), 'expired'],
    ['an expired root', () => ({ rootParts: { notBefore: days(-9), notAfter: days(-1) } }), 'expired'],
    ['a leaf of tomorrow', () => ({ leafParts: { notBefore: days(1) } }), 'not-yet-valid'],
    [
      'a root with basicConstraints not critical (workshop W2)',
      () => ({ root: { constraints: rawExtensions.caConstraints(false) } }),
      'basic-constraints-not-critical',
    ],
    [
      'an intermediate with basicConstraints not critical',
      () => ({ ca: { constraints: rawExtensions.caConstraints(false) } }),
      'basic-constraints-not-critical',
    ],
    ['a root without keyUsage', () => ({ root: { usage: undefined } }), 'ca-without-key-usage'],
    ['a root without subjectKeyIdentifier', () => ({ root: { keyId: undefined } }), 'no-subject-key-identifier'],
    ['an intermediate without subjectKeyIdentifier', () => ({ ca: { keyId: undefined } }), 'no-subject-key-identifier'],
    ['a leaf without authorityKeyIdentifier', () => ({ leaf: { issuerId: undefined } }), 'no-authority-key-identifier'],
    [
      'an intermediate without authorityKeyIdentifier',
      () => ({ ca: { issuerId: undefined } }),
      'no-authority-key-identifier',
    ],
    [
      'a leaf with an authorityKeyIdentifier without key id',
      () => ({ leaf: { issuerId: rawExtension('2.5.29.35', der.sequence()) } }),
      'no-authority-key-identifier',
    ],
    [
      'a critical authorityKeyIdentifier',
      () => ({ leaf: { issuerId: rawExtensions.authorityKeyId(caKey, true) } }),
      'critical-key-identifier',
    ],
    [
      'a critical subjectKeyIdentifier',
      () => ({ leaf: { keyId: rawExtensions.subjectKeyId(leafKey, true) } }),
      'critical-key-identifier',
    ],
    [
      'a root that is no CA',
      () => ({
        direct: true,
        root: { constraints: rawExtensions.leafConstraints(), usage: rawExtensions.keyUsage([0]) },
      }),
      'issuer-is-no-ca',
    ],
    [
      'an intermediate that is no CA',
      () => ({ ca: { constraints: rawExtensions.leafConstraints(), usage: rawExtensions.keyUsage([0]) } }),
      'issuer-is-no-ca',
    ],
    ['an intermediate without basicConstraints', () => ({ ca: { constraints: undefined } }), 'issuer-is-no-ca'],
    [
      'an intermediate without keyCertSign',
      () => ({ ca: { usage: rawExtensions.keyUsage([0]) } }),
      'issuer-may-not-sign',
    ],
    [
      'a root with path length 0 above an intermediate',
      () => ({ root: { constraints: rawExtensions.caConstraints(true, 0) } }),
      'path-too-long',
    ],
    ['a leaf with keyCertSign', () => ({ leaf: { usage: rawExtensions.keyUsage([0, 5]) } }), 'cert-sign-without-ca'],
    [
      'a leaf with a path length',
      () => ({ leaf: { constraints: rawExtension('2.5.29.19', der.sequence(der.integer(0)), true) } }),
      'path-length-without-ca',
    ],
    [
      'a leaf for clients',
      () => ({ leaf: { purposes: rawExtensions.extendedKeyUsage([CLIENT_AUTH]) } }),
      'extended-key-usage',
    ],
    [
      'a leaf for any purpose, which OpenSSL does not count',
      () => ({ leaf: { purposes: rawExtensions.extendedKeyUsage(['2.5.29.37.0']) } }),
      'extended-key-usage',
    ],
    [
      'an intermediate for clients',
      () => ({ ca: { purposes: rawExtensions.extendedKeyUsage([CLIENT_AUTH]) } }),
      'extended-key-usage',
    ],
    [
      'a root for clients',
      () => ({ root: { purposes: rawExtensions.extendedKeyUsage([CLIENT_AUTH]) } }),
      'extended-key-usage',
    ],
    ['a leaf whose key may not sign', () => ({ leaf: { usage: rawExtensions.keyUsage([1]) } }), 'key-usage'],
    ['a name outside the constraints', () => ({ ca: { limits: constraints('home.arpa') } }), 'name-constraint'],
    [
      'an unknown critical extension',
      () => ({ leaf: { odd: rawExtension('1.2.3.4', der.nullValue(), true) } }),
      'unknown-critical-extension',
    ],
    [
      'an unknown critical extension of the CA',
      () => ({ ca: { odd: rawExtension('1.2.3.4', der.nullValue(), true) } }),
      'unknown-critical-extension',
    ],
    [
      'an empty subjectAltName',
      () => ({ leaf: { names: rawExtensions.subjectAltName([]) } }),
      'empty-subject-alt-name',
    ],
    [
      'an empty subject without names',
      () => ({ leaf: { names: undefined }, leafParts: { subject: der.sequence() } }),
      'empty-subject',
    ],
    [
      'an empty subject with names not critical',
      () => ({ leafParts: { subject: der.sequence() } }),
      'empty-subject-san-not-critical',
    ],
    ['extensions in version 1', () => ({ leafParts: { version: 1 } }), 'extensions-need-version-3'],
    ['SHA-1', () => ({ leafParts: { sha1: true } }), 'weak-signature'],
    ['RSA of 1024 bits', () => ({ leafParts: { publicKey: weakKey } }), 'weak-key'],
    ['another host name', () => ({ name: 'other' }), 'name-mismatch'],
    ['another signer', () => ({ leafParts: { signWith: leafKey } }), 'signature'],
    ['an extension twice', () => ({ leaf: { again: rawExtensions.keyUsage([0]) } }), 'CERT_MALFORMED'],
    [
      'an algorithm inside that is not the one outside',
      () => ({ leafParts: { innerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.3')) } }),
      'CERT_MALFORMED',
    ],
  ];
  for (const [what, wrong, rule] of refused) {
    it(`both refuse ${what}`, () => {
      const parts = wrong();
      const bytes = make(parts);
      const { status, output } = openssl(bytes, parts.name ?? 'mosquitto');
      const findings = ours(bytes, parts.name ?? 'mosquitto');
      assert.ok(findings.includes(rule), `${findings.join()} instead of ${rule}`);
      assert.notEqual(status, 0, `openssl accepts: ${output}`);
    });
  }

  const accepted: [what: string, right: () => Wrong][] = [
    ['a proper chain', () => ({})],
    ['a leaf below the root', () => ({ direct: true })],
    ['a leaf without keyUsage and extendedKeyUsage', () => ({ leaf: { usage: undefined, purposes: undefined } })],
    ['a leaf without basicConstraints', () => ({ leaf: { constraints: undefined } })],
    [
      'a critical extendedKeyUsage',
      () => ({ leaf: { purposes: rawExtensions.extendedKeyUsage([SERVER_AUTH], true) } }),
    ],
    ['server and client', () => ({ leaf: { purposes: rawExtensions.extendedKeyUsage([SERVER_AUTH, CLIENT_AUTH]) } })],
    [
      'an empty subject with critical names',
      () => ({
        leaf: { names: rawExtensions.subjectAltName([rawDns('mosquitto')], true) },
        leafParts: { subject: der.sequence() },
      }),
    ],
    ['a name within the constraints', () => ({ ca: { limits: constraints('mosquitto') } })],
    ['an unknown extension that is not critical', () => ({ leaf: { odd: rawExtension('1.2.3.4', der.nullValue()) } })],
    ['a CA for servers', () => ({ ca: { purposes: rawExtensions.extendedKeyUsage([SERVER_AUTH]) } })],
    [
      'a key identifier by another method',
      () => ({
        ca: { keyId: rawExtensions.subjectKeyId(keyIdentifier) },
        leaf: { issuerId: rawExtensions.authorityKeyId(keyIdentifier) },
      }),
    ],
    ['a root signed with SHA-1, whose signature nobody checks', () => ({ rootParts: { sha1: true } })],
    [
      'a wildcard',
      () => ({ leaf: { names: rawExtensions.subjectAltName([rawDns('*.home.arpa')]) }, name: 'a.home.arpa' }),
    ],
    ['a root that lives beyond 2049', () => ({ rootParts: { notAfter: der.time(new Date('2060-01-01T00:00:00Z')) } })],
  ];
  for (const [what, right] of accepted) {
    it(`both accept ${what}`, () => {
      const parts = right();
      const bytes = make(parts);
      assert.deepEqual(ours(bytes, parts.name ?? 'mosquitto'), []);
      const { status, output } = openssl(bytes, parts.name ?? 'mosquitto');
      assert.equal(status, 0, output);
    });
  }

  it('refuses a host name that stands only in the common name, as RFC 9525 and Python do', () => {
    const bytes = make({ leaf: { names: undefined } });
    assert.deepEqual(ours(bytes, 'mosquitto'), ['no-subject-alt-name']);
  });

  it('judges a client by the purpose of a client', () => {
    const bytes = make({ leaf: { purposes: rawExtensions.extendedKeyUsage([CLIENT_AUTH]), names: undefined } });
    const chain = [bytes.leaf, bytes.ca as Buffer, bytes.root].map((item) => Certificate.fromDer(item));
    assert.deepEqual(strictFindings(chain, { purpose: 'client', now: Date.now() }), []);
    const [finding] = strictFindings(chain, { purpose: 'server', now: Date.now() });
    assert.equal(finding?.code, 'CERT_PURPOSE');
    assert.deepEqual(finding.cause, { rule: 'extended-key-usage', index: 0, subject: 'CN=mosquitto' });
  });

  it('looks at the second of the end: at it still valid, one later expired', () => {
    const bytes = make({});
    const chain = [bytes.leaf, bytes.ca as Buffer, bytes.root].map((item) => Certificate.fromDer(item));
    const leaf = chain[0] as Certificate;
    const rules = (now: number) => strictFindings(chain, { purpose: 'server', now }).map(({ code }) => code);
    assert.deepEqual(rules(leaf.notAfter.getTime()), []);
    assert.deepEqual(rules(leaf.notAfter.getTime() + 1000), ['CERT_EXPIRED']);
    assert.deepEqual(rules(leaf.notBefore.getTime()), []);
    assert.ok(rules(leaf.notBefore.getTime() - 1000).includes('CERT_NOT_YET_VALID'));
  });
});
