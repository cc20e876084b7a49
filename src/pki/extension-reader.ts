import { codedError } from '../model/errors';
import type { ConstrainedName, NameConstraints } from '../model/name-constraints';
import type { SubjectAltName } from '../model/subject-alt-name';
import { TAG } from '../encoding/der-tags';
import { readDer, type DerElement } from '../encoding/der-reader';
import { readConstrainedName, readGeneralName } from './general-name';
import { extendedKeyUsageName, KEY_USAGES, OID } from './object-identifiers';

export interface Extension {
  oid: string;
  critical: boolean;
  /** DER inside the OCTET STRING. */
  value: Buffer;
}

/** What the known extensions of a certificate or request say; a field is absent when its extension is. */
export interface ExtensionValues {
  basicConstraints?: { ca: boolean; pathLength?: number; critical: boolean };
  keyUsage?: string[];
  /** 'serverAuth' …, else dotted. */
  extendedKeyUsage?: string[];
  subjectAltNames?: SubjectAltName[];
  /** Kinds in the subjectAltName that are not handled, such as otherName. */
  otherNames?: string[];
  subjectKeyId?: Buffer;
  authorityKeyId?: Buffer;
  nameConstraints?: NameConstraints;
}

/** Real certificates have about ten. */
const MAX_EXTENSIONS = 64;

/**
 * Read a SEQUENCE OF Extension.
 *
 * @throws DER_MALFORMED also for an extension that occurs twice (RFC 5280 §4.2)
 */
export function readExtensions(element: DerElement): Extension[] {
  const items = element.list('extensions');
  if (items.length > MAX_EXTENSIONS) {
    throw codedError('DER_MALFORMED', `${items.length} extensions, at most ${MAX_EXTENSIONS} are read`);
  }
  const seen = new Set<string>();
  return items.map((item) => {
    const fields = item.sequence('extension');
    const oid = fields.next('extnID').oid('extnID');
    // An explicit FALSE is not DER, but many CAs wrote it; it means the same.
    const critical = fields.optional(TAG.boolean)?.boolean('critical') ?? false;
    const value = fields.next('extnValue').octetString('extnValue');
    fields.end();
    if (seen.has(oid)) throw item.refuse('extensions', `the extension ${oid} occurs twice`);
    seen.add(oid);
    return { oid, critical, value };
  });
}

type Reader = (value: DerElement, critical: boolean) => ExtensionValues;

const READERS: Record<string, Reader> = {
  [OID.basicConstraints]: (value, critical) => {
    const fields = value.sequence('basicConstraints');
    const ca = fields.optional(TAG.boolean)?.boolean('cA') ?? false;
    const pathLength = fields.optional(TAG.integer)?.smallInteger('pathLenConstraint');
    fields.end();
    return { basicConstraints: { ca, critical, ...(pathLength === undefined ? {} : { pathLength }) } };
  },
  [OID.keyUsage]: (value) => ({
    keyUsage: value.namedBits('keyUsage').map((bit) => KEY_USAGES[bit] ?? `bit ${bit}`),
  }),
  [OID.extendedKeyUsage]: (value) => ({
    extendedKeyUsage: value.list('extendedKeyUsage').map((oid) => extendedKeyUsageName(oid.oid('extendedKeyUsage'))),
  }),
  [OID.subjectAltName]: (value) => {
    const names = value.list('subjectAltName').map((name) => readGeneralName(name, 'subjectAltName'));
    return {
      subjectAltNames: names.filter((name) => 'type' in name),
      otherNames: names.flatMap((name) => ('other' in name ? [name.other] : [])),
    };
  },
  [OID.subjectKeyIdentifier]: (value) => ({ subjectKeyId: value.octetString('subjectKeyIdentifier') }),
  [OID.authorityKeyIdentifier]: (value) => {
    const keyId = value.sequence('authorityKeyIdentifier').optionalContext(0);
    return keyId ? { authorityKeyId: keyId.implicitOctets(0, 'keyIdentifier') } : {};
  },
  [OID.nameConstraints]: (value) => {
    const fields = value.sequence('nameConstraints');
    const permitted = readSubtrees(fields.optionalContext(0), 0);
    const excluded = readSubtrees(fields.optionalContext(1), 1);
    fields.end();
    return { nameConstraints: { permitted, excluded } };
  },
};

function readSubtrees(element: DerElement | undefined, tagNumber: number): ConstrainedName[] {
  if (!element) return [];
  return element.implicitList(tagNumber, 'nameConstraints').map((subtree) => {
    const base = subtree.sequence('GeneralSubtree').next('base');
    return readConstrainedName(base, 'nameConstraints');
  });
}

/** True for an extension whose meaning this reader knows. */
export function isKnownExtension(oid: string): boolean {
  return Object.hasOwn(READERS, oid);
}

/**
 * Decode the known extensions.
 *
 * @throws DER_MALFORMED
 */
export function readExtensionValues(list: readonly Extension[]): ExtensionValues {
  const values: ExtensionValues = {};
  for (const { oid, critical, value } of list) {
    if (isKnownExtension(oid)) Object.assign(values, READERS[oid]?.(readDer(value), critical));
  }
  return values;
}
