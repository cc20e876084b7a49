import assert from 'node:assert/strict';
import { readClientIdentity, type ClientIdentityInput } from '../../../src/tls/client-identity';
import type { ErrorCode } from '../../../src/model/errors';
import { ecKey, handmadeClient, handmadeIntermediate, handmadeRoot } from '../../support/certificates-fixture';
import { refuses } from '../../support/coded-error';

const root = handmadeRoot();
const intermediate = handmadeIntermediate(root);
const client = handmadeClient(intermediate);
const other = ecKey().export({ type: 'pkcs8', format: 'pem' }) as string;
const encrypted = client.privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'correct horse',
}) as string;

describe('client identity', () => {
  const taken: [name: string, input: ClientIdentityInput][] = [
    ['PEM and PEM', { certificate: client.pem, secretKey: client.keyPem }],
    [
      'DER and DER',
      { certificate: client.certificate.der, secretKey: client.privateKey.export({ type: 'pkcs8', format: 'der' }) },
    ],
    [
      'SEC1',
      { certificate: client.pem, secretKey: client.privateKey.export({ type: 'sec1', format: 'pem' }) as string },
    ],
    ['a KeyObject', { certificate: client.pem, secretKey: client.privateKey }],
    ['an encrypted key', { certificate: client.pem, secretKey: encrypted, secretPassphrase: 'correct horse' }],
    ['one combined PEM', { certificate: client.keyPem + client.pem }],
    ['Buffers', { certificate: Buffer.from(client.pem), secretKey: Buffer.from(client.keyPem) }],
  ];
  for (const [name, input] of taken) {
    it(`takes ${name}`, () => {
      const identity = readClientIdentity(input);
      assert.equal(identity?.certificatePem, client.pem);
      assert.ok(identity?.secretKey.equals(client.privateKey));
    });
  }

  it('puts the own certificate first, however the file is sorted', () => {
    const identity = readClientIdentity({ certificate: intermediate.pem + client.pem, secretKey: client.keyPem });
    assert.equal(identity?.certificatePem, client.pem + intermediate.pem);
  });

  it('is nobody when nothing is given', () => {
    assert.equal(readClientIdentity({}), undefined);
    assert.equal(readClientIdentity({ certificate: '', secretKey: Buffer.alloc(0) }), undefined);
  });

  const refused: [name: string, input: ClientIdentityInput, code: ErrorCode][] = [
    ['a certificate alone', { certificate: client.pem }, 'KEY_ABSENT'],
    ['a certificate with an empty key file', { certificate: client.pem, secretKey: '' }, 'KEY_ABSENT'],
    ['a key alone', { secretKey: client.keyPem }, 'CERT_ABSENT'],
    ['the key of somebody else', { certificate: client.pem, secretKey: other }, 'KEY_MISMATCH'],
    ['an encrypted key without passphrase', { certificate: client.pem, secretKey: encrypted }, 'KEY_ENCRYPTED'],
    [
      'an encrypted key with a wrong passphrase',
      { certificate: client.pem, secretKey: encrypted, secretPassphrase: 'canary-pass' },
      'KEY_PASSPHRASE_WRONG',
    ],
    ['a key as certificate', { certificate: client.keyPem, secretKey: client.keyPem }, 'PEM_WRONG_LABEL'],
    ['text as certificate', { certificate: 'x', secretKey: client.keyPem }, 'PEM_NO_BLOCK'],
    ['a certificate as key', { certificate: client.pem, secretKey: client.pem }, 'PEM_WRONG_LABEL'],
  ];
  for (const [name, input, code] of refused) {
    it(`refuses ${name}`, () => {
      const error = refuses(() => readClientIdentity(input), code);
      assert.doesNotMatch(`${error.message}${error.hint}${JSON.stringify(error.cause)}`, /canary|MIG|correct horse/);
    });
  }
});
