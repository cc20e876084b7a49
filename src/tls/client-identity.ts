import type { KeyObject } from 'node:crypto';
import { codedError } from '../model/errors';
import { decodePem } from '../encoding/pem';
import { Certificate } from '../pki/certificate';
import { keyBelongsTo, readPrivateKey } from '../pki/private-key';

/** Who we are: a certificate and its private key, known to belong together. */
export interface ClientIdentity {
  /** PEM: leaf, then intermediates. */
  certificatePem: string;
  secretKey: KeyObject;
}

export interface ClientIdentityInput {
  /** PEM (leaf, intermediates; may also hold the key) or DER of one certificate. */
  certificate?: Buffer | string;
  /** PEM or DER; PKCS#8, PKCS#1 or SEC1. */
  secretKey?: Buffer | string | KeyObject;
  secretPassphrase?: string;
  /** What it is, for messages ("the certificate file /…/client.pem"). */
  certificateLabel?: string;
  keyLabel?: string;
}

/** A leaf and a handful of intermediates. */
const MOST_BLOCKS = 32;

/**
 * Read a client certificate and its key and check that they belong together.
 *
 * Node ignores a certificate without key and a key without certificate in silence (measured), and the broker then
 * says only that no certificate came.
 *
 * @returns undefined when neither is given: no identity is wanted
 * @throws KEY_ABSENT, CERT_ABSENT, KEY_MISMATCH, KEY_MALFORMED, KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, PEM_*,
 *   CERT_MALFORMED
 */
export function readClientIdentity(input: ClientIdentityInput): ClientIdentity | undefined {
  const { certificateLabel = 'the client certificate', keyLabel = 'the private key' } = input;
  const hasCertificate = isGiven(input.certificate);
  if (!hasCertificate && !isGiven(input.secretKey)) return undefined;
  if (!hasCertificate) {
    throw codedError(
      'CERT_ABSENT',
      `${keyLabel} is given without its certificate`,
      { key: keyLabel },
      'Give the certificate that belongs to the key too, or remove the key',
    );
  }
  const { certificates, keyPem } = readCertificates(input.certificate as Buffer | string, certificateLabel);
  const secretSource = isGiven(input.secretKey) ? input.secretKey : keyPem;
  if (secretSource === undefined) {
    throw codedError(
      'KEY_ABSENT',
      `${certificateLabel} is given without its private key`,
      { certificate: certificateLabel },
      'Give the private key that belongs to the certificate too, or remove the certificate',
    );
  }
  const secretKey =
    typeof secretSource === 'object' && !Buffer.isBuffer(secretSource)
      ? secretSource
      : readPrivateKey(secretSource as Buffer | string, input.secretPassphrase);
  const leaf = certificates.find((certificate) => keyBelongsTo(secretKey, certificate));
  if (!leaf) throw mismatch(certificateLabel, keyLabel, certificates[0] as Certificate);
  const others = certificates.filter((certificate) => certificate !== leaf);
  return { certificatePem: [leaf, ...others].map((certificate) => certificate.pem).join(''), secretKey };
}

/** The certificates of an identity, leaf first. */
export function identityCertificates(identity: ClientIdentity): Certificate[] {
  return Certificate.allFromPem(identity.certificatePem);
}

function isGiven<T>(value: T | undefined): value is T {
  if (value === undefined || value === null) return false;
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.length > 0 : true;
}

function readCertificates(bytes: Buffer | string, label: string): { certificates: Certificate[]; keyPem?: string } {
  if (typeof bytes !== 'string' && bytes[0] === 0x30) return { certificates: [Certificate.fromDer(bytes)] };
  const blocks = decodePem(bytes, { what: `a certificate in ${label}`, maxBlocks: MOST_BLOCKS });
  const certificates = blocks.filter((block) => block.label.endsWith('CERTIFICATE'));
  if (certificates.length === 0) {
    const found = [...new Set(blocks.map((block) => block.label))];
    throw codedError(
      'PEM_WRONG_LABEL',
      `${label} holds ${found.join(', ')}, expected CERTIFICATE`,
      { label, found, expected: ['CERTIFICATE'] },
      'Choose the file with the certificate; the private key has its own field',
    );
  }
  return {
    certificates: certificates.map((block) => Certificate.fromDer(block.bytes)),
    keyPem: blocks.find((block) => block.label.endsWith('PRIVATE KEY'))?.text,
  };
}

function mismatch(certificateLabel: string, keyLabel: string, leaf: Certificate): Error {
  return codedError(
    'KEY_MISMATCH',
    `${keyLabel} does not belong to ${certificateLabel} ("${leaf.subjectText}")`,
    { certificate: certificateLabel, key: keyLabel, subject: leaf.subjectText, fingerprint256: leaf.fingerprint256 },
    'Take the certificate and the key of the same name and the same day; a renewed certificate has a new key',
  );
}
