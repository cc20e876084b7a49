import assert from 'node:assert/strict';
import { berToDer } from '../../../src/encoding/ber';
import { readDer, type DerElement } from '../../../src/encoding/der-reader';
import { der } from '../../../src/encoding/der-writer';
import { decodePem, encodePem, type PemBlock } from '../../../src/encoding/pem';
import { Certificate } from '../../../src/pki/certificate';
import { readCertificateRequest, type CertificateRequest } from '../../../src/pki/certificate-request';
import { deviceCompatibility } from '../../../src/pki/device-compatibility';
import { readForeignMaterial } from '../../../src/pki/foreign-material';
import { readPrivateKey } from '../../../src/pki/private-key';
import { readRevocationList, type RevocationList } from '../../../src/pki/revocation-list';
import { signStructure } from '../../../src/pki/signature-algorithm';
import {
  misnamedIssuer,
  missingIntermediate,
  readChain,
  replacedAnchor,
  replacedIntermediate,
} from '../../../src/tls/chain-reading';
import { identityCertificates, readClientIdentity, type ClientIdentity } from '../../../src/tls/client-identity';
import { readRevocationLists } from '../../../src/tls/revocation';
import { readTrustAnchors, type Trust } from '../../../src/tls/trust';
import type { SeededRandom } from '../../support/seeded-random';
import { changedDer, changedValues } from '../der-mutations';
import type { Parser } from '../fuzzer';
import { assertSameCertificate, assertSameList, assertSameRequest } from '../openssl-reading';
import { PASSPHRASE, type Samples } from '../samples';
import { changedText } from '../text-mutations';

const DER_CODES = 'DER_MALFORMED|DER_TOO_LARGE|DER_TOO_DEEP';
const PEM_CODES = 'PEM_NO_BLOCK|PEM_MALFORMED|PEM_WRONG_LABEL|PEM_TOO_MANY';

/** DER is unique: what was accepted, written again, is the same octets. */
function rewritten(element: DerElement): Buffer {
  const content = element.constructed ? Buffer.concat(element.children().map(rewritten)) : element.content;
  return der.element(element.raw[0] as number, content);
}

/** Every getter works, and OpenSSL reads the same. */
function sameAsOpenssl(certificate: Certificate): void {
  assert.ok(Certificate.fromPem(certificate.pem).equals(certificate));
  deviceCompatibility(certificate);
  assertSameCertificate(certificate);
}

