import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { der } from '../../src/encoding/der-writer';
import { parseSubjectAltName } from '../../src/model/subject-alt-name';
import { Certificate } from '../../src/pki/certificate';
import { encodeName } from '../../src/pki/distinguished-name-der';
import { extensions } from '../../src/pki/extension-writer';
import type { ExtendedKeyUsage, KeyUsage } from '../../src/pki/object-identifiers';
import { keyIdentifier, spkiOf } from '../../src/pki/public-key';
import type { NameConstraints } from '../../src/model/name-constraints';
import { readClientIdentity, type ClientIdentity } from '../../src/tls/client-identity';
import type { TlsMaterialParts } from '../../src/tls/tls-material';
import { readTrustAnchors } from '../../src/tls/trust';
import { inDays } from './certificates';

/** A certificate with its key, made without asking whether it makes sense. */
export interface HandmadeCertificate {
  certificate: Certificate;
  privateKey: KeyObject;
  pem: string;
  keyPem: string;
}

export interface HandmadeOptions {
  commonName?: string;
  organization?: string;
  /** `dns:…`, `ip:…`; none: no subjectAltName. */
  names?: readonly string[];
  /** Self-signed when absent. */
  issuer?: HandmadeCertificate;
  /** Written instead of the issuer's subject. */
  issuerName?: string;
  /** A public key does for a certificate that signs nothing and serves nothing. */
  key?: KeyObject;
  notBefore?: Date;
  notAfter?: Date;
  /** Absent: no basicConstraints at all. */
  ca?: boolean;
  pathLength?: number;
  keyUsage?: readonly KeyUsage[];
  extendedKeyUsage?: readonly ExtendedKeyUsage[];
  nameConstraints?: NameConstraints;
  hash?: 'sha256' | 'sha1' | 'md5';
  /** Without subjectKeyIdentifier and authorityKeyIdentifier, as old tools make them. */
  withoutKeyIds?: boolean;
  /** Whole extensions to add, DER. */
  extra?: readonly Buffer[];
}

export function ecKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

export function rsaKey(bits: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
}

const SIGNATURES = {
  ec: { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1', md5: '' },
  rsa: { sha256: '1.2.840.113549.1.1.11', sha1: '1.2.840.113549.1.1.5', md5: '1.2.840.113549.1.1.4' },
} as const;

let serial = 1000;

/**
 * Make any certificate, wrong ones above all: our own builder refuses to. Every test makes its own; none is checked in.
 */
export function handmade(options: HandmadeOptions = {}): HandmadeCertificate {
  const privateKey = options.key ?? ecKey();
  const signer = options.issuer?.privateKey ?? privateKey;
  const hash = options.hash ?? 'sha256';
  const kind = signer.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec';
  const algorithm = der.sequence(der.oid(SIGNATURES[kind][hash]), ...(kind === 'rsa' ? [der.nullValue()] : []));
  const subject = encodeName({
    commonName: options.commonName ?? 'localhost',
    ...(options.organization ? { organization: options.organization } : {}),
  });
  const issuer = options.issuerName
    ? encodeName({ commonName: options.issuerName })
    : (options.issuer?.certificate.subjectBytes ?? subject);
  const toBeSigned = der.sequence(
    der.explicit(0, der.integer(2)),
    der.integer((serial += 1)),
    algorithm,
    issuer,
    der.sequence(der.time(options.notBefore ?? inDays(-1)), der.time(options.notAfter ?? inDays(397))),
    subject,
    spkiOf(privateKey),
    der.explicit(3, der.sequence(...extensionsOf(options, privateKey, signer))),
  );
  const signature = sign(hash, toBeSigned, signer);
  const certificate = Certificate.fromDer(der.sequence(toBeSigned, algorithm, der.bitString(signature)));
  const keyPem = privateKey.type === 'private' ? (privateKey.export({ type: 'pkcs8', format: 'pem' }) as string) : '';
  return { certificate, privateKey, pem: certificate.pem, keyPem };
}

function extensionsOf(options: HandmadeOptions, privateKey: KeyObject, signer: KeyObject): Buffer[] {
  const {
    names = [],
    ca,
    pathLength,
    keyUsage,
    extendedKeyUsage,
    nameConstraints,
    withoutKeyIds,
    extra = [],
  } = options;
  return [
    ...(ca === undefined ? [] : [extensions.basicConstraints(ca, pathLength)]),
    ...(keyUsage ? [extensions.keyUsage(keyUsage)] : []),
    ...(extendedKeyUsage ? [extensions.extendedKeyUsage(extendedKeyUsage)] : []),
    ...(names.length > 0
      ? [extensions.subjectAltName(names.map((name) => parseSubjectAltName(name, { allowWildcard: true })))]
      : []),
    ...(nameConstraints ? [extensions.nameConstraints(nameConstraints)] : []),
    ...(withoutKeyIds
      ? []
      : [
          extensions.subjectKeyIdentifier(keyIdentifier(spkiOf(privateKey))),
          extensions.authorityKeyIdentifier(keyIdentifier(spkiOf(signer))),
        ]),
    ...extra,
  ];
}

export const LOCAL_NAMES = ['dns:localhost', 'ip:127.0.0.1', 'ip:::1'] as const;

/** A root CA. */
export function handmadeRoot(options: HandmadeOptions = {}): HandmadeCertificate {
  return handmade({
    commonName: 'Root',
    ca: true,
    keyUsage: ['keyCertSign', 'cRLSign'],
    notAfter: inDays(3650),
    ...options,
  });
}

/** A CA below another. */
export function handmadeIntermediate(issuer: HandmadeCertificate, options: HandmadeOptions = {}): HandmadeCertificate {
  return handmadeRoot({ commonName: 'Intermediate', issuer, notAfter: inDays(1825), ...options });
}

/** A server certificate for localhost and both loopback addresses. */
export function handmadeServer(
  issuer: HandmadeCertificate | undefined,
  options: HandmadeOptions = {},
): HandmadeCertificate {
  return handmade({
    issuer,
    names: LOCAL_NAMES,
    ca: false,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth'],
    ...options,
  });
}

/** A client certificate. */
export function handmadeClient(issuer: HandmadeCertificate, options: HandmadeOptions = {}): HandmadeCertificate {
  return handmade({
    issuer,
    commonName: 'dev01',
    ca: false,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['clientAuth'],
    ...options,
  });
}

/** The parts of a TLS material that trusts exactly these. */
export function trusting(...anchors: HandmadeCertificate[]): TlsMaterialParts {
  return { trust: readTrustAnchors(anchors.map(({ pem }) => pem).join(''), 'the CA file') };
}

/** A client identity with its intermediates. */
export function identityOf(own: HandmadeCertificate, ...chain: HandmadeCertificate[]): ClientIdentity {
  const certificate = [own, ...chain].map(({ pem }) => pem).join('');
  return readClientIdentity({ certificate, secretKey: own.keyPem }) as ClientIdentity;
}
