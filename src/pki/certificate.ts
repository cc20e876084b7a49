import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { codedError } from '../model/errors';
import type { DistinguishedName } from '../model/distinguished-name';
import type { NameConstraints } from '../model/name-constraints';
import type { SubjectAltName } from '../model/subject-alt-name';
import { decodePem, encodePem, looksLikePem } from '../encoding/pem';
import { readCertificateFields, type CertificateFields } from './certificate-fields';
import type { Extension } from './extension-reader';
import { readingAs } from './malformed';
import { publicKeyFromSpki } from './public-key';
import { verifyKnown, type SignatureAlgorithmFacts } from './signature-algorithm';

const LABEL = 'CERTIFICATE';
const WHAT = 'a certificate';

/**
 * A certificate of any origin, read by our own strict reader: Node's `X509Certificate` has no key usage bits, no
 * dates as such on Node 20 and no path length. What needs OpenSSL (`x509`, `publicKey`) is made when first asked for.
 */
export class Certificate {
  private openssl?: X509Certificate;
  /** Signatures checked before: neither certificate ever changes, and a chain is judged by several rules. */
  private signers?: WeakMap<Certificate, boolean>;
  private key?: KeyObject;
  private fingerprint?: string;
  private readonly fields: CertificateFields;

  private constructor(readonly der: Buffer) {
    this.fields = readingAs('CERT_MALFORMED', 'the certificate', () => readCertificateFields(der));
  }

  /** @throws CERT_MALFORMED, DER_TOO_LARGE, DER_TOO_DEEP */
  static fromDer(bytes: Uint8Array): Certificate {
    return new Certificate(Buffer.from(bytes));
  }

  /**
   * The first certificate of a PEM text.
   *
   * @throws PEM_NO_BLOCK, PEM_MALFORMED, PEM_WRONG_LABEL, CERT_MALFORMED
   */
  static fromPem(text: string | Uint8Array): Certificate {
    const [block] = decodePem(text, { labels: [LABEL], what: WHAT });
    return Certificate.fromDer(block?.bytes ?? Buffer.alloc(0));
  }

  /**
   * All certificates of a PEM text, in its order; never none.
   *
   * @throws as {@link fromPem}
   */
  static allFromPem(text: string | Uint8Array): Certificate[] {
    return decodePem(text, { labels: [LABEL], what: WHAT }).map((block) => Certificate.fromDer(block.bytes));
  }

  /**
   * All certificates of a file, PEM or DER.
   *
   * @throws as {@link fromPem}; what is neither is reported as PEM without a block
   */
  static allFromBytes(bytes: Uint8Array): Certificate[] {
    // A certificate is a SEQUENCE of 128 bytes or more; text never has a byte above 7F behind a "0".
    const isDer = !looksLikePem(bytes) && bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80;
    return isDer ? [Certificate.fromDer(bytes)] : Certificate.allFromPem(bytes);
  }

  /** The first certificate of a file, PEM or DER. */
  static fromBytes(bytes: Uint8Array): Certificate {
    return Certificate.allFromBytes(bytes)[0] as Certificate;
  }

  get pem(): string {
    return encodePem(LABEL, this.der);
  }

  /** 1 or 3. */
  get version(): number {
    return this.fields.version;
  }

  /** Upper-case hex with an even number of digits; with a minus for the negative ones of broken CAs. */
  get serialNumber(): string {
    return this.fields.serialNumber;
  }

  get subject(): DistinguishedName {
    return this.fields.subject.fields;
  }

  get issuer(): DistinguishedName {
    return this.fields.issuer.fields;
  }

  /** RFC 4514. */
  get subjectText(): string {
    return this.fields.subject.text;
  }

  /** RFC 4514. */
  get issuerText(): string {
    return this.fields.issuer.text;
  }

  /** `/C=GB/CN=…`, for OpenSSL's index.txt. */
  get subjectOneLine(): string {
    return this.fields.subject.oneLine;
  }

  /** For comparing names: without regard to case, blanks and string types. */
  get subjectCanonical(): string {
    return this.fields.subject.canonical;
  }

  /** As {@link subjectCanonical}. */
  get issuerCanonical(): string {
    return this.fields.issuer.canonical;
  }

