import { secretPrivateKeyPem } from '../pki/private-key';
import { Certificate } from '../pki/certificate';
import { baseNames, checkBaseName, namedCertificates } from './base-name';
import { isServer, type ExportInput, type NamedCertificate } from './export-input';
import { publicFile, secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { javaProperties } from './java-properties';
import { keyAbsentWarnings } from './key-file';
import {
  keyStoreFiles,
  namedTrustStore,
  protectionWarnings,
  storeProtection,
  type StoredCertificate,
} from './key-store-file';
import { fullChainPem } from './pem-layout';

/** What the names of Hono's key stores leave out of the names of its components. */
const STORE_NAMES: Readonly<Record<string, string>> = {
  'http-adapter': 'http',
  'mqtt-adapter': 'mqtt',
  'amqp-adapter': 'amqp',
  'coap-adapter': 'coap',
  'lora-adapter': 'lora',
  'kura-adapter': 'kura',
  'hono-server': 'hono',
};

const TRUST_STORE = 'trustStore';

/**
 * The files of Eclipse Hono's demo certificates: `<component>-key.pem`, `<component>-cert.pem` (with the intermediates),
 * `trusted-certs.pem`; with a passphrase `<component>KeyStore.p12` and `trustStore.jks`, which is PKCS#12 as Java
 * wants it; and the properties of a tenant's trust anchor and of its devices.
 *
 * The `-key.pem` files are never encrypted: the components read no encrypted PEM.
 *
 * @throws INPUT_FOLDER, INPUT_CONFIG for a bad alias
 */
export async function honoLayout(input: ExportInput): Promise<ExportPlan> {
  const certificates = namedCertificates(input, []);
  const protection = input.secretPassphrase ? storeProtection(input) : undefined;
  return {
    files: [
      ...(await inSlices(certificates, pemFiles)),
      publicFile('trusted-certs.pem', 'trust', input.authority.chainPem + input.authority.trustAnchorsPem),
      ...(await componentStores(certificates, input)),
      ...(protection ? [await namedTrustStore(`${TRUST_STORE}.jks`, trusted(input), protection)] : []),
      ...tenantFiles(certificates, input),
    ],
    warnings: [...keyAbsentWarnings(certificates), ...(protection ? protectionWarnings(protection) : [])],
  };
}

function pemFiles(certificate: NamedCertificate): ExportFile[] {
  const { baseName, secretPrivateKey: key } = certificate;
  return [
    ...(key ? [secretFile(`${baseName}-key.pem`, 'private-key', secretPrivateKeyPem(key))] : []),
    publicFile(`${baseName}-cert.pem`, 'certificate', fullChainPem(certificate)),
  ];
}

/**
 * One store for each component, the alias is its name. With a base name one store holds all: for several host names on
 * one address (SNI).
 */
async function componentStores(certificates: readonly NamedCertificate[], input: ExportInput): Promise<ExportFile[]> {
  if (!input.secretPassphrase) return [];
  const components = certificates.filter(isServer);
  const { baseName } = input.settings;
  if (baseName !== '' && components.length > 1) {
    const stored = components.map((one): StoredCertificate => [one, one.baseName]);
    return keyStoreFiles(`${checkBaseName(baseName)}KeyStore.p12`, stored, input);
  }
  return inSlices(components, (one) => {
    const name = STORE_NAMES[one.baseName] ?? camelCase(one.baseName);
    return keyStoreFiles(`${name}KeyStore.p12`, [[one, one.baseName]], input);
  });
}

function camelCase(name: string): string {
  return name.replace(/[^A-Za-z0-9]+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The intermediates too: a component that forgets to send them is accepted all the same. */
function trusted({ authority: { chainPem, trustAnchors } }: ExportInput): Certificate[] {
  return [...(chainPem === '' ? [] : Certificate.allFromPem(chainPem)), ...trustAnchors];
}

/** What a tenant is told of its CA and devices, where there are devices. */
function tenantFiles(certificates: readonly NamedCertificate[], { authority }: ExportInput): ExportFile[] {
  const devices = certificates.filter((certificate) => !isServer(certificate));
  if (certificates.length > 0 && devices.length === 0) return [];
  const { certificate: anchor } = authority;
  const properties = javaProperties([
    ['trusted-ca.subject-dn', anchor.subjectText],
    ['trusted-ca.public-key', anchor.spki.toString('base64')],
    ['trusted-ca.algorithm', anchor.keyDescription.startsWith('rsa') ? 'RSA' : 'EC'],
    ['trusted-ca.not-before', isoSeconds(anchor.notBefore)],
    ['trusted-ca.not-after', isoSeconds(anchor.notAfter)],
  ]);
  const files = [publicFile('trust-anchor.properties', 'configuration', properties)];
  if (devices.length === 0) return files;
  const subjects = baseNames(devices).map(
    (name, index) => [`cert.${name}.subject`, devices[index]?.certificate.subjectText ?? ''] as const,
  );
  return [...files, publicFile('device-certs.properties', 'configuration', javaProperties(subjects))];
}

/** Hono reads ISO 8601 with an offset, without fractions. */
function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, '+00:00');
}
