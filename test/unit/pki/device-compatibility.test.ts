import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { DEVICE_RULES, rulesFor } from '../../../src/model/device-rules';
import { DEVICE_STACKS } from '../../../src/model/device-stacks';
import { parseNameConstraints } from '../../../src/model/name-constraints';
import { Certificate } from '../../../src/pki/certificate';
import { traitsOf } from '../../../src/pki/certificate-traits';
import { deviceCompatibility, deviceWarnings } from '../../../src/pki/device-compatibility';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { inDays, makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import {
  CLIENT_AUTH,
  rawCertificate,
  rawDns,
  rawExtensions,
  rawName,
  SERVER_AUTH,
} from '../../support/raw-certificate';

const rules = (certificate: Certificate) => rulesFor(traitsOf(certificate)).map(({ id }) => id);
const warned = (certificate: Certificate) => deviceWarnings(certificate).map(({ cause }) => cause.rule);

describe('device compatibility', () => {
  let root: KeyedCertificate;
  let key: KeyObject;
  before(async () => {
    root = await makeRoot();
    key = await generatePrivateKey('ec-p256');
  });

  const raw = (extensions: Buffer[], publicKey = key, subject = 'leaf', issuer = 'ca') =>
    Certificate.fromDer(
      rawCertificate({ subject: rawName(subject), issuer: rawName(issuer), publicKey, signWith: key, extensions }),
    );

  it('has nothing to say about what the package makes by default', async () => {
    for (const keyType of ['ec-p256', 'rsa-2048'] as const) {
      const ca = await makeRoot({ keyType });
      assert.deepEqual(rules(ca.certificate), []);
      assert.deepEqual(rules((await makeIntermediate(ca)).certificate), []);
      assert.deepEqual(
        rules((await makeLeaf(ca, { keyType, names: ['dns:mosquitto', 'dns:*.example.com'] })).certificate),
        [],
      );
      assert.deepEqual(
        rules((await makeLeaf(ca, { keyType, profile: 'device', names: ['ip:10.0.0.1'] })).certificate),
        [],
      );
    }
  });

  it('says which device cannot verify an address, until it is written as a name too', async () => {
    const names = ['dns:mosquitto', 'ip:192.168.0.10'];
    const [warning] = deviceWarnings((await makeLeaf(root, { names })).certificate);
    assert.equal(warning?.code, 'CERT_DEVICE_LIMIT');
    assert.match(warning.message, /^an ESP8266 \(BearSSL\), an ESP32 \(mbedTLS\) cannot verify an IP address/);
    assert.match(warning.hint, /host name.*devices connect by IP/);
    assert.deepEqual(warning.cause.stacks, ['esp8266', 'esp32']);
    assert.deepEqual(rules((await makeLeaf(root, { names, ipAsDns: true })).certificate), []);
  });

  it('is a table with a verdict for every stack', async () => {
    const verdicts = (certificate: Certificate) =>
      Object.entries(deviceCompatibility(certificate)).flatMap(([stack, { verdict }]) =>
        verdict === 'ok' ? [] : [`${stack} ${verdict}`],
      );
    const plain = deviceCompatibility((await makeLeaf(root)).certificate);
    assert.deepEqual(Object.keys(plain), Object.keys(DEVICE_STACKS));
    const cases: [names: string[], expected: string[]][] = [
      [['dns:mosquitto'], []],
      [
        ['dns:mosquitto', 'ip:192.168.0.10'],
        ['esp8266 limited', 'esp32 limited'],
      ],
      [['ip:192.168.0.10'], ['esp8266 refused', 'esp32 limited']],
      [
        ['dns:*.local', 'dns:mosquitto'],
        ['strict limited', 'node limited', 'browser limited', 'nss limited', 'gnutls limited'],
      ],
    ];
    for (const [names, expected] of cases) {
      assert.deepEqual(verdicts((await makeLeaf(root, { names })).certificate), expected, names.join());
    }
    const constrained = await makeRoot({ nameConstraints: parseNameConstraints('permitted:dns:home.arpa') });
    const { esp32 } = deviceCompatibility(constrained.certificate);
    assert.equal(esp32.verdict, 'refused');
    assert.match(`${esp32.reason} ${esp32.hint}`, /name constraints/);
  });

  it('knows every other row of the measurements', async () => {
    const nameConstraints = parseNameConstraints('permitted:dns:home.arpa');
    const ed25519 = generateKeyPairSync('ed25519').publicKey;
    const aki = rawExtensions.authorityKeyId(Buffer.alloc(20));
    const san = rawExtensions.subjectAltName([rawDns('mosquitto')]);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const server = rawExtensions.extendedKeyUsage([SERVER_AUTH]);
    const server1 = () => {
      const parts = { subject: rawName('leaf'), issuer: rawName('ca'), publicKey: key, signWith: key, sha1: true };
      return Certificate.fromDer(rawCertificate({ ...parts, extensions: [aki, san] }));
    };
    const table: [certificate: Certificate, expected: string[]][] = [
      [raw([aki, san], ed25519), ['ed25519']],
      [(await makeLeaf(root, { names: ['dns:*.local'] })).certificate, ['top-wildcard']],
      [raw([aki, san, rawExtensions.extendedKeyUsage([SERVER_AUTH], true)]), ['critical-extended-key-usage']],
      [(await makeRoot({ nameConstraints })).certificate, ['name-constraints-root']],
      [(await makeIntermediate(root, { nameConstraints })).certificate, ['name-constraints-intermediate']],
      [(await makeRoot({ pathLength: 0 })).certificate, ['root-path-length']],
      [raw([san]), ['no-authority-key-identifier']],
      [
        raw(
          [rawExtensions.caConstraints(false), rawExtensions.keyUsage([5]), rawExtensions.subjectKeyId(key)],
          key,
          'ca',
          'ca',
        ),
        ['ca-extensions'],
      ],
      [raw([aki, san, server, rawExtensions.keyUsage([0])], rsa), ['rsa-server-key-usage']],
      [raw([aki, san, server, rawExtensions.keyUsage([0, 2, 4])], rsa), []],
      [(await makeLeaf(root, { names: ['dns:*.home.arpa'] })).certificate, ['registry-wildcard']],
      [raw([aki, server]), ['no-names']],
      [(await makeLeaf(root, { names: ['dns:mosquitto'], notAfter: inDays(825) })).certificate, ['long-lived-server']],
      [(await makeLeaf(root, { names: ['dns:mosquitto'], notAfter: inDays(823) })).certificate, []],
      [(await makeLeaf(root, { profile: 'device', names: [], notAfter: inDays(3000) })).certificate, []],
      [(await makeLeaf(root, { profile: 'device', names: [], keyType: 'rsa-3072' })).certificate, ['slow-key']],
      [raw([aki, san], generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), ['weak-key']],
      [server1(), ['weak-signature']],
      [raw([aki, rawExtensions.extendedKeyUsage([CLIENT_AUTH]), rawExtensions.keyUsage([0])], rsa), []],
    ];
    for (const [certificate, expected] of table) assert.deepEqual(rules(certificate), expected);
    const seen = new Set([...table.flatMap(([, ids]) => ids), 'ip-address']);
    assert.deepEqual(
      DEVICE_RULES.map(({ id }) => id).filter((id) => !seen.has(id)),
      [],
      'every rule is tested',
    );
    assert.deepEqual(warned((await makeLeaf(root, { names: ['dns:*.home.arpa'] })).certificate), [], 'quiet');
    assert.ok(DEVICE_RULES.every(({ hint, stacks }) => hint && stacks.length > 0));
  });
});
