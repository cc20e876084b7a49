import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { der } from '../../../src/encoding/der-writer';
import { readDer } from '../../../src/encoding/der-reader';
import { isCodedError } from '../../../src/model/errors';
import { formatSubjectAltName, parseSubjectAltName } from '../../../src/model/subject-alt-name';
import { createCertificateRequest, readCertificateRequest } from '../../../src/pki/certificate-request';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { spkiOf } from '../../../src/pki/public-key';
import { refuses, rejects } from '../../support/coded-error';
import { mutated, SeededRandom } from '../../support/seeded-random';
import { rawDns, rawExtension, rawExtensions, rawName } from '../../support/raw-certificate';

const ECDSA = der.sequence(der.oid('1.2.840.10045.4.3.2'));

interface RawRequest {
  key: KeyObject;
  version?: number;
  subject?: Buffer;
  spki?: Buffer;
  attributes?: Buffer[];
  algorithm?: Buffer;
  hash?: string | null;
}

/** A request from any parts. */
function rawRequest({
  key,
  version = 0,
  subject = rawName('dev01'),
  spki,
  attributes = [],
  ...rest
}: RawRequest): Buffer {
  const info = der.sequence(
    der.integer(version),
    subject,
    spki ?? spkiOf(key),
    der.implicit(0, Buffer.concat(attributes), true),
  );
  const signature = sign(rest.hash === undefined ? 'sha256' : rest.hash, info, key);
  return der.sequence(info, rest.algorithm ?? ECDSA, der.bitString(signature));
}

const attribute = (oid: string, ...values: Buffer[]) => der.sequence(der.oid(oid), der.set(...values));
const wanting = (...extensions: Buffer[]) => attribute('1.2.840.113549.1.9.14', der.sequence(...extensions));

