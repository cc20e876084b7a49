import type { KeyObject } from 'node:crypto';
import type { KeyType } from '../../src/model/key-type';
import { parseSubjectAltName } from '../../src/model/subject-alt-name';
import type { Certificate } from '../../src/pki/certificate';
import { buildCertificate, type CertificateParameters } from '../../src/pki/certificate-builder';
import { generatePrivateKey } from '../../src/pki/key-generation';
import { newSerialNumber } from '../../src/pki/serial-number-source';

/** A certificate with its private key. */
export interface KeyedCertificate {
  certificate: Certificate;
  privateKey: KeyObject;
}

/** Days from now, negative before. */
export function inDays(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}

interface CaOptions extends Partial<CertificateParameters> {
  keyType?: KeyType;
  commonName?: string;
}

/** A root valid from two days ago for ten years. */
export async function makeRoot(options: CaOptions = {}): Promise<KeyedCertificate> {
  const privateKey = await generatePrivateKey(options.keyType ?? 'ec-p256');
  const certificate = await buildCertificate({
    profile: 'root',
    serialNumber: newSerialNumber(),
    subject: { commonName: options.commonName ?? 'Test Root', organization: 'Test', country: 'GB' },
    subjectAltNames: [],
    publicKey: privateKey,
    notBefore: inDays(-2),
    notAfter: inDays(3650),
    issuer: { selfSignedWith: privateKey },
    ...options,
  });
  return { certificate, privateKey };
}

/** An intermediate CA. */
export async function makeIntermediate(issuer: KeyedCertificate, options: CaOptions = {}): Promise<KeyedCertificate> {
  const privateKey = await generatePrivateKey(options.keyType ?? 'ec-p256');
  const certificate = await buildCertificate({
    profile: 'intermediate',
    serialNumber: newSerialNumber(),
    subject: { commonName: options.commonName ?? 'Test CA', organization: 'Test', country: 'GB' },
    subjectAltNames: [],
    publicKey: privateKey,
    notBefore: inDays(-2),
    notAfter: issuer.certificate.notAfter < inDays(1825) ? issuer.certificate.notAfter : inDays(1825),
    issuer,
    ...options,
  });
  return { certificate, privateKey };
}

interface LeafOptions extends Partial<Omit<CertificateParameters, 'subjectAltNames'>> {
  keyType?: KeyType;
  commonName?: string;
  /** `dns:…`, `ip:…` */
  names?: readonly string[];
}

/** A server certificate for localhost, unless told otherwise. */
export async function makeLeaf(issuer: KeyedCertificate, options: LeafOptions = {}): Promise<KeyedCertificate> {
  const privateKey = await generatePrivateKey(options.keyType ?? 'ec-p256');
  const { names = ['dns:localhost', 'dns:mosquitto', 'ip:127.0.0.1', 'ip:::1'], ...rest } = options;
  const certificate = await buildCertificate({
    profile: 'server',
    serialNumber: newSerialNumber(),
    subject: { commonName: options.commonName ?? 'mosquitto', organization: 'Test' },
    subjectAltNames: names.map((name) => parseSubjectAltName(name, { allowWildcard: true })),
    publicKey: privateKey,
    notBefore: inDays(-1),
    notAfter: inDays(397),
    issuer,
    ...rest,
  });
  return { certificate, privateKey };
}
