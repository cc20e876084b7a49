import assert from 'node:assert/strict';
import { acquireAuthority } from '../../src/ca/authority-registry';
import { guessNameType } from '../../src/editor/name-list';
import { pemBlocks } from '../../src/editor/pem-blocks';
import { SentenceTable } from '../../src/editor/sentence-table';
import { readDer } from '../../src/encoding/der-reader';
import { der } from '../../src/encoding/der-writer';
import { encodePem } from '../../src/encoding/pem';
import { OID } from '../../src/encoding/pkcs12-identifiers';
import { codedError, warning } from '../../src/model/errors';
import { readInventoryQuery } from '../../src/model/inventory-query';
import { shownValue } from '../../src/model/shown-value';
import { checkPort, parseTarget } from '../../src/model/target';
import { parseTopicFilter } from '../../src/mqtt/topic';
import { toOutgoingPublish } from '../../src/mqtt/outgoing-message';
import { readOverrides } from '../../src/node-red/broker-overrides';
import { readTopics } from '../../src/node-red/topic-actions';
import { createCertificateRequest, readCertificateRequest } from '../../src/pki/certificate-request';
import { generatePrivateKey } from '../../src/pki/key-generation';
import { readPkcs12 } from '../../src/pki/pkcs12';
import { readPrivateKey } from '../../src/pki/private-key';
import { createRevocationList, readRevocationList } from '../../src/pki/revocation-list';
import { signStructure } from '../../src/pki/signature-algorithm';
import { readCertificateDetails, readStatusChange } from '../../src/store/journal-row';
import { inDays, makeRoot } from '../support/certificates';
import { refuses, rejects } from '../support/coded-error';
import { rsaKey } from '../support/certificates-fixture';
import { MemoryClock } from '../support/memory-clock';
import { MemoryDisk } from '../support/memory-disk';
import { RawPkcs12 } from '../support/raw-pkcs12';
import { authorityOptions, nextProcess } from '../support/test-authority';

/** JSON can describe it, and `String` and `Number` throw for it. */
const NO_TEXT: unknown = JSON.parse('{"toString":1,"valueOf":1}');
const STRANGE = [NO_TEXT, Object.create(null), Symbol('x')] as const;

