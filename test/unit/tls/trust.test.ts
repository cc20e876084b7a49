import assert from 'node:assert/strict';
import { rootCertificates } from 'node:tls';
import type { ErrorCode } from '../../../src/model/errors';
import { readTrustAnchors, trustedCertificates } from '../../../src/tls/trust';
import { handmadeClient, handmadeIntermediate, handmadeRoot, handmadeServer } from '../../support/certificates-fixture';
import { refuses } from '../../support/coded-error';

const root = handmadeRoot();
const intermediate = handmadeIntermediate(root);
const leaf = handmadeServer(root);
const selfSigned = handmadeServer(undefined);

describe('trust', () => {
  const taken: [name: string, bytes: Buffer | string, count: number][] = [
    ['one root', root.pem, 1],
    ['CR LF', root.pem.replaceAll('\n', '\r\n'), 1],
    ['DER', root.certificate.der, 1],
    ['root and intermediate, with text between', `Subject: x\n${root.pem}\n# next\n${intermediate.pem}`, 2],
    ['a CA and a leaf', root.pem + leaf.pem, 2],
    ['a self-signed server certificate to be trusted itself', selfSigned.pem, 1],
    ['all public roots', rootCertificates.join('\n'), rootCertificates.length],
  ];
  for (const [name, bytes, count] of taken) {
    it(`takes ${name}`, () => {
      const trust = readTrustAnchors(bytes, 'the CA file');
      assert.equal(trust.kind, 'anchors');
      assert.equal(trust.pem.match(/BEGIN CERTIFICATE/g)?.length, count);
    });
  }

  const refused: [name: string, bytes: Buffer | string, code: ErrorCode, words?: RegExp][] = [
    ['nothing', '', 'PEM_NO_BLOCK'],
    ['an empty file', Buffer.alloc(0), 'PEM_NO_BLOCK'],
    ['text', 'garbage', 'PEM_NO_BLOCK', /the CA file/],
    ['DER rubbish', Buffer.from('3082000100', 'hex'), 'PEM_NO_BLOCK'],
    ['a private key', root.keyPem, 'PEM_WRONG_LABEL', /private key/],
    ['a leaf', leaf.pem, 'CERT_NOT_A_CA', /CN=localhost/],
    ['a client certificate', handmadeClient(root).pem, 'CERT_NOT_A_CA'],
    ['a block cut off', root.pem.slice(0, 300), 'PEM_MALFORMED'],
    ['a block that is not base64', root.pem.replace(/^MI/m, '!!'), 'PEM_MALFORMED'],
    [
      'base64 of something else',
      '-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n',
      'CERT_MALFORMED',
      /the CA file/,
    ],
  ];
  for (const [name, bytes, code, words] of refused) {
    it(`refuses ${name}`, () => {
      const error = refuses(() => readTrustAnchors(bytes, 'the CA file'), code, words);
      assert.notEqual(error.hint, '');
      assert.doesNotMatch(JSON.stringify(error.cause) + error.message, /MII|MIG/, 'no key bytes in an error');
    });
  }

  it('gives the anchors as certificates', () => {
    const [first, second] = trustedCertificates(readTrustAnchors(root.pem + intermediate.pem, 'x'));
    assert.equal(first?.fingerprint256, root.certificate.fingerprint256);
    assert.equal(second?.fingerprint256, intermediate.certificate.fingerprint256);
    assert.ok(trustedCertificates({ kind: 'system' }).length > 50);
  });
});
