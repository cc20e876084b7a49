import { readDer, type DerElement } from '../encoding/der-reader';
import type { Certificate } from './certificate';
import { readName } from './distinguished-name-der';
import { OID } from './object-identifiers';

/**
 * How a certificate names its issuer's certificate (authorityKeyIdentifier, RFC 5280 §4.2.1.1): by key identifier, and
 * sometimes by the name and serial number that the issuer's own certificate has from *its* issuer.
 */
export interface IssuerReference {
  keyId?: Buffer;
  /** Canonical and RFC 4514. */
  issuer?: { canonical: string; text: string };
  /** Upper-case hex, even number of digits. */
  serialNumber?: string;
}

/** @returns undefined without the extension, or for one nobody can read */
export function issuerReference(certificate: Certificate): IssuerReference | undefined {
  const extension = certificate.extensions.find(({ oid }) => oid === OID.authorityKeyIdentifier);
  if (!extension) return undefined;
  try {
    const fields = readDer(extension.value).sequence('authorityKeyIdentifier');
    const keyId = fields.optionalContext(0)?.implicitOctets(0, 'keyIdentifier');
    const [name] = fields.optionalContext(1)?.children() ?? [];
    const serial = fields.optionalContext(2)?.implicitOctets(2, 'authorityCertSerialNumber');
    const issuer = readDirectoryName(name);
    return {
      ...(keyId ? { keyId } : {}),
      ...(issuer ? { issuer } : {}),
      ...(serial ? { serialNumber: serial.toString('hex').toUpperCase() } : {}),
    };
  } catch {
    return undefined;
  }
}

function readDirectoryName(name: DerElement | undefined): IssuerReference['issuer'] {
  if (!name?.isContext(4)) return undefined;
  const { canonical, text } = readName(name.explicit(4, 'directoryName'), 'authorityCertIssuer');
  return { canonical, text };
}

/**
 * What does not fit between a certificate's reference and the certificate of its issuer; OpenSSL, and so Node, takes
 * no issuer for which something does not (X509_check_akid), although the signature may be right.
 *
 * @returns undefined when all that is said fits
 */
export function referenceMismatch(certificate: Certificate, issuer: Certificate): string | undefined {
  const said = issuerReference(certificate);
  if (!said) return undefined;
  const { subjectKeyId } = issuer;
  if (said.keyId && subjectKeyId && !said.keyId.equals(subjectKeyId)) {
    return `names the key ${hex(said.keyId)} as its issuer's, "${issuer.subjectText}" has ${hex(subjectKeyId)}`;
  }
  if (said.serialNumber && said.serialNumber.replace(/^(00)+/, '') !== issuer.serialNumber.replace(/^(00)+/, '')) {
    return `names the certificate ${said.serialNumber} as its issuer's, "${issuer.subjectText}" has serial ${issuer.serialNumber}`;
  }
  if (said.issuer && said.issuer.canonical !== issuer.issuerCanonical) {
    return `says "${said.issuer.text}" issued its issuer's certificate, "${issuer.subjectText}" comes from "${issuer.issuerText}"`;
  }
  return undefined;
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}
