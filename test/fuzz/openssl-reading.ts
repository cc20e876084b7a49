import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { parseIpAddress } from '../../src/model/ip-address';
import type { SubjectAltName } from '../../src/model/subject-alt-name';
import type { Certificate } from '../../src/pki/certificate';
import type { CertificateRequest } from '../../src/pki/certificate-request';
import { extendedKeyUsageName } from '../../src/pki/object-identifiers';
import type { RevocationList } from '../../src/pki/revocation-list';

/**
 * What we accept, OpenSSL refuses or reads in the same way: an object that says one thing to us and another to the program that
 * serves it would be a way past our checks. Where OpenSSL writes what cannot be compared (a bad date, a quoted name), nothing is.
 */
export function assertSameCertificate(certificate: Certificate): void {
  const openssl = readCertificate(certificate.der);
  if (!openssl) return;
  const digits = openssl.serialNumber.length % 2 === 0 ? openssl.serialNumber : `0${openssl.serialNumber}`;
  if (!certificate.serialNumber.startsWith('-')) assert.equal(certificate.serialNumber, digits);
  assert.equal(certificate.fingerprint256, openssl.fingerprint256);
  assertSameTime(certificate.notBefore, openssl.validFrom);
  assertSameTime(certificate.notAfter, openssl.validTo);
  const commonName = onlyCommonName(openssl.subject);
  if (commonName !== undefined) assert.equal(certificate.subject.commonName, commonName);
  if (openssl.subjectAltName !== undefined && certificate.otherNames.length === 0)
    assertSameNames(certificate.subjectAltNames, openssl.subjectAltName);
  const purposes = openssl.keyUsage as readonly string[] | undefined;
  if (purposes && certificate.extendedKeyUsage)
    assert.deepEqual(certificate.extendedKeyUsage, purposes.map(extendedKeyUsageName));
  // OpenSSL asks for more than the flag, and takes a certificate of version 1 for one of a CA.
  if (openssl.ca && certificate.basicConstraints) assert.ok(certificate.isCa);
}

function readCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** @throws when OpenSSL's command reads another list */
export async function assertSameList(list: RevocationList): Promise<void> {
  const text = await openssl(['crl', '-inform', 'DER', '-noout', '-text'], list.der);
  if (text === undefined) return;
  assertSameTime(list.thisUpdate, /Last Update: (.*)/.exec(text)?.[1] ?? '');
  const nextUpdate = /Next Update: (.*)/.exec(text)?.[1] ?? '';
  if (list.nextUpdate) assertSameTime(list.nextUpdate, nextUpdate);
  else assert.equal(nextUpdate, 'NONE');
  const number = /X509v3 CRL Number:\s*(0x[0-9A-F]+|\d+)\s/.exec(text)?.[1];
  if (number !== undefined) assert.equal(list.number, BigInt(number));
  const entries = text.split(/^ {4}Serial Number: /m).slice(1);
  const serials = entries.map((entry) => /^-?[0-9A-F]+/.exec(entry)?.[0] ?? '');
  assert.equal(new Set(serials).size, list.size);
  for (const [index, serial] of serials.entries()) {
    const found = list.find(serial);
    assert.ok(found, `${serial} is revoked for OpenSSL`);
    if (serials.indexOf(serial) !== serials.lastIndexOf(serial)) continue;
    assertSameTime(found.revokedAt, /Revocation Date: (.*)/.exec(entries[index] ?? '')?.[1] ?? '');
    const reason = /CRL Reason Code:[^\n]*\n\s*(\S.*)/.exec(entries[index] ?? '')?.[1] ?? 'Unspecified';
    assert.equal(found.reason.toLowerCase(), reason.replaceAll(' ', '').toLowerCase());
  }
}

/** @throws when OpenSSL's command reads another request */
export async function assertSameRequest(request: CertificateRequest & { der: Buffer }): Promise<void> {
  const shown = ['-text', '-subject', '-pubkey', '-verify', '-nameopt', 'RFC2253,-esc_msb,utf8'];
  const text = await openssl(['req', '-inform', 'DER', '-noout', ...shown], request.der);
  if (text === undefined) return;
  const pem = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/.exec(text)?.[0] ?? '';
  assert.ok(spki(createPublicKey(pem)).equals(spki(request.publicKey)), 'another key');
  const subject = /^subject=(.*)$/m.exec(text)?.[1] ?? '';
  // Escapes and the names of rare attributes are written in several ways.
  if (/^[ -~]*$/.test(subject) && !/[\\#+]|\d\.\d/.test(subject + request.subjectText))
    assert.equal(request.subjectText, subject);
  const names = /X509v3 Subject Alternative Name:[^\n]*\n\s*(\S.*)/.exec(text)?.[1];
  const isPlain = names !== undefined && !/othername|DirName|Registered|X400|EdiParty|<unsupported>/.test(names);
  if (isPlain && request.warnings.length === 0) assertSameNames(request.subjectAltNames, names);
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function assertSameTime(ours: Date, theirs: string): void {
  if (theirs !== '' && !theirs.startsWith('Bad')) assert.equal(ours.getTime(), Date.parse(theirs));
}

/** Of several, or of escaped ones, nothing can be said. */
function onlyCommonName(subject: string | undefined): string | undefined {
  const [name, ...others] = (subject ?? '').split('\n').filter((line) => line.startsWith('CN='));
  return name === undefined || others.length > 0 || /[\\+\ufffd]/.test(subject ?? '') ? undefined : name.slice(3);
}

const KINDS: Record<string, string> = { DNS: 'dns', 'IP Address': 'ip', URI: 'uri', email: 'email' };

/** @param theirs `DNS:a, IP Address:10.0.0.1` */
function assertSameNames(ours: readonly SubjectAltName[], theirs: string): void {
  // A name with a comma or a quotation mark is written in other words by each version.
  if (/["\\]|, (?!DNS:|IP Address:|URI:|email:)/.test(theirs) || theirs.trim() === '') return;
  const found = theirs.split(', ').map((name) => {
    const colon = name.indexOf(':');
    const [kind, value] = [KINDS[name.slice(0, colon)] ?? name, name.slice(colon + 1)];
    return `${kind}:${kind === 'ip' ? (parseIpAddress(value)?.text ?? value) : value.toLowerCase()}`;
  });
  const text = ({ type, value }: SubjectAltName): string => `${type}:${value.toLowerCase()}`;
  // Ours are kept each once in requests.
  assert.deepEqual([...new Set(ours.map(text))], [...new Set(found)]);
}

/** @returns undefined when it refuses the input */
function openssl(parameters: readonly string[], input: Buffer): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile('openssl', parameters, { maxBuffer: 64 << 20 }, (error, stdout) => {
      if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT')
        reject(new Error('openssl is missing: sudo apt-get install openssl'));
      else resolve(error ? undefined : stdout);
    });
    // It may have refused the input before it was read to its end.
    child.stdin?.on('error', () => undefined).end(input);
  });
}
