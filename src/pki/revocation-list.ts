import type { KeyObject } from 'node:crypto';
import { codedError } from '../model/errors';
import { REVOCATION_REASONS, type RevocationReason } from '../model/revocation-reason';
import { evenHex, normalizeSerialNumber } from '../model/serial-number';
import { TAG } from '../encoding/der-tags';
import { readDer, type DerElement } from '../encoding/der-reader';
import { der } from '../encoding/der-writer';
import { decodePem, encodePem, looksLikePem } from '../encoding/pem';
import type { Certificate } from './certificate';
import { serialNumberOf } from './certificate-fields';
import { readName, type ParsedName } from './distinguished-name-der';
import { extensions } from './extension-writer';
import { readExtensions, type Extension } from './extension-reader';
import { readingAs } from './malformed';
import { OID } from './object-identifiers';
import { keyIdentifier, spkiOf } from './public-key';
import {
  readSignatureAlgorithm,
  signatureAlgorithmFor,
  signStructure,
  verifyStructure,
  type SignedBytes,
} from './signature-algorithm';

/** `BEGIN CRL`, which another library writes, is refused by OpenSSL. */
const LABEL = 'X509 CRL';
/** A hundred thousand revoked certificates are 5 MB and 700,000 elements. */
const LIMITS = { maxBytes: 16 << 20, maxElements: 1_000_000 };

export interface RevokedCertificate {
  serialNumber: string;
  revokedAt: Date;
  reason: RevocationReason;
}

/**
 * Make a certificate revocation list, version 2 (RFC 5280 §5).
 *
 * A serial number that comes twice (imported duplicates) is listed once, with the earliest date. `removeFromCRL`
 * means "no longer on hold" and stands only in delta lists (§5.3.1), so here such an entry is left out.
 *
 * @param parameters.number greater than every number before
 * @throws KEY_MISMATCH, KEY_UNSUPPORTED, INPUT_VALIDITY
 */
export async function createRevocationList(parameters: {
  issuer: { certificate: Certificate; privateKey: KeyObject };
  number: bigint | number;
  thisUpdate: Date;
  nextUpdate: Date;
  revoked: readonly RevokedCertificate[];
}): Promise<{ der: Buffer; pem: string }> {
  const { issuer, thisUpdate, nextUpdate } = parameters;
  if (!spkiOf(issuer.privateKey).equals(spkiOf(issuer.certificate.publicKey))) {
    throw codedError('KEY_MISMATCH', 'the private key does not belong to the CA certificate');
  }
  if (!(thisUpdate < nextUpdate)) throw codedError('INPUT_VALIDITY', 'the revocation list would end before it begins');
  const entries = uniqueEntries(parameters.revoked);
  const toBeSigned = der.sequence(
    der.integer(1), // version 2
    signatureAlgorithmFor(issuer.privateKey),
    issuer.certificate.subjectBytes,
    der.time(thisUpdate),
    der.time(nextUpdate),
    ...(entries.length > 0 ? [der.sequenceOf(entries.map(encodeEntry))] : []), // §5.1.2.6: absent when empty
    der.explicit(
      0,
      der.sequence(
        extensions.authorityKeyIdentifier(issuer.certificate.subjectKeyId ?? keyIdentifier(issuer.certificate.spki)),
        extensions.crlNumber(BigInt(parameters.number)),
      ),
    ),
  );
  const bytes = await signStructure(toBeSigned, issuer.privateKey);
  return { der: bytes, pem: encodePem(LABEL, bytes) };
}

function uniqueEntries(revoked: readonly RevokedCertificate[]): RevokedCertificate[] {
  const bySerial = new Map<string, RevokedCertificate>();
  for (const entry of revoked) {
    if (entry.reason === 'removeFromCRL') continue;
    const serialNumber = normalizeSerialNumber(entry.serialNumber);
    const earlier = bySerial.get(serialNumber);
    if (!earlier || entry.revokedAt < earlier.revokedAt) bySerial.set(serialNumber, { ...entry, serialNumber });
  }
  return [...bySerial.values()];
}

function encodeEntry({ serialNumber, revokedAt, reason }: RevokedCertificate): Buffer {
  const code = REVOCATION_REASONS[reason];
  return der.sequence(
    der.integer(Buffer.from(serialNumber, 'hex')),
    der.time(revokedAt),
    ...(code === 0 ? [] : [der.sequence(extensions.reasonCode(code))]), // §5.3.1: unspecified is left out
  );
}

/** A revocation list of any origin. */
export class RevocationList {
  readonly issuerText: string;
  readonly issuerBytes: Buffer;
  /** undefined in the lists of very old CAs. */
  readonly number: bigint | undefined;
  readonly thisUpdate: Date;
  /** undefined when the CA does not say. */
  readonly nextUpdate: Date | undefined;
  readonly signatureAlgorithm: string;
  private readonly issuer: ParsedName;
  private readonly entries: ReadonlyMap<string, RevokedCertificate>;
  private readonly signed: SignedBytes;
  /** Signatures checked before: a run of many probes asks for every server of a CA. */
  private readonly signers = new WeakMap<Certificate, boolean>();

