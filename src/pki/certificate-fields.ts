import { evenHex } from '../model/serial-number';
import { readDer, type DerElement } from '../encoding/der-reader';
import { readName, type ParsedName } from './distinguished-name-der';
import { readExtensions, readExtensionValues, type Extension, type ExtensionValues } from './extension-reader';
import { readSpki, type PublicKeyFacts } from './public-key';
import { readSignatureAlgorithm, type SignatureAlgorithmFacts, type SignedBytes } from './signature-algorithm';

/** The fields of a TBSCertificate (RFC 5280 §4.1) as read. */
export interface CertificateFields {
  /** What the signature is over, by which algorithm, and the signature. */
  signed: SignedBytes;
  version: number;
  serialNumber: string;
  signatureAlgorithm: SignatureAlgorithmFacts;
  issuer: ParsedName;
  notBefore: Date;
  notAfter: Date;
  subject: ParsedName;
  spki: Buffer;
  keyFacts: PublicKeyFacts;
  extensions: Extension[];
  values: ExtensionValues;
}

/**
 * Read a certificate (RFC 5280 §4.1) from DER.
 *
 * @throws DER_MALFORMED, DER_TOO_LARGE, DER_TOO_DEEP
 */
export function readCertificateFields(bytes: Buffer): CertificateFields {
  const outer = readDer(bytes).sequence('Certificate');
  const toBeSigned = outer.next('tbsCertificate');
  const outerAlgorithm = outer.next('signatureAlgorithm');
  const signature = outer.next('signatureValue').bitOctets('signatureValue');
  outer.end();
  const tbs = toBeSigned.sequence('tbsCertificate');

  const version = readVersion(tbs.optionalContext(0));
  const serialNumber = serialNumberOf(tbs.next('serialNumber'));
  const algorithm = tbs.next('signature');
  if (!algorithm.raw.equals(outerAlgorithm.raw)) {
    throw algorithm.refuse('signature', 'not the algorithm of the signature'); // RFC 5280 §4.1.1.2
  }
  const issuer = readName(tbs.next('issuer'), 'issuer');
  const validity = tbs.next('validity').sequence('validity');
  const notBefore = validity.next('notBefore').time('notBefore');
  const notAfter = validity.next('notAfter').time('notAfter');
  validity.end();
  const subject = readName(tbs.next('subject'), 'subject');
  const spki = tbs.next('subjectPublicKeyInfo');
  const keyFacts = readSpki(spki);
  tbs.optionalContext(1); // issuerUniqueID and subjectUniqueID: obsolete, without meaning to anybody
  tbs.optionalContext(2);
  const list = tbs.optionalContext(3);
  tbs.end();
  const extensions = list ? readExtensions(list.explicit(3, 'extensions')) : [];
  return {
    signed: { bytes: toBeSigned.raw, algorithm, signature },
    version,
    serialNumber,
    signatureAlgorithm: readSignatureAlgorithm(algorithm),
    issuer,
    notBefore,
    notAfter,
    subject,
    spki: spki.raw,
    keyFacts,
    extensions,
    values: readExtensionValues(extensions),
  };
}

function readVersion(element: DerElement | undefined): number {
  return element ? element.explicit(0, 'version').smallInteger('version', 2) + 1 : 1;
}

/** Serial numbers are positive, but broken CAs have written others; those show with a minus. */
export function serialNumberOf(element: DerElement): string {
  const value = element.integer('serialNumber');
  return value < 0n ? `-${evenHex((-value).toString(16))}` : evenHex(value.toString(16));
}
