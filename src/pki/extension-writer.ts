import type { NameConstraints } from '../model/name-constraints';
import type { SubjectAltName } from '../model/subject-alt-name';
import { der } from '../encoding/der-writer';
import { encodeConstrainedName, encodeGeneralName } from './general-name';
import { EXTENDED_KEY_USAGES, KEY_USAGES, OID, type ExtendedKeyUsage, type KeyUsage } from './object-identifiers';

/** `critical` is left out when false: it is the default (X.690 §11.5). */
function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

/** Encoders of the extensions we write (RFC 5280 §4.2.1, §5.2, §5.3), each with its criticality. */
export const extensions = {
  /** Empty for an end entity: `cA FALSE` is the default. */
  basicConstraints: (ca: boolean, pathLength?: number): Buffer =>
    extension(
      OID.basicConstraints,
      true,
      der.sequence(
        ...(ca ? [der.boolean(true)] : []),
        ...(ca && pathLength !== undefined ? [der.integer(pathLength)] : []),
      ),
    ),

  keyUsage: (usages: readonly KeyUsage[]): Buffer =>
    extension(OID.keyUsage, true, der.namedBits(usages.map((usage) => KEY_USAGES.indexOf(usage)))),

  /** Not critical: BearSSL refuses a critical one. */
  extendedKeyUsage: (usages: readonly ExtendedKeyUsage[]): Buffer =>
    extension(OID.extendedKeyUsage, false, der.sequence(...usages.map((usage) => der.oid(EXTENDED_KEY_USAGES[usage])))),

  /** Critical only when the subject is empty (RFC 5280 §4.2.1.6). */
  subjectAltName: (names: readonly SubjectAltName[], critical = false): Buffer =>
    extension(OID.subjectAltName, critical, der.sequence(...names.map(encodeGeneralName))),

  subjectKeyIdentifier: (identifier: Buffer): Buffer =>
    extension(OID.subjectKeyIdentifier, false, der.octetString(identifier)),

  /** Key id only: issuer and serial would break every leaf when the CA is renewed with its key. */
  authorityKeyIdentifier: (identifier: Buffer): Buffer =>
    extension(OID.authorityKeyIdentifier, false, der.sequence(der.implicit(0, identifier))),

  /** Critical, as RFC 5280 §4.2.1.10 demands. */
  nameConstraints: ({ permitted, excluded }: NameConstraints): Buffer => {
    const subtrees = [permitted, excluded].flatMap((names, index) =>
      names.length === 0
        ? []
        : [der.implicit(index, Buffer.concat(names.map((name) => der.sequence(encodeConstrainedName(name)))), true)],
    );
    return extension(OID.nameConstraints, true, der.sequence(...subtrees));
  },

  crlNumber: (number: bigint): Buffer => extension(OID.crlNumber, false, der.integer(number)),

  reasonCode: (reason: number): Buffer => extension(OID.reasonCode, false, der.enumerated(reason)),
};
