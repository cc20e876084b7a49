import type { DerElement } from './der-reader';
import { TAG } from './der-tags';
import { der } from './der-writer';
import { OID } from './pkcs12-identifiers';

/** What may be written beside a key or certificate (RFC 7292 §4.2). */
export interface BagAttributes {
  /** The alias, as Java calls it. */
  friendlyName?: string;
  /** Joins a key and its certificate. */
  localKeyId?: Buffer;
}

/** A private key. */
export interface KeyBag extends BagAttributes {
  kind: 'key';
  /** DER of the PrivateKeyInfo, in clear. */
  secretPkcs8: Buffer;
}

/** A certificate. */
export interface CertificateBag extends BagAttributes {
  kind: 'certificate';
  der: Buffer;
  /** Java's mark of a trusted certificate; the keys of the chain beside a private key do not have it. */
  trusted: boolean;
}

export type Pkcs12Bag = KeyBag | CertificateBag;

/** Friendly names are shown to people; Windows writes up to 100 characters. */
const LONGEST_NAME = 256;

/** A bag that holds a key, a certificate, or something else, before its value is read. */
export interface RawBag extends BagAttributes {
  oid: string;
  value: DerElement;
  trusted: boolean;
}

/**
 * Read one SafeBag as far as its value. Attributes that cannot be read are passed over: nothing hangs on them.
 *
 * @throws DER_MALFORMED
 */
export function readRawBag(element: DerElement): RawBag {
  const fields = element.sequence('SafeBag');
  const oid = fields.next('bagId').oid('bagId');
  const value = fields.next('bagValue').explicit(0, 'bagValue');
  const attributes = fields.optional(TAG.set)?.children() ?? [];
  fields.end();
  const bag: RawBag = { oid, value, trusted: false };
  for (const attribute of attributes) {
    const [type, values] = attribute.children();
    const [first] = values?.children() ?? [];
    if (!type?.is(TAG.objectIdentifier)) continue;
    switch (type.oid('attrId')) {
      case OID.friendlyName:
        bag.friendlyName ??= nameOf(first);
        break;
      case OID.localKeyId:
        if (first?.is(TAG.octetString)) bag.localKeyId ??= first.content;
        break;
      case OID.javaTrustedKeyUsage:
        bag.trusted = true;
        break;
    }
  }
  return bag;
}

/** Many write UTF-16 with surrogates, or with a final NUL. */
function nameOf(value: DerElement | undefined): string | undefined {
  if (!value?.is(TAG.bmpString) || value.content.length % 2 !== 0) return undefined;
  const text = Buffer.from(value.content).swap16().toString('utf16le').replace(/\0+$/, '');
  return text === '' ? undefined : text.slice(0, LONGEST_NAME);
}

/** The X.509 certificate of a certBag; undefined for another kind of certificate. @throws DER_MALFORMED */
export function readCertBag(value: DerElement): Buffer | undefined {
  const fields = value.sequence('CertBag');
  const oid = fields.next('certId').oid('certId');
  const content = fields.next('certValue').explicit(0, 'certValue');
  fields.end();
  return oid === OID.x509Certificate ? content.octetString('x509Certificate') : undefined;
}

/** The SafeBag of a certificate. */
export function certificateSafeBag({ der: bytes, trusted, ...attributes }: CertificateBag): Buffer {
  const certificate = der.sequence(der.oid(OID.x509Certificate), der.explicit(0, der.octetString(bytes)));
  const mark = trusted ? [attribute(OID.javaTrustedKeyUsage, der.oid(OID.anyExtendedKeyUsage))] : [];
  return safeBag(OID.certBag, certificate, [...attributesOf(attributes), ...mark]);
}

/** The SafeBag of an EncryptedPrivateKeyInfo. */
export function shroudedKeySafeBag(encryptedKey: Buffer, attributes: BagAttributes): Buffer {
  return safeBag(OID.pkcs8ShroudedKeyBag, encryptedKey, attributesOf(attributes));
}

function safeBag(oid: string, value: Buffer, attributes: Buffer[]): Buffer {
  // An empty SET is allowed, but nobody writes one.
  const set = attributes.length > 0 ? [der.set(...attributes)] : [];
  return der.sequence(der.oid(oid), der.explicit(0, value), ...set);
}

function attributesOf({ friendlyName, localKeyId }: BagAttributes): Buffer[] {
  return [
    ...(friendlyName ? [attribute(OID.friendlyName, der.bmpString(friendlyName))] : []),
    ...(localKeyId ? [attribute(OID.localKeyId, der.octetString(localKeyId))] : []),
  ];
}

function attribute(oid: string, value: Buffer): Buffer {
  return der.sequence(der.oid(oid), der.set(value));
}