  get subjectBytes(): Buffer {
    return this.fields.subject.bytes;
  }

  get issuerBytes(): Buffer {
    return this.fields.issuer.bytes;
  }

  get notBefore(): Date {
    return new Date(this.fields.notBefore);
  }

  get notAfter(): Date {
    return new Date(this.fields.notAfter);
  }

  /** The DNS, IP, URI and e-mail names; empty without the extension. */
  get subjectAltNames(): SubjectAltName[] {
    return this.fields.values.subjectAltNames ?? [];
  }

  /** Kinds of names that are not handled, such as otherName. */
  get otherNames(): string[] {
    return this.fields.values.otherNames ?? [];
  }

  get keyUsage(): string[] | undefined {
    return this.fields.values.keyUsage;
  }

  get extendedKeyUsage(): string[] | undefined {
    return this.fields.values.extendedKeyUsage;
  }

  get basicConstraints(): { ca: boolean; pathLength?: number; critical: boolean } | undefined {
    return this.fields.values.basicConstraints;
  }

  get subjectKeyId(): Buffer | undefined {
    return this.fields.values.subjectKeyId;
  }

  get authorityKeyId(): Buffer | undefined {
    return this.fields.values.authorityKeyId;
  }

  get nameConstraints(): NameConstraints | undefined {
    return this.fields.values.nameConstraints;
  }

  get extensions(): readonly Extension[] {
    return this.fields.extensions;
  }

  get signatureAlgorithm(): SignatureAlgorithmFacts {
    return this.fields.signatureAlgorithm;
  }

  /** DER of the SubjectPublicKeyInfo. */
  get spki(): Buffer {
    return this.fields.spki;
  }

  /** 'ec-p256' … or 'rsa-1024', 'ed25519'. */
  get keyDescription(): string {
    return this.fields.keyFacts.description;
  }

  get keyKind(): 'ec' | 'rsa' | 'other' {
    return this.fields.keyFacts.kind;
  }

  /** @throws KEY_UNSUPPORTED */
  get publicKey(): KeyObject {
    this.key ??= publicKeyFromSpki(this.spki, this.keyDescription);
    return this.key;
  }

  /** SHA-256 over the DER: upper-case hex pairs separated by colons, as openssl x509 -fingerprint. */
  get fingerprint256(): string {
    const hash = () => createHash('sha256').update(this.der).digest('hex').toUpperCase();
    return (this.fingerprint ??= hash().replace(/..(?=.)/g, '$&:'));
  }

  /** basicConstraints says CA. */
  get isCa(): boolean {
    return this.basicConstraints?.ca ?? false;
  }

  /** Subject and issuer are the same name. That the signature fits is another question. */
  get isSelfIssued(): boolean {
    return this.fields.subject.canonical === this.fields.issuer.canonical;
  }

  /** OpenSSL's view. @throws CERT_MALFORMED when OpenSSL refuses what we could read */
  get x509(): X509Certificate {
    try {
      this.openssl ??= new X509Certificate(this.der);
    } catch {
      throw codedError('CERT_MALFORMED', 'the certificate is malformed: OpenSSL cannot read it');
    }
    return this.openssl;
  }

  equals(other: Certificate): boolean {
    return this.der.equals(other.der);
  }

  /** True when the other's subject is this one's issuer, without regard to case, blanks and string types. */
  isIssuedInNameOf(issuer: Certificate): boolean {
    return this.fields.issuer.canonical === issuer.subjectCanonical;
  }

  /** Name and signature fit. Whether the issuer may issue is judged in verification.ts. */
  isSignedBy(issuer: Certificate): boolean {
    if (!this.isIssuedInNameOf(issuer)) return false;
    this.signers ??= new WeakMap();
    const fits = this.signers.get(issuer) ?? this.verifiesWith(issuer);
    this.signers.set(issuer, fits);
    return fits;
  }

  private verifiesWith(issuer: Certificate): boolean {
    try {
      // OpenSSL's own certificate costs more than all the rest of the reading (0.12 ms of 0.25, measured).
      return verifyKnown(this.fields.signed, issuer.publicKey) ?? this.x509.verify(issuer.publicKey);
    } catch {
      return false; // a kind of key or signature that OpenSSL does not know
    }
  }
}