/** What `npm run fuzz` has found, each with the input that showed it, made small. */
describe('findings of the fuzzer', () => {
  it('a QoS, alias or expiry that does not become a number is none', () => {
    for (const strange of STRANGE) {
      const msg = { topic: 'a', payload: '', qos: strange, topicAlias: strange, messageExpiryInterval: strange };
      assert.deepEqual(toOutgoingPublish(msg), { topic: 'a', payload: '', qos: 0, retain: false });
      assert.deepEqual(readTopics({ topic: 'a', qos: strange, rh: strange }), [{ topic: 'a', qos: 2, rh: 0 }]);
    }
  });

  it('a port or a login that does not become a text is refused', () => {
    for (const strange of STRANGE) {
      refuses(() => checkPort(strange), 'INPUT_PORT');
      for (const field of ['broker', 'port', 'clientid', 'username', 'password', 'keepalive']) {
        refuses(() => readOverrides({ [field]: strange }), 'INPUT_PAYLOAD', new RegExp(field));
      }
    }
  });

  it('a damaged line of the journal is passed over', () => {
    const strange = '{"toString":1,"valueOf":1}';
    const details = '"serialNumber":"0A","commonName":"x","profile":"device","keyType":"ec-p256","fingerprint256":"AB"';
    assert.equal(readCertificateDetails(`{${details},"notBefore":${strange}}`), undefined);
    assert.equal(readStatusChange(`{"event":"revoked","serialNumber":"0A","at":${strange}}`), undefined);
  });

  it('a message of an error is one line of bounded length, whatever it repeats', () => {
    const { message } = refuses(() => parseTarget('a\nforged line of a log\u001b[2J\u202e'), 'INPUT_TARGET');
    assert.match(message, /a\\u000aforged line of a log\\u001b\[2J\\u202e/);
    assert.ok(refuses(() => parseTarget('!'.repeat(2000)), 'INPUT_TARGET').message.length <= 1000);
    for (const long of ['x'.repeat(5000), '\n'.repeat(5000)]) {
      assert.ok(codedError('INPUT_TARGET', long).message.length <= 1000);
      assert.ok(warning('INPUT_TARGET', long).message.length <= 1000);
    }
  });

  it('a host holds no blank and no invisible character of any script', () => {
    for (const sign of ['\ufeff', '\u00a0', '\u3000', '\u200b', '\u202e', '\u2028', '\ud800']) {
      refuses(() => parseTarget(`bro${sign}ker`), 'INPUT_TARGET');
    }
    assert.equal(parseTarget('bücher.example').host, 'bücher.example');
  });

  it('the key of a request may be no point at infinity, which OpenSSL loads', async () => {
    const privateKey = await generatePrivateKey('ec-p256');
    const { der: valid } = await createCertificateRequest({
      subject: { commonName: 'x' },
      subjectAltNames: [],
      privateKey,
    });
    const info = readDer(valid).children()[0]?.children() ?? [];
    const [version, subject, spki, attributes] = info.map((field) => field.raw) as [Buffer, Buffer, Buffer, Buffer];
    const algorithm = readDer(spki).children()[0]?.raw as Buffer;
    const infinity = der.sequence(algorithm, der.bitString(Buffer.from([0])));
    const request = await signStructure(der.sequence(version, subject, infinity, attributes), privateKey);
    refuses(() => readCertificateRequest(request), 'KEY_UNSUPPORTED');
  });

  it('neither may the public key inside a private one', () => {
    const curve = der.oid('1.2.840.10045.3.1.7');
    const infinity = der.explicit(1, der.bitString(Buffer.from([0])));
    const parts = [der.integer(1), der.octetString(Buffer.alloc(32, 1)), der.explicit(0, curve), infinity];
    refuses(() => readPrivateKey(der.sequence(...parts)), 'KEY_MALFORMED');
  });

  it('a revocation list is asked for a serial number of any length and sign', async () => {
    const issuer = await makeRoot();
    const { der: bytes } = await createRevocationList({
      issuer,
      number: 1,
      thisUpdate: inDays(-1),
      nextUpdate: inDays(1),
      revoked: [{ serialNumber: '0A', revokedAt: inDays(-1), reason: 'superseded' }],
    });
    const list = readRevocationList(bytes);
    for (const strange of ['7F'.repeat(21), '-01', '-' + '7F'.repeat(500), ''])
      assert.equal(list.find(strange), undefined);
    for (const same of ['0A', 'a', '00:0a']) assert.equal(list.find(same)?.reason, 'superseded', same);
  });

  it('a key in a PKCS#12 file that is no key is said to be one that cannot be read', async () => {
    const raw = new RawPkcs12();
    const bag = raw.bag(OID.keyBag, der.integer(5));
    const file = await raw.file(der.sequence(raw.data(bag)), 'none');
    await rejects(() => readPkcs12(file), 'KEY_MALFORMED');
  });

  it('a huge number in DER is refused by its length, before it costs seconds', () => {
    const number = (octets: number) => readDer(der.element(0x02, Buffer.alloc(octets, 0x7f)));
    refuses(() => number(8193).smallInteger('version', 2), 'DER_MALFORMED', /a number of 8193 octets/);
    refuses(() => number(8192).smallInteger('version', 2), 'DER_MALFORMED', /is not between 0 and 2/);
    assert.ok(number(8192).integer('modulus') > 0n);
  });

  it('a huge number is shown short, and not even counted', () => {
    assert.equal(shownValue(10n ** 400n), 'a huge number');
    assert.equal(shownValue(-(10n ** 400n)), 'a huge number');
    assert.equal(shownValue(-5n), '-5');
  });

  it('a number of an RSA key that is longer than its modulus is refused, before it is used for minutes', () => {
    const key = rsaKey(2048);
    const [version, modulus, exponent, , ...primes] = readDer(key.export({ type: 'pkcs1', format: 'der' }))
      .children()
      .map(({ raw }) => raw) as [Buffer, Buffer, Buffer, Buffer, ...Buffer[]];
    const secretExponent = der.element(0x02, Buffer.alloc(70_000, 0x61));
    const parts = [version, modulus, exponent, secretExponent, ...primes];
    refuses(() => readPrivateKey(der.sequence(...parts)), 'KEY_MALFORMED', /a number of 70000 octets/);
    const first = der.element(0x02, Buffer.alloc(40_000, 0x61));
    const long = [version, modulus, exponent, primes[0] as Buffer, first, ...primes.slice(1)];
    refuses(() => readPrivateKey(der.sequence(...long)), 'KEY_MALFORMED', /a number of 40000 octets/);
    assert.equal(readPrivateKey(key.export({ type: 'pkcs1', format: 'der' })).asymmetricKeyType, 'rsa');
  });

  it('key usages are nine bits, not a megabyte of them', () => {
    const bits = (octets: number) => readDer(der.bitString(Buffer.alloc(octets, 0xff)));
    refuses(() => bits(33).namedBits('keyUsage'), 'DER_MALFORMED', /named bits in 33 octets/);
    assert.equal(bits(32).namedBits('keyUsage').length, 256);
  });

  // Each took minutes, growing with the square or the third power of the length; growth.test.ts counts the others.
  it('what is pasted into a dialog, or shown there of a server, is read in one pass', () => {
    assert.equal(guessNameType(`${':'.repeat(100_000)}x`), undefined);
    assert.equal(pemBlocks('-----BEGIN X-----\n'.repeat(100_000)).certificates, '');
    const table = new SentenceTable('the server said … and … and …, not …\nx');
    assert.equal(table.translationOf(`the server said a${' and a'.repeat(100_000)}!`), undefined);
  });

  it('a key is never taken for a part of the certificate that was cut off in front of it', () => {
    const [key, certificate] = ['PRIVATE KEY', 'CERTIFICATE'].map((label) => encodePem(label, Buffer.alloc(9)));
    const cutOff = '-----BEGIN CERTIFICATE-----\nAAAA\n';
    const { certificates, secretKeys } = pemBlocks(`${cutOff}${key}${certificate}`);
    assert.deepEqual([certificates, secretKeys], [certificate, key]);
    assert.equal(pemBlocks(`${cutOff}-----BEGIN PRIVATE KEY-----\nAAAA\n${certificate}`).certificates, certificate);
  });

  it('what an error tells of a topic is short', () => {
    for (const topic of ['x'.repeat(60_000) + '#', `$share/${'x'.repeat(60_000)}`]) {
      assert.ok(JSON.stringify(refuses(() => parseTopicFilter(topic), 'INPUT_TOPIC').cause).length < 500);
    }
  });

  it('and what it tells of a field that no query has', () => {
    const query = { ['x'.repeat(60_000)]: 1 };
    assert.ok(JSON.stringify(refuses(() => readInventoryQuery(query), 'INPUT_QUERY').cause).length < 500);
  });

  it('a file of a CA folder, or one that knows CAs, that was edited is said to be damaged', async () => {
    const folder = new MemoryDisk();
    const clock = new MemoryClock();
    const options = () => authorityOptions({ fs: folder, clock, processes: nextProcess() });
    const { authority, release } = await acquireAuthority(options());
    await authority.takeStep('renew');
    await release();
    const [known, state, generations] = [
      '/user/.secure-mqtt/authorities.json',
      '/user/pki/ca/ca.json',
      '/user/pki/ca/generations.json',
    ].map((path) => ({ path, text: folder.files().get(path) ?? '' })) as [Edited, Edited, Edited];
    const edit = ({ path, text }: Edited, from: RegExp, to: string) => folder.put(path, text.replace(from, to));

    edit(generations, /"certificate": "[^"]*"/, '"certificate": {}');
    await rejects(() => acquireAuthority(options()), 'CA_CORRUPT', /a certificate is missing/);
    edit(generations, /^/, '');
    edit(known, /"createdAt": "[^"]*"/, '"createdAt": 5');
    await rejects(() => acquireAuthority(options()), 'STORE_CORRUPT');
    edit(known, /^/, '');
    const index = '/user/pki/ca/index.txt';
    folder.put(index, `V\t360101000000Z\t\t${'0A'.repeat(21)}\tunknown\t/CN=x\n`);
    await rejects(() => acquireAuthority(options()), 'CA_CORRUPT', /line 1 of index.txt/);
    folder.put(index, '');
    edit(state, /"createdAt": "[^"]*"/, '"createdAt": {"toString":1,"valueOf":1}');
    const opened = await acquireAuthority(options());
    await opened.release();
  });
});

interface Edited {
  path: string;
  text: string;
}