describe('certificate request', () => {
  let key: KeyObject;
  let rsa: KeyObject;
  before(async () => {
    key = await generatePrivateKey('ec-p256');
    rsa = await generatePrivateKey('rsa-2048');
  });

  it('reads back what it writes', async () => {
    const names = ['dns:dev01.local', 'ip:10.0.0.1', 'uri:urn:x:y', 'email:a@b.example', 'dns:*.a.local'];
    for (const privateKey of [key, rsa, await generatePrivateKey('ec-p384')]) {
      const subject = { commonName: 'dev01', organization: 'Zoë', country: 'GB' };
      const subjectAltNames = names.map((name) => parseSubjectAltName(name, { allowWildcard: true }));
      const request = await createCertificateRequest({ subject, subjectAltNames, privateKey });
      for (const form of [request.pem, request.der, Buffer.from(request.pem)]) {
        const read = readCertificateRequest(form);
        assert.deepEqual(read.subject, subject);
        assert.deepEqual(read.subjectAltNames.map(formatSubjectAltName), names);
        assert.ok(spkiOf(read.publicKey).equals(spkiOf(privateKey)));
        assert.deepEqual(read.warnings, []);
      }
    }
  });

  it('writes the attributes even when there are none', async () => {
    const request = await createCertificateRequest({
      subject: { commonName: 'x' },
      subjectAltNames: [],
      privateKey: key,
    });
    const last = readDer(request.der).children()[0]?.children()[3];
    assert.equal(last?.raw.toString('hex'), 'a000');
    assert.match(request.pem, /^-----BEGIN CERTIFICATE REQUEST-----\n/);
    readCertificateRequest(request.pem.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'));
  });

  it('refuses to make one for a key no CA of ours certifies', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    await rejects(() => createCertificateRequest({ subject: {}, subjectAltNames: [], privateKey }), 'KEY_UNSUPPORTED');
  });

  it('says what is dropped whatever the profile, and keeps the rest', () => {
    const subject = der.sequence(
      der.set(der.sequence(der.oid('2.5.4.3'), der.utf8String('dev01'))),
      der.set(der.sequence(der.oid('1.2.840.113549.1.9.1'), der.ia5String('a@b.example'))),
    );
    const names = [
      rawDns('Dev01.Local'),
      rawDns('my_host'),
      der.implicit(8, Buffer.from('2a03', 'hex')),
      rawDns('*.a.local'),
    ];
    const request = readCertificateRequest(
      rawRequest({
        key,
        subject,
        attributes: [
          attribute('1.2.840.113549.1.9.7', der.utf8String('secret challenge')),
          wanting(
            rawExtensions.subjectAltName(names),
            rawExtensions.keyUsage([0, 5]),
            rawExtensions.caConstraints(),
            rawExtension('1.2.3.4', der.nullValue()),
          ),
          attribute('1.2.3.5', der.nullValue()),
        ],
      }),
    );
    assert.deepEqual(request.subject, { commonName: 'dev01' });
    assert.deepEqual(request.subjectAltNames.map(formatSubjectAltName), ['dns:dev01.local', 'dns:*.a.local']);
    assert.deepEqual(request.requested.keyUsage, ['digitalSignature', 'keyCertSign']);
    assert.equal(request.requested.basicConstraints?.ca, true);
    const text = request.warnings.map(({ code, message }) => `${code} ${message}`).join('\n');
    for (const what of ['challenge password', '1.2.3.4', '1.2.3.5', 'emailAddress', 'registeredID', 'my_host']) {
      assert.match(text, new RegExp(`CSR_EXTENSION_DROPPED.*${what}`));
    }
    assert.equal(request.warnings.length, 6);
    assert.doesNotMatch(JSON.stringify(request.warnings), /secret challenge/);
  });

  const malformed: [what: string, make: () => Buffer][] = [
    ['version 2', () => rawRequest({ key, version: 1 })],
    ['extensions twice', () => rawRequest({ key, attributes: [wanting(), wanting()] })],
    [
      'two lists of extensions',
      () =>
        rawRequest({
          key,
          attributes: [attribute('1.2.840.113549.1.9.14', der.sequence(), der.sequence(der.nullValue()))],
        }),
    ],
    ['no list of extensions', () => rawRequest({ key, attributes: [attribute('1.2.840.113549.1.9.14')] })],
    [
      'an attribute with a SEQUENCE of values',
      () => rawRequest({ key, attributes: [der.sequence(der.oid('1.2.3'), der.sequence())] }),
    ],
    ['something behind the signature', () => Buffer.concat([rawRequest({ key }), Buffer.from([0])])],
    [
      'twenty-one attributes',
      () => rawRequest({ key, attributes: Array.from({ length: 21 }, () => attribute('1.2.3', der.nullValue())) }),
    ],
  ];
  for (const [what, make] of malformed) {
    it(`refuses ${what}`, () => {
      refuses(() => readCertificateRequest(make()), 'CSR_MALFORMED');
    });
  }

  it('refuses a key that is not in its canonical encoding', () => {
    const bits = readDer(spkiOf(rsa)).children()[1]?.raw ?? Buffer.alloc(0);
    const spki = der.sequence(der.sequence(der.oid('1.2.840.113549.1.1.1')), bits); // NULL is missing
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nullValue());
    refuses(() => readCertificateRequest(rawRequest({ key: rsa, spki, algorithm })), 'CSR_MALFORMED', /canonical/);
  });

  it('does not certify a compressed point, which BearSSL cannot read', () => {
    const point = readDer(spkiOf(key)).children()[1]?.bitOctets('point') ?? Buffer.alloc(0);
    const compressed = Buffer.concat([Buffer.from([2 + ((point.at(-1) ?? 0) & 1)]), point.subarray(1, 33)]);
    const algorithm = der.sequence(der.oid('1.2.840.10045.2.1'), der.oid('1.2.840.10045.3.1.7'));
    const spki = der.sequence(algorithm, der.bitString(compressed));
    refuses(() => readCertificateRequest(rawRequest({ key, spki })), 'KEY_UNSUPPORTED', /compressed/);
  });

  it('does not certify an RSA key with exponent 1, for which anybody can sign', () => {
    const { n = '' } = createPublicKey(rsa).export({ format: 'jwk' });
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.1'), der.nullValue());
    const broken = der.sequence(der.integer(Buffer.from(n, 'base64url')), der.integer(1));
    const spki = der.sequence(algorithm, der.bitString(broken));
    refuses(() => readCertificateRequest(rawRequest({ key, spki })), 'KEY_UNSUPPORTED', /exponent/);
  });

  const unsigned: [what: string, make: () => Buffer][] = [
    [
      'another key’s signature',
      () => rawRequest({ key, spki: spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey) }),
    ],
    [
      'an RSA algorithm for an EC key',
      () => rawRequest({ key, algorithm: der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nullValue()) }),
    ],
    ['another hash than it says', () => rawRequest({ key, hash: 'sha384' })],
    [
      'NULL behind ECDSA',
      () => rawRequest({ key, algorithm: der.sequence(der.oid('1.2.840.10045.4.3.2'), der.nullValue()) }),
    ],
    ['RSA without NULL', () => rawRequest({ key: rsa, algorithm: der.sequence(der.oid('1.2.840.113549.1.1.11')) })],
    ['SHA-1', () => rawRequest({ key, hash: 'sha1', algorithm: der.sequence(der.oid('1.2.840.10045.4.1')) })],
    ['an unknown algorithm', () => rawRequest({ key, algorithm: der.sequence(der.oid('1.2.3.4')) })],
  ];
  for (const [what, make] of unsigned) {
    it(`does not accept ${what}`, () => {
      refuses(() => readCertificateRequest(make()), 'CSR_SIGNATURE');
    });
  }

  it('accepts SHA-384 and SHA-512 when it says so', () => {
    const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.4'));
    assert.equal(readCertificateRequest(rawRequest({ key, hash: 'sha512', algorithm })).keyType, 'ec-p256');
  });

  const unsupported: [what: string, make: () => KeyObject, algorithm?: Buffer, hash?: null][] = [
    [
      'RSA of 1024 bits',
      () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
      der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nullValue()),
    ],
    ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey],
    ['Ed25519', () => generateKeyPairSync('ed25519').privateKey, der.sequence(der.oid('1.3.101.112')), null],
  ];
  for (const [what, make, algorithm, hash] of unsupported) {
    it(`does not support ${what}`, () => {
      refuses(() => readCertificateRequest(rawRequest({ key: make(), algorithm, hash })), 'KEY_UNSUPPORTED');
    });
  }

  it('refuses other PEM, two requests, and text', async () => {
    const { pem } = await createCertificateRequest({
      subject: { commonName: 'x' },
      subjectAltNames: [],
      privateKey: key,
    });
    refuses(() => readCertificateRequest(pem + pem), 'PEM_TOO_MANY');
    refuses(
      () => readCertificateRequest(pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')),
      'PEM_WRONG_LABEL',
      /this is a certificate/,
    );
    refuses(() => readCertificateRequest('x'), 'PEM_NO_BLOCK');
    refuses(() => readCertificateRequest(Buffer.from([1, 2])), 'PEM_NO_BLOCK');
  });

  it('accepts none of 30,000 mutated requests', function () {
    this.timeout(300_000);
    const random = new SeededRandom(5);
    const originals = [
      rawRequest({ key, attributes: [wanting(rawExtensions.subjectAltName([rawDns('dev01.local')]))] }),
      rawRequest({ key: rsa, algorithm: der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nullValue()) }),
    ];
    const codes = new Map<string, number>();
    for (let round = 0; round < 30_000; round++) {
      const input = mutated(originals[round % 2] as Buffer, random);
      try {
        readCertificateRequest(input);
        assert.fail(`accepted a request with changes: ${input.toString('hex')}`);
      } catch (error) {
        if (!isCodedError(error)) throw error;
        codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
      }
    }
    // Both halves of the defence were at work.
    assert.ok((codes.get('CSR_SIGNATURE') ?? 0) > 1000, JSON.stringify([...codes]));
    assert.ok((codes.get('CSR_MALFORMED') ?? 0) > 1000, JSON.stringify([...codes]));
  });
});
