/** Libraries for Node that make certificates, each as its own documentation does it. */
import { createPrivateKey, createPublicKey, generateKeyPair, webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHECKOUT } from '../../test/support/runtimes';
import type { ContestKey, Peer } from './issue-contest';

/* eslint-disable @typescript-eslint/no-explicit-any -- these libraries and their types are not installed */

const PEERS = join(CHECKOUT, '.cache', 'peers');
const install = (...names: string[]): string => `npm install --prefix .cache/peers ${names.join(' ')}`;

/** @throws MODULE_NOT_FOUND */
function load(name: string): any {
  try {
    return createRequire(join(PEERS, 'index.js'))(name);
  } catch {
    return createRequire(__filename)(name);
  }
}

const WEB_ALGORITHMS = {
  'ec-p256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'rsa-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
} as const;

const notBefore = new Date(Date.now() - 60_000);
const notAfter = new Date(Date.now() + 365 * 86_400_000);

const webKeys = (keyType: ContestKey) =>
  webcrypto.subtle.generateKey(WEB_ALGORITHMS[keyType], true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

const peculiar: Peer = {
  name: '@peculiar/x509',
  install: install('@peculiar/x509', 'reflect-metadata'),
  async enter(keyType) {
    load('reflect-metadata');
    const x509 = load('@peculiar/x509');
    x509.cryptoProvider.set(webcrypto);
    const signingAlgorithm = WEB_ALGORITHMS[keyType];
    const [caKeys, leafKeys] = [await webKeys(keyType), await webKeys(keyType)];
    const authorityKeyId = await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey);
    const certify = (index: number, { publicKey }: webcrypto.CryptoKeyPair) =>
      x509.X509CertificateGenerator.create({
        serialNumber: (index + 1).toString(16).padStart(8, '0'),
        subject: `CN=dev${index}`,
        issuer: 'CN=Bench',
        ...{ notBefore, notAfter, signingAlgorithm, publicKey, signingKey: caKeys.privateKey },
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.2']),
          authorityKeyId,
        ],
      });
    return {
      sign: (index) => certify(index, leafKeys),
      issue: async (index) => certify(index, await webKeys(keyType)),
    };
  },
};

const pkijsPeer: Peer = {
  name: 'pkijs',
  install: install('pkijs', 'asn1js'),
  async enter(keyType) {
    const pkijs = load('pkijs');
    const asn1js = load('asn1js');
    pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto }));
    const [caKeys, leafKeys] = [await webKeys(keyType), await webKeys(keyType)];
    const named = (commonName: string) =>
      new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value: commonName }) });
    const certify = async (index: number, { publicKey }: webcrypto.CryptoKeyPair) => {
      const certificate = new pkijs.Certificate();
      certificate.version = 2;
      certificate.serialNumber = new asn1js.Integer({ value: index + 1 });
      certificate.issuer.typesAndValues.push(named('Bench'));
      certificate.subject.typesAndValues.push(named(`dev${index}`));
      certificate.notBefore.value = notBefore;
      certificate.notAfter.value = notAfter;
      const basic = new pkijs.BasicConstraints({ cA: false });
      const purposes = new pkijs.ExtKeyUsage({ keyPurposes: ['1.3.6.1.5.5.7.3.2'] });
      certificate.extensions = [
        { extnID: '2.5.29.19', critical: true, extnValue: basic.toSchema().toBER(false) },
        { extnID: '2.5.29.37', critical: false, extnValue: purposes.toSchema().toBER(false) },
      ].map((each) => new pkijs.Extension(each));
      await certificate.subjectPublicKeyInfo.importKey(publicKey);
      await certificate.sign(caKeys.privateKey, 'SHA-256');
      return certificate.toSchema(true).toBER(false);
    };
    return {
      sign: (index) => certify(index, leafKeys),
      issue: async (index) => certify(index, await webKeys(keyType)),
    };
  },
};

/** Knows no EC. Its own key generation blocks the event loop for seconds, so the key comes from Node, as people do it. */
const forgePeer: Peer = {
  name: 'node-forge',
  install: install('node-forge'),
  async enter(keyType) {
    if (keyType !== 'rsa-2048') return undefined;
    const forge = load('node-forge');
    const make = promisify(generateKeyPair);
    const newKey = async () => {
      const { privateKey } = await make('rsa', { modulusLength: 2048 });
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
      const publicPem = createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' });
      return { privateKey: forge.pki.privateKeyFromPem(pem), publicKey: forge.pki.publicKeyFromPem(publicPem) };
    };
    const [caKey, leafKey] = [await newKey(), await newKey()];
    const certify = async (index: number, { publicKey }: { publicKey: unknown }) => {
      const certificate = forge.pki.createCertificate();
      certificate.publicKey = publicKey;
      certificate.serialNumber = (index + 1).toString(16).padStart(8, '0');
      certificate.validity = { notBefore, notAfter };
      certificate.setIssuer([{ name: 'commonName', value: 'Bench' }]);
      certificate.setSubject([{ name: 'commonName', value: `dev${index}` }]);
      certificate.setExtensions([
        { name: 'basicConstraints', cA: false },
        { name: 'keyUsage', digitalSignature: true },
        { name: 'extKeyUsage', clientAuth: true },
      ]);
      certificate.sign(caKey.privateKey, forge.md.sha256.create());
      return forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
    };
    return {
      sign: (index) => certify(index, leafKey),
      issue: async (index) => certify(index, await newKey()),
    };
  },
};

export const LIBRARIES: readonly Peer[] = [peculiar, pkijsPeer, forgePeer];
