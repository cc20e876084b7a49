import assert from 'node:assert/strict';
import { chooseAuthority } from '../../../src/ca/import-choice';
import type { ImportMaterial } from '../../../src/ca/import-material';
import { buildCertificate } from '../../../src/pki/certificate-builder';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { secretPrivateKeyPem } from '../../../src/pki/private-key';
import { newSerialNumber } from '../../../src/pki/serial-number-source';
import { rejects } from '../../support/coded-error';

const PASSPHRASE = 'correct horse';
/** What Node and openssl write. */
const ROUNDS = 2048;

/** A CA and keys of devices, all encrypted; the key of the CA is found at the given place. */
async function material(keys: number, placeOfAuthority: number): Promise<ImportMaterial> {
  const secretKey = await generatePrivateKey('ec-p256');
  const now = Math.floor(Date.now() / 1000) * 1000;
  const { der } = await buildCertificate({
    profile: 'root',
    serialNumber: newSerialNumber(),
    subject: { commonName: 'Plant CA' },
    subjectAltNames: [],
    publicKey: secretKey,
    notBefore: new Date(now - 1000),
    notAfter: new Date(now + 86_400_000),
    issuer: { selfSignedWith: secretKey },
  });
  const secretKeys = [];
  for (let index = 0; index < keys; index += 1) {
    const key = index === placeOfAuthority ? secretKey : await generatePrivateKey('ec-p256');
    secretKeys.push({ secret: secretPrivateKeyPem(key, PASSPHRASE), path: `private/key${index}.pem` });
  }
  const [lists, indexes, crlNumbers] = [[], new Map(), new Map()];
  const passedOver = { links: [], tooLarge: [], unreadable: [] };
  const certificates = new Map([['ca', { der, path: 'ca.pem' }]]);
  return { root: '/plant', certificates, secretKeys, lists, indexes, crlNumbers, passedOver };
}

describe('the keys of a CA that is imported', () => {
  it('are opened while they cost no more than is allowed together', async () => {
    const { closedKeys, secretKeys } = await chooseAuthority(await material(3, 0), PASSPHRASE, 3 * ROUNDS);
    assert.deepEqual([secretKeys.size, closedKeys], [3, []]);
  });

  it('stay closed beyond that, and the CA comes in without them', async () => {
    const found = await chooseAuthority(await material(4, 0), PASSPHRASE, 3 * ROUNDS - 1);
    assert.equal(found.certificate.subject.commonName, 'Plant CA');
    assert.deepEqual([found.secretKeys.size, found.closedKeys], [2, ['private/key2.pem', 'private/key3.pem']]);
  });

  it('are too many when the one of the CA is beyond, and that is said', async () => {
    const choice = chooseAuthority(await material(3, 2), PASSPHRASE, 2 * ROUNDS);
    await rejects(() => choice, 'KEY_UNSUPPORTED', /more than 4096 rounds of key derivation together/);
  });
});
