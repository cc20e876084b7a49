import { createHash, sign, type KeyObject } from 'node:crypto';
import { der } from '../../src/encoding/der-writer';
import { readDer } from '../../src/encoding/der-reader';
import { spkiOf } from '../../src/pki/public-key';

const SUITES: Record<string, { hash: string | null; identifier: Buffer }> = {
  ec: { hash: 'sha256', identifier: der.sequence(der.oid('1.2.840.10045.4.3.2')) },
  rsa: { hash: 'sha256', identifier: der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nullValue()) },
  ed25519: { hash: null, identifier: der.sequence(der.oid('1.3.101.112')) },
};

/** SHA-1 signatures, for what is called weak. */
const SHA1_SUITES: typeof SUITES = {
  ec: { hash: 'sha1', identifier: der.sequence(der.oid('1.2.840.10045.4.1')) },
  rsa: { hash: 'sha1', identifier: der.sequence(der.oid('1.2.840.113549.1.1.5'), der.nullValue()) },
};

export interface RawCertificate {
  /** Default 3. */
  version?: 1 | 2 | 3;
  /** Content octets of the INTEGER. */
  serial?: Buffer;
  /** DER of the Name. */
  subject: Buffer;
  issuer: Buffer;
  notBefore?: Buffer;
  notAfter?: Buffer;
  publicKey: KeyObject;
  signWith: KeyObject;
  extensions?: readonly Buffer[];
  sha1?: boolean;
  /** AlgorithmIdentifier inside, when it is to differ from the one outside. */
  innerAlgorithm?: Buffer;
}

const DAY_MS = 86_400_000;

/**
 * A certificate from any parts, right or wrong: the builder of the package refuses to make wrong ones, and tests need
 * them.
 */
export function rawCertificate(parts: RawCertificate): Buffer {
  const { version = 3, serial = Buffer.from([0x11]), extensions = [] } = parts;
  const suite = (parts.sha1 ? SHA1_SUITES : SUITES)[parts.signWith.asymmetricKeyType ?? ''];
  if (!suite) throw new Error('no signature algorithm for this key');
  const toBeSigned = der.sequence(
    ...(version === 1 ? [] : [der.explicit(0, der.integer(version - 1))]),
    Buffer.concat([Buffer.from([2, serial.length]), serial]),
    parts.innerAlgorithm ?? suite.identifier,
    parts.issuer,
    der.sequence(
      parts.notBefore ?? der.time(new Date(Date.now() - DAY_MS)),
      parts.notAfter ?? der.time(new Date(Date.now() + 100 * DAY_MS)),
    ),
    parts.subject,
    spkiOf(parts.publicKey),
    ...(extensions.length > 0 ? [der.explicit(3, der.sequence(...extensions))] : []),
  );
  return der.sequence(toBeSigned, suite.identifier, der.bitString(sign(suite.hash, toBeSigned, parts.signWith)));
}

/** A Name of one common name, as UTF8String unless told otherwise. */
export function rawName(commonName: string, string: (text: string) => Buffer = der.utf8String): Buffer {
  return der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), string(commonName))));
}

/** An extension; `critical` is written only when given, also when false. */
export function rawExtension(oid: string, value: Buffer, critical?: boolean): Buffer {
  return der.sequence(der.oid(oid), ...(critical === undefined ? [] : [der.boolean(critical)]), der.octetString(value));
}

/** The extensions of a proper CA and of a proper server, one by one, to be changed or left out. */
export const rawExtensions = {
  caConstraints: (critical = true, pathLength?: number) =>
    rawExtension(
      '2.5.29.19',
      der.sequence(der.boolean(true), ...(pathLength === undefined ? [] : [der.integer(pathLength)])),
      critical ? true : undefined,
    ),
  leafConstraints: () => rawExtension('2.5.29.19', der.sequence(), true),
  keyUsage: (bits: readonly number[], critical = true) =>
    rawExtension('2.5.29.15', der.namedBits(bits), critical ? true : undefined),
  extendedKeyUsage: (oids: readonly string[], critical?: boolean) =>
    rawExtension('2.5.29.37', der.sequence(...oids.map(der.oid)), critical),
  subjectKeyId: (key: KeyObject | Buffer, critical?: boolean) =>
    rawExtension('2.5.29.14', der.octetString(Buffer.isBuffer(key) ? key : rawKeyId(key)), critical),
  authorityKeyId: (key: KeyObject | Buffer, critical?: boolean) =>
    rawExtension('2.5.29.35', der.sequence(der.implicit(0, Buffer.isBuffer(key) ? key : rawKeyId(key))), critical),
  subjectAltName: (names: readonly Buffer[], critical?: boolean) =>
    rawExtension('2.5.29.17', der.sequence(...names), critical),
};

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** SHA-1 of the public key bits. */
export function rawKeyId(key: KeyObject): Buffer {
  const bits = readDer(spkiOf(key)).children()[1]?.bitOctets('subjectPublicKey') ?? Buffer.alloc(0);
  return createHash('sha1').update(bits).digest();
}

/** A dNSName. */
export function rawDns(name: string): Buffer {
  return der.implicit(2, Buffer.from(name, 'latin1'));
}
