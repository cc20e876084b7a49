import assert from 'node:assert/strict';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { Certificate } from '../../../src/pki/certificate';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { nameMatches } from '../../../src/pki/name-matching';
import { makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { rootCa, server } from '../../support/chain-cases/chain-case';
import { rawCertificate, rawDns, rawExtensions, rawName } from '../../support/raw-certificate';

describe('name matching', () => {
  let root: KeyedCertificate;
  let certificates: Map<string, Certificate>;
  before(async () => {
    root = await makeRoot();
    const key = await generatePrivateKey('ec-p256');
    const raw = (commonName: string, names: string[] | undefined) =>
      Certificate.fromDer(
        rawCertificate({
          subject: rawName(commonName),
          issuer: rawName('x'),
          publicKey: key,
          signWith: key,
          extensions: names ? [rawExtensions.subjectAltName(names.map(rawDns))] : [],
        }),
      );
    const made = async (names: string[], ipAsDns = false) => (await makeLeaf(root, { names, ipAsDns })).certificate;
    certificates = new Map([
      ['plain', await made(['dns:mosquitto', 'dns:broker.home.arpa', 'ip:192.168.0.10', 'ip:2001:db8::1', 'ip:::1'])],
      ['wildcard', await made(['dns:*.home.arpa'])],
      ['top wildcard', await made(['dns:*.local'])],
      ['address as dns', await made(['ip:192.168.0.10'], true)],
      ['IDN', await made(['dns:bücher.example'])],
      ['common name only', raw('mosquitto', undefined)],
      ['wildcard as common name', raw('*.home.arpa', undefined)],
      ['address as common name', raw('192.168.0.10', undefined)],
      ['address as dNSName only', raw('x', ['192.168.0.10'])],
      [
        'odd names',
        raw('mosquitto', [
          'my_host',
          'dot.example.',
          'b*r.home.arpa',
          '*.*.arpa',
          'a..b',
          '*',
          'f*.xn--bcher-kva.example',
        ]),
      ],
      ['cut A-label', raw('mosquitto', ['xn--b*.example'])],
    ]);
  });

  const hosts = [
    ...[
      'mosquitto',
      'MOSQUITTO',
      'mosquitto.',
      'mosquitt',
      'broker.home.arpa',
      'home.arpa',
      'a.broker.home.arpa',
      'x',
      '',
    ],
    ...['a.home.arpa', 'a.b.home.arpa', '.home.arpa', 'esp.local', 'local', 'my_host', 'dot.example', 'dot.example.'],
    ...[
      'bar.home.arpa',
      'br.home.arpa',
      'b.home.arpa',
      'a.b.arpa',
      'a..b',
      'foo.xn--bcher-kva.example',
      'xn--bcher-kva.example',
    ],
    ...['192.168.0.10', '192.168.0.11', '10.0.0.1', '0.0.0.0'],
  ];

  for (const host of hosts) {
    it(`judges "${host}" as Node does`, () => {
      for (const [what, certificate] of certificates) {
        const node =
          checkServerIdentity(host, certificate.x509.toLegacyObject() as unknown as PeerCertificate) === undefined;
        assert.equal(nameMatches(certificate, host), node, what);
      }
    });
  }

  it('compares IPv6 addresses as addresses, where Node 22.23 refuses all', () => {
    const plain = certificates.get('plain') as Certificate;
    for (const host of ['2001:db8::1', '2001:DB8:0:0::1', '2001:0db8:0000:0000:0000:0000:0000:0001', '::1']) {
      assert.ok(nameMatches(plain, host), host);
      assert.equal(plain.x509.checkIP(host), host);
    }
    assert.ok(!nameMatches(plain, '2001:db8::2'));
    assert.ok(!nameMatches(plain, '::ffff:192.168.0.10'));
  });

  it('maps names outside ASCII', () => {
    assert.ok(nameMatches(certificates.get('IDN') as Certificate, 'Bücher.example'));
  });

  it('never takes a dNSName or common name for an address', () => {
    assert.ok(!nameMatches(certificates.get('address as dNSName only') as Certificate, '192.168.0.10'));
    assert.ok(!nameMatches(certificates.get('address as common name') as Certificate, '192.168.0.10'));
  });

  it('leaves the common name alone when asked', () => {
    const certificate = certificates.get('common name only') as Certificate;
    assert.ok(nameMatches(certificate, 'mosquitto'));
    assert.ok(!nameMatches(certificate, 'mosquitto', { strict: true }));
  });
  const lax: [pattern: string, host: string, strict: boolean][] = [
    ['*.home.arpa', 'bar.home.arpa', true],
    ['b*.home.arpa', 'bar.home.arpa', false],
    ['*r.home.arpa', 'bar.home.arpa', false],
    ['b*r.home.arpa', 'bar.home.arpa', false],
    ['bar.home.arpa.', 'bar.home.arpa', false],
    ['bar.home.arpa', 'bar.home.arpa.', true],
  ];
  for (const [pattern, host, strict] of lax) {
    it(`a strict verifier ${strict ? 'takes' : 'refuses'} ${pattern} for ${host}`, () => {
      const names = rawExtensions.subjectAltName([rawDns(pattern)]);
      const certificate = Certificate.fromDer(server(rootCa(), { with: { names } }).der);
      assert.ok(nameMatches(certificate, host), 'Node takes all of these');
      assert.equal(nameMatches(certificate, host, { strict: true }), strict);
    });
  }
});
