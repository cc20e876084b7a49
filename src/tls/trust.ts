import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { codedError } from '../model/errors';
import { decodePem, encodePem, type PemBlock } from '../encoding/pem';
import { Certificate } from '../pki/certificate';

/** Whom to trust: the public roots Node ships, or exactly these certificates and nobody else. */
export type Trust = { kind: 'system' } | { kind: 'anchors'; pem: string; label: string };

/** A system bundle has about 150; each costs time at every connection. */
const MOST_ANCHORS = 2000;

const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE'];

/**
 * Read trust anchors and refuse everything that would silently trust nobody.
 *
 * `tls.createSecureContext({ca})` takes text, DER, a private key or an empty file without a word (measured); the
 * connection then fails later with a message about the server. So the file is judged here.
 *
 * @param bytes PEM with one or more CA certificates, or one DER certificate
 * @param label what it is, for messages ("the CA file /…/ca.pem")
 * @throws PEM_NO_BLOCK, PEM_MALFORMED, PEM_WRONG_LABEL (a private key, a request), CERT_MALFORMED,
 *   CERT_NOT_A_CA (only certificates of servers or devices)
 */
export function readTrustAnchors(
  bytes: Buffer | string,
  label: string,
): { kind: 'anchors'; pem: string; label: string } {
  const ders = derCertificates(bytes, label);
  const anchors = ders.map((der) => ({ der, certificate: readAnchor(der, label) }));
  if (!anchors.some(({ certificate }) => canBeAnchor(certificate))) throw notACa(label, anchors[0]?.certificate);
  return { kind: 'anchors', pem: anchors.map(({ der }) => encodePem('CERTIFICATE', der)).join(''), label };
}

/** A trust is read once, however many connections and targets use it; all system trusts share one list. */
const readAnchors = new WeakMap<Trust, Certificate[]>();
let systemAnchors: Certificate[] | undefined;

/** The anchors of a trust as certificates; those that only OpenSSL can read are left out (nobody is judged by it). */
export function trustedCertificates(trust: Trust): readonly Certificate[] {
  if (trust.kind === 'system') {
    systemAnchors ??= rootCertificates.flatMap((pem) => readable(() => Certificate.fromPem(pem)));
    return systemAnchors;
  }
  let anchors = readAnchors.get(trust);
  if (!anchors) {
    anchors = parseAnchors(trust);
    readAnchors.set(trust, anchors);
  }
  return anchors;
}

function parseAnchors(trust: Trust & { kind: 'anchors' }): Certificate[] {
  return decodePem(trust.pem, { labels: ['CERTIFICATE'], what: trust.label, maxBlocks: MOST_ANCHORS }).flatMap(
    (block) => readable(() => Certificate.fromDer(block.bytes)),
  );
}

/** How a trust is named in messages. */
export function describeTrust(trust: Trust): string {
  return trust.kind === 'system' ? "Node's public root certificates" : trust.label;
}

function derCertificates(bytes: Buffer | string, label: string): Buffer[] {
  // A DER certificate is a SEQUENCE with a two-byte length; people save one under .crt or .der.
  if (typeof bytes !== 'string' && bytes[0] === 0x30 && bytes[1] === 0x82 && isCertificate(bytes)) return [bytes];
  const blocks = decodePem(bytes, { what: `a CA certificate in ${label}`, maxBlocks: MOST_ANCHORS });
  const certificates = blocks.filter((block) => CERTIFICATE_LABELS.includes(block.label));
  if (certificates.length === 0) throw wrongLabel(label, blocks);
  return certificates.map((block) => block.bytes);
}

function isCertificate(bytes: Buffer): boolean {
  return openable(bytes) !== undefined;
}

/** Strictly read, or at least readable by OpenSSL, which decides in the handshake. */
function readAnchor(der: Buffer, label: string): Certificate | X509Certificate {
  try {
    return Certificate.fromDer(der);
  } catch (error) {
    const lenient = openable(der);
    if (lenient) return lenient;
    throw codedError(
      'CERT_MALFORMED',
      `${label} holds a certificate that cannot be read: ${(error as Error).message}`,
      { label, reason: (error as Error).message },
      'The file is damaged or cut off; copy it again in full, from BEGIN to END',
    );
  }
}

/** A CA, or a self-signed certificate that was saved to be trusted itself (OpenSSL accepts both as anchor). */
function canBeAnchor(certificate: Certificate | X509Certificate): boolean {
  if (certificate instanceof X509Certificate) return certificate.ca || certificate.issuer === certificate.subject;
  return certificate.isCa || certificate.isSelfIssued;
}

function openable(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

function readable(read: () => Certificate): Certificate[] {
  try {
    return [read()];
  } catch {
    return [];
  }
}

function wrongLabel(label: string, blocks: PemBlock[]): Error {
  const found = [...new Set(blocks.map((block) => block.label))];
  return codedError(
    'PEM_WRONG_LABEL',
    `${label} holds ${found.join(', ')}, expected CERTIFICATE`,
    { label, found, expected: ['CERTIFICATE'] },
    found.some((name) => name.includes('PRIVATE KEY'))
      ? 'This is a private key. Choose the CA certificate (often ca.pem or ca.crt); a private key belongs to its owner only'
      : 'Choose the CA certificate (often ca.pem or ca.crt)',
  );
}

function notACa(label: string, first: Certificate | X509Certificate | undefined): Error {
  const subject = first instanceof Certificate ? first.subjectText : (first?.subject ?? '').replaceAll('\n', ', ');
  return codedError(
    'CERT_NOT_A_CA',
    `${label} holds no CA certificate; the first certificate is "${subject}"`,
    { label, subject },
    'This is the certificate of a server or device. Choose the certificate of the CA that issued it (often ca.pem or ca.crt)',
  );
}
