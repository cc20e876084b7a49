import { ByteCursor } from './byte-cursor';

/** Handshake types of RFC 5246 §7.4 and RFC 8446 §4. */
export const HANDSHAKE_TYPE = {
  serverHello: 2,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  finished: 20,
} as const;

export interface HandshakeMessage {
  type: number;
  body: Buffer;
}

/** More certificates than any real chain; OpenSSL itself stops at 100 KiB of them. */
const MOST_CERTIFICATES = 64;
const MOST_AUTHORITIES = 1000;
const MOST_EXTENSIONS = 64;

const EXTENSION = { alpn: 16, supportedVersions: 43, certificateAuthorities: 47, keyShare: 51 } as const;

/** RFC 8446 §4.1.3: this random marks a ServerHello as HelloRetryRequest. */
const HELLO_RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

/** Named groups (IANA registry) under the names OpenSSL gives them. */
const GROUP_NAMES: Readonly<Record<number, string>> = {
  0x0017: 'prime256v1',
  0x0018: 'secp384r1',
  0x0019: 'secp521r1',
  0x001d: 'X25519',
  0x001e: 'X448',
  0x0100: 'ffdhe2048',
  0x0101: 'ffdhe3072',
  0x0102: 'ffdhe4096',
  0x11eb: 'SecP256r1MLKEM768',
  0x11ec: 'X25519MLKEM768',
  0x11ed: 'SecP384r1MLKEM1024',
};

const VERSION_NAMES: Readonly<Record<number, string>> = {
  0x0300: 'SSLv3',
  0x0301: 'TLSv1',
  0x0302: 'TLSv1.1',
  0x0303: 'TLSv1.2',
  0x0304: 'TLSv1.3',
};

export interface ServerHello {
  helloRetry: boolean;
  /** As Node writes it: `TLSv1.3`. */
  version: string;
  cipherSuite: number;
  group?: string;
  alpn?: string;
}

export interface CertificateRequestMessage {
  /** DER of the names of the CAs whose client certificates the server says it accepts; often empty. */
  authorities: Buffer[];
}

/** Split collected handshake bytes into whole messages; the second value is what is left of a torn one. */
export function splitHandshake(bytes: Buffer): { messages: HandshakeMessage[]; rest: Buffer } {
  const messages: HandshakeMessage[] = [];
  let rest = bytes;
  for (;;) {
    const cursor = new ByteCursor(rest);
    const type = cursor.uint8();
    const body = cursor.vector(3);
    if (cursor.failed) return { messages, rest };
    messages.push({ type, body });
    rest = rest.subarray(4 + body.length);
  }
}

/** ServerHello of TLS 1.2 and 1.3, HelloRetryRequest included. */
export function readServerHello(body: Buffer): ServerHello | undefined {
  const cursor = new ByteCursor(body);
  const legacyVersion = cursor.uint16();
  const random = cursor.take(32);
  cursor.vector(1); // session id
  const cipherSuite = cursor.uint16();
  cursor.uint8(); // compression
  if (cursor.failed) return undefined;
  const extensions = readExtensions(cursor.vector(2));
  const version = uint16At(extensions.get(EXTENSION.supportedVersions)) ?? legacyVersion;
  const group = uint16At(extensions.get(EXTENSION.keyShare));
  return {
    helloRetry: random.equals(HELLO_RETRY_RANDOM),
    version: VERSION_NAMES[version] ?? `0x${version.toString(16).padStart(4, '0')}`,
    cipherSuite,
    group: group === undefined ? undefined : groupName(group),
    alpn: readAlpn(extensions),
  };
}

/** The protocol chosen in EncryptedExtensions (RFC 8446 §4.3.1). */
export function readEncryptedAlpn(body: Buffer): string | undefined {
  return readAlpn(readExtensions(new ByteCursor(body).vector(2)));
}

/** The certificates of a Certificate message in the order in which they were sent, DER. */
export function readCertificateMessage(body: Buffer, tls13: boolean): Buffer[] {
  const cursor = new ByteCursor(body);
  if (tls13) cursor.vector(1); // request context
  const list = cursor.vector(3);
  if (!tls13) return ByteCursor.vectors(list, 3, MOST_CERTIFICATES);
  const entries = new ByteCursor(list);
  const certificates: Buffer[] = [];
  while (entries.remaining > 0 && certificates.length < MOST_CERTIFICATES) {
    const certificate = entries.vector(3);
    entries.vector(2); // extensions of this entry
    if (entries.failed) break;
    certificates.push(certificate);
  }
  return certificates;
}

/** CertificateRequest of RFC 5246 §7.4.4 and RFC 8446 §4.3.2. */
export function readCertificateRequest(body: Buffer, tls13: boolean): CertificateRequestMessage {
  const cursor = new ByteCursor(body);
  cursor.vector(1); // certificate types, or the request context
  if (tls13) {
    const named = readExtensions(cursor.vector(2)).get(EXTENSION.certificateAuthorities);
    return { authorities: named ? ByteCursor.vectors(new ByteCursor(named).vector(2), 2, MOST_AUTHORITIES) : [] };
  }
  cursor.vector(2); // signature algorithms
  return { authorities: ByteCursor.vectors(cursor.vector(2), 2, MOST_AUTHORITIES) };
}

/** The group of a TLS 1.2 key exchange: a named curve (RFC 8422 §5.4), else the size of the DH prime. */
export function readKeyExchangeGroup(body: Buffer): string | undefined {
  const curve = new ByteCursor(body);
  const curveType = curve.uint8();
  const group = curve.uint16();
  if (!curve.failed && curveType === 3 && group in GROUP_NAMES) return GROUP_NAMES[group];
  const dh = new ByteCursor(body);
  const prime = dh.vector(2);
  return dh.failed || prime.length < 32 ? undefined : `DH ${prime.length * 8} bit`;
}

function readExtensions(bytes: Buffer): Map<number, Buffer> {
  const cursor = new ByteCursor(bytes);
  const extensions = new Map<number, Buffer>();
  while (cursor.remaining > 0 && extensions.size < MOST_EXTENSIONS) {
    const type = cursor.uint16();
    const content = cursor.vector(2);
    if (cursor.failed) break;
    extensions.set(type, content);
  }
  return extensions;
}

function readAlpn(extensions: Map<number, Buffer>): string | undefined {
  const content = extensions.get(EXTENSION.alpn);
  const [name] = content ? ByteCursor.vectors(new ByteCursor(content).vector(2), 1, 1) : [];
  return name?.toString('latin1');
}

function uint16At(bytes: Buffer | undefined): number | undefined {
  return bytes && bytes.length >= 2 ? bytes.readUInt16BE(0) : undefined;
}

function groupName(group: number): string {
  return GROUP_NAMES[group] ?? `0x${group.toString(16).padStart(4, '0')}`;
}
