/** Libraries for Node that make certificates, each as its own documentation does it. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, randomBytes, webcrypto } from 'node:crypto';
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

/** As long and as random as ours; positive. */
function newSerial(): Buffer {
  const octets = randomBytes(20);
  octets[0] = 1 + ((octets[0] ?? 0) % 0x7f);
  return octets;
}

/** SHA-1 of the bits of the public key; what stands before them in the DER of these two kinds has a known length. */
function keyIdOf(spki: Buffer, keyType: ContestKey): Buffer {
  return createHash('sha1')
    .update(spki.subarray(keyType === 'ec-p256' ? 26 : 24))
    .digest();
}

const notBefore = new Date(Date.now() - 60_000);
const notAfter = new Date(Date.now() + 365 * 86_400_000);

const webKeys = (keyType: ContestKey) =>
  webcrypto.subtle.generateKey(WEB_ALGORITHMS[keyType], true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

const peculiar: Peer = {
  name: '@peculiar/x509',
  install: install('@peculiar/x509', 'reflect-metadata'),
  leavesFiles: false,
  async enter(keyType) {
    load('reflect-metadata');
    const x509 = load('@peculiar/x509');
    x509.cryptoProvider.set(webcrypto);
    const signingAlgorithm = WEB_ALGORITHMS[keyType];
    const [caKeys, leafKeys] = [await webKeys(keyType), await webKeys(keyType)];
    const authorityKeyId = await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey);
    const certify = async (index: number, { publicKey }: webcrypto.CryptoKeyPair): Promise<Buffer> => {
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: newSerial().toString('hex'),
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
      return Buffer.from(certificate.rawData);
    };
    return {
      sign: (index) => certify(index, leafKeys),
      issue: async (index) => certify(index, await webKeys(keyType)),
    };
  },
};

const pkijsPeer: Peer = {
  name: 'pkijs',
  install: install('pkijs', 'asn1js'),
  leavesFiles: false,
  async enter(keyType) {
    const pkijs = load('pkijs');
    const asn1js = load('asn1js');
    pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto }));
    const [caKeys, leafKeys] = [await webKeys(keyType), await webKeys(keyType)];
    const named = (commonName: string) =>
      new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value: commonName }) });
    const caSpki = Buffer.from(await webcrypto.subtle.exportKey('spki', caKeys.publicKey));
    const octets = (bytes: Buffer) => new asn1js.OctetString({ valueHex: new Uint8Array(bytes).buffer });
    const authorityKeyId = new pkijs.AuthorityKeyIdentifier({ keyIdentifier: octets(keyIdOf(caSpki, keyType)) });
    const usage = new asn1js.BitString({ valueHex: new Uint8Array([0x80]).buffer, unusedBits: 7 });
    const certify = async (index: number, { publicKey }: webcrypto.CryptoKeyPair): Promise<Buffer> => {
      const certificate = new pkijs.Certificate();
      certificate.version = 2;
      certificate.serialNumber = new asn1js.Integer({ valueHex: new Uint8Array(newSerial()).buffer });
      certificate.issuer.typesAndValues.push(named('Bench'));
      certificate.subject.typesAndValues.push(named(`dev${index}`));
      certificate.notBefore.value = notBefore;
      certificate.notAfter.value = notAfter;
      const basic = new pkijs.BasicConstraints({ cA: false });
      const purposes = new pkijs.ExtKeyUsage({ keyPurposes: ['1.3.6.1.5.5.7.3.2'] });
      certificate.extensions = [
        { extnID: '2.5.29.19', critical: true, extnValue: basic.toSchema().toBER(false) },
        { extnID: '2.5.29.15', critical: true, extnValue: usage.toBER(false) },
        { extnID: '2.5.29.37', critical: false, extnValue: purposes.toSchema().toBER(false) },
        { extnID: '2.5.29.35', critical: false, extnValue: authorityKeyId.toSchema().toBER(false) },
      ].map((each) => new pkijs.Extension(each));
      await certificate.subjectPublicKeyInfo.importKey(publicKey);
      await certificate.sign(caKeys.privateKey, 'SHA-256');
      return Buffer.from(certificate.toSchema(true).toBER(false));
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
  leavesFiles: false,
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
    const keyIdentifier = forge.pki.getPublicKeyFingerprint(caKey.publicKey).getBytes();
    const certify = (index: number, { publicKey }: { publicKey: unknown }): Buffer => {
      const certificate = forge.pki.createCertificate();
      certificate.publicKey = publicKey;
      certificate.serialNumber = newSerial().toString('hex');
      certificate.validity = { notBefore, notAfter };
      certificate.setIssuer([{ name: 'commonName', value: 'Bench' }]);
      certificate.setSubject([{ name: 'commonName', value: `dev${index}` }]);
      certificate.setExtensions([
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', clientAuth: true },
        { name: 'authorityKeyIdentifier', keyIdentifier },
      ]);
      certificate.sign(caKey.privateKey, forge.md.sha256.create());
      return Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), 'binary');
    };
    return {
      sign: async (index) => certify(index, leafKey),
      issue: async (index) => certify(index, await newKey()),
    };
  },
};

export const LIBRARIES: readonly Peer[] = [peculiar, pkijsPeer, forgePeer];