/** The readers of what is encoded in DER or PEM. */
export function encodedParsers(samples: Samples): Parser[] {
  const { certificates, requests, lists, keys, pems, keyPems } = samples;
  const everything = [...certificates, ...requests, ...lists, ...keys];
  const parsers = [
    {
      name: 'der',
      runs: 150,
      make: (random) => changedDer(everything, random),
      read: (input) => readDer(input),
      codes: new RegExp(`^(${DER_CODES})$`),
      holds: (element: DerElement, input) => assert.ok(rewritten(element).equals(input), 'another form of the same'),
    } satisfies Parser<Buffer>,
    {
      name: 'ber',
      runs: 80,
      make: (random) => changedDer(samples.pkcs12, random),
      read: (input) => berToDer(input),
      codes: new RegExp(`^(${DER_CODES})$`),
      holds: (written: Buffer) => assert.ok(berToDer(written).equals(written), 'DER is no longer changed'),
    } satisfies Parser<Buffer>,
    {
      name: 'certificate',
      runs: 120,
      make: (random) => (random.below(2) === 0 ? changedDer : changedValues)(certificates, random),
      read: (input) => Certificate.fromDer(input),
      codes: /^(CERT_MALFORMED|DER_TOO_LARGE|DER_TOO_DEEP)$/,
      holds: sameAsOpenssl,
    } satisfies Parser<Buffer>,
    {
      name: 'csr',
      runs: 60,
      make: (random) => changedDer(requests, random),
      read: (input) => readCertificateRequest(input),
      codes: new RegExp(`^(CSR_MALFORMED|CSR_SIGNATURE|KEY_UNSUPPORTED|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
    } satisfies Parser<Buffer>,
    {
      // Signed again after the change, so that what stands behind the check of the signature is reached.
      name: 'signed-csr',
      runs: 60,
      make: (random) => changedDer(requests.map(firstElement), random),
      read: async (input) => readCertificateRequest(await signStructure(input, samples.requestKey)),
      codes: /^(CSR_MALFORMED|CSR_SIGNATURE|KEY_UNSUPPORTED|DER_TOO_LARGE|DER_TOO_DEEP)$/,
      holds: (request: CertificateRequest) => assert.ok(request.warnings.length < 10_000),
    } satisfies Parser<Buffer>,
    {
      name: 'crl',
      runs: 60,
      make: (random) => changedDer(lists, random),
      read: (input) => readRevocationList(input),
      codes: new RegExp(`^(CRL_MALFORMED|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
      holds: (list: RevocationList) => {
        for (const entry of list.revoked()) assert.equal(list.find(entry.serialNumber), entry);
        assert.ok(readRevocationList(list.pem).der.equals(list.der));
      },
    } satisfies Parser<Buffer>,
    {
      // A process of openssl each: few of them in CI.
      name: 'csr-as-openssl',
      runs: 15,
      make: (random) => changedValues(requests.map(firstElement), random),
      read: async (input) => readCertificateRequest(await signStructure(input, samples.requestKey)),
      codes: /^(CSR_MALFORMED|CSR_SIGNATURE|KEY_UNSUPPORTED|DER_TOO_LARGE|DER_TOO_DEEP)$/,
      holds: assertSameRequest,
    } satisfies Parser<Buffer>,
    {
      name: 'crl-as-openssl',
      runs: 15,
      make: (random) => changedValues(lists, random),
      read: (input) => readRevocationList(input),
      codes: new RegExp(`^(CRL_MALFORMED|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
      holds: assertSameList,
    } satisfies Parser<Buffer>,
    {
      name: 'key',
      runs: 60,
      make: (random) => changedDer(keys, random),
      read: (input) => readPrivateKey(input, PASSPHRASE),
      codes: new RegExp(`^(KEY_[A-Z_]+|${DER_CODES}|${PEM_CODES})$`),
    } satisfies Parser<Buffer>,
    {
      name: 'key-pem',
      runs: 50,
      make: (random) => pemOf(keyPems, random),
      read: (input) => readPrivateKey(input, PASSPHRASE),
      codes: new RegExp(`^(KEY_[A-Z_]+|${DER_CODES}|${PEM_CODES})$`),
    } satisfies Parser<string>,
    {
      name: 'pem',
      runs: 150,
      make: (random) => pemOf(pems, random),
      read: (input) => decodePem(input),
      codes: new RegExp(`^(${PEM_CODES})$`),
      holds: (blocks: PemBlock[]) => {
        for (const { label, bytes, text } of blocks) {
          assert.ok(!text.includes('\r') && text.endsWith('-----\n'));
          assert.ok(decodePem(encodePem(label, bytes))[0]?.bytes.equals(bytes));
        }
      },
    } satisfies Parser<string>,
    {
      name: 'certificate-file',
      runs: 50,
      make: (random) => Buffer.from(pemOf(pems, random)),
      read: (input) => Certificate.allFromBytes(input),
      codes: new RegExp(`^(CERT_MALFORMED|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
    } satisfies Parser<Buffer>,
    {
      name: 'trust',
      runs: 40,
      make: (random) => fileOf(certificates, pems, random),
      read: (input) => readTrustAnchors(input, 'the CA file'),
      codes: new RegExp(`^(CERT_MALFORMED|CERT_NOT_A_CA|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
      // What is trusted is what stood there, and nobody else.
      holds: (trust: Trust) => assert.ok(trust.kind === 'anchors' && decodePem(trust.pem).length > 0),
    } satisfies Parser<Buffer>,
    {
      name: 'identity',
      runs: 40,
      make: (random) => fileOf(certificates, pems, random),
      read: (certificate) => readClientIdentity({ certificate, secretKey: keyPems[0] as string }),
      codes: new RegExp(`^(CERT_MALFORMED|CERT_ABSENT|KEY_[A-Z_]+|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
      holds: (identity: ClientIdentity) => assert.ok(identityCertificates(identity)[0]),
    } satisfies Parser<Buffer>,
    {
      name: 'certificate-bytes',
      runs: 40,
      make: (random) => fileOf(certificates, pems, random),
      read: (input) => Certificate.fromBytes(input),
      codes: new RegExp(`^(CERT_MALFORMED|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
    } satisfies Parser<Buffer>,
    {
      name: 'revocation-lists',
      runs: 40,
      make: (random) =>
        pemOf(
          pems.filter((pem) => pem.includes('X509 CRL')),
          random,
        ),
      read: (input) => readRevocationLists([input]),
      codes: new RegExp(`^(CRL_MALFORMED|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
    } satisfies Parser<string>,
    {
      name: 'sent-chain',
      runs: 30,
      make: (random) => Array.from({ length: 1 + random.below(5) }, () => changedValues(certificates, random)),
      read: (ders) => {
        const anchors = [Certificate.fromDer(certificates[0] as Buffer)];
        const chain = readChain(ders, anchors, Date.now());
        void [misnamedIssuer(chain), replacedAnchor(chain), replacedIntermediate(chain), missingIntermediate(chain)];
        return chain;
      },
      codes: /^none$/,
    } satisfies Parser<Buffer[]>,
    {
      name: 'foreign-file',
      runs: 50,
      make: (random) =>
        random.below(2) === 0 ? changedDer(everything, random) : Buffer.from(pemOf(pems, random), 'latin1'),
      read: (input) => readForeignMaterial(input),
      codes: new RegExp(`^(CRL_MALFORMED|DER_TOO_LARGE|DER_TOO_DEEP|${PEM_CODES})$`),
    } satisfies Parser<Buffer>,
  ];
  return parsers as Parser[];
}

/** A file of certificates in either form. */
function fileOf(ders: readonly Buffer[], pems: readonly string[], random: SeededRandom): Buffer {
  return random.below(2) === 0 ? changedValues(ders, random) : Buffer.from(pemOf(pems, random), 'latin1');
}

/** Text of PEM, changed as text or inside. */
function pemOf(pems: readonly string[], random: SeededRandom): string {
  if (random.below(3) > 0) return changedText(pems, random);
  const [block] = decodePem(pems[random.below(pems.length)] as string);
  return encodePem(block?.label ?? 'CERTIFICATE', changedDer([block?.bytes ?? Buffer.from([0x30, 0])], random));
}

function firstElement(signed: Buffer): Buffer {
  return readDer(signed).children()[0]?.raw ?? Buffer.alloc(0);
}