  /** Use {@link readRevocationList}. */
  constructor(readonly der: Buffer) {
    const outer = readDer(der, LIMITS).sequence('CertificateList');
    const list = outer.next('tbsCertList');
    const algorithm = outer.next('signatureAlgorithm');
    this.signed = { bytes: list.raw, algorithm, signature: outer.next('signatureValue').bitOctets('signatureValue') };
    outer.end();

    const fields = list.sequence('tbsCertList');
    const version = fields.optional(TAG.integer)?.smallInteger('version', 1);
    const inner = fields.next('signature');
    if (!inner.raw.equals(algorithm.raw)) throw inner.refuse('signature', 'not the algorithm of the signature');
    this.signatureAlgorithm = readSignatureAlgorithm(algorithm).name;
    this.issuer = readName(fields.next('issuer'), 'issuer');
    this.issuerText = this.issuer.text;
    this.issuerBytes = this.issuer.bytes;
    this.thisUpdate = fields.next('thisUpdate').time('thisUpdate');
    this.nextUpdate = fields.optional(TAG.utcTime, TAG.generalizedTime)?.time('nextUpdate');
    const revoked = fields.optional(TAG.sequence)?.list('revokedCertificates') ?? [];
    const extensionList = fields.optionalContext(0)?.explicit(0, 'crlExtensions');
    fields.end();
    if (extensionList && version !== 1) throw list.refuse('version', 'extensions in a list that is not of version 2');
    this.number = readListExtensions(extensionList ? readExtensions(extensionList) : []);
    this.entries = new Map(revoked.map(readEntry).map((entry) => [entry.serialNumber, entry]));
  }

  get pem(): string {
    return encodePem(LABEL, this.der);
  }

  get size(): number {
    return this.entries.size;
  }

  /** The entry of a certificate, or undefined when the list does not revoke it. */
  find(serialNumber: string): RevokedCertificate | undefined {
    // Certificates of broken CAs have negative numbers and ones of more than 20 octets: they are looked up as they are.
    return this.entries.get(serialNumber) ?? this.entries.get(evenHex(serialNumber.replaceAll(':', '')));
  }

  revoked(): RevokedCertificate[] {
    return [...this.entries.values()];
  }

  /** The list names this certificate as issuer. */
  isIssuedInNameOf(certificate: Certificate): boolean {
    return this.issuer.canonical === certificate.subjectCanonical;
  }

  /** Name and signature fit; SHA-1 signatures do not count. */
  isSignedBy(certificate: Certificate): boolean {
    if (!this.isIssuedInNameOf(certificate)) return false;
    if (certificate.keyUsage && !certificate.keyUsage.includes('cRLSign')) return false;
    const known = this.signers.get(certificate);
    if (known !== undefined) return known;
    const fits = verifyStructure(this.signed, certificate.publicKey);
    this.signers.set(certificate, fits);
    return fits;
  }
}

/**
 * Read a revocation list, PEM or DER. The signature is checked by `isSignedBy`.
 *
 * @throws CRL_MALFORMED, DER_TOO_LARGE, DER_TOO_DEEP, PEM_NO_BLOCK, PEM_MALFORMED, PEM_WRONG_LABEL, PEM_TOO_MANY
 */
export function readRevocationList(bytes: string | Uint8Array): RevocationList {
  const isDer = typeof bytes !== 'string' && !looksLikePem(bytes) && bytes[0] === 0x30;
  const encoded = isDer
    ? Buffer.from(bytes)
    : decodePem(bytes, { labels: [LABEL], what: 'a certificate revocation list', maxBlocks: 1 })[0]?.bytes;
  return readingAs('CRL_MALFORMED', 'the revocation list', () => new RevocationList(encoded ?? Buffer.alloc(0)));
}

/** All lists of a PEM text. @throws as {@link readRevocationList} */
export function readAllRevocationLists(text: string | Uint8Array): RevocationList[] {
  const blocks = decodePem(text, { labels: [LABEL], what: 'a certificate revocation list' });
  return blocks.map(({ bytes }) => readRevocationList(bytes));
}

/** Extensions that do not change what a list means. */
const HARMLESS: readonly string[] = [OID.crlNumber, OID.authorityKeyIdentifier];

/** @returns the CRL number */
function readListExtensions(list: readonly Extension[]): bigint | undefined {
  refuseCritical(list, HARMLESS);
  const number = list.find(({ oid }) => oid === OID.crlNumber);
  return number && readDer(number.value).integer('cRLNumber');
}

/** A critical extension changes what the list or entry means (§5.2: "MUST NOT use that CRL"). */
function refuseCritical(list: readonly Extension[], known: readonly string[]): void {
  const unknown = list.find(({ oid, critical }) => critical && !known.includes(oid));
  if (unknown)
    throw codedError('DER_MALFORMED', `the critical extension ${unknown.oid} is not supported`, { oid: unknown.oid });
}

function readEntry(element: DerElement): RevokedCertificate {
  const fields = element.sequence('revokedCertificate');
  const serialNumber = serialNumberOf(fields.next('userCertificate'));
  const revokedAt = fields.next('revocationDate').time('revocationDate');
  const extensionList = fields.optional(TAG.sequence);
  fields.end();
  const list = extensionList ? readExtensions(extensionList) : [];
  refuseCritical(list, [OID.reasonCode]);
  const value = list.find(({ oid }) => oid === OID.reasonCode)?.value;
  const code = value ? readDer(value).enumerated('reasonCode') : 0;
  const reason = (Object.entries(REVOCATION_REASONS).find(([, number]) => number === code) ?? [])[0];
  if (!reason) throw element.refuse('reasonCode', `unknown reason ${code}`);
  return { serialNumber, revokedAt, reason: reason as RevocationReason };
}
