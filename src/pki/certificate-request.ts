import type { KeyObject } from 'node:crypto';
import { codedError, isCodedError, warning, type Warning } from '../model/errors';
import { checkDistinguishedName, type DistinguishedName } from '../model/distinguished-name';
import type { KeyType } from '../model/key-type';
import {
  formatSubjectAltName,
  MAX_SUBJECT_ALT_NAMES,
  parseSubjectAltName,
  type SubjectAltName,
} from '../model/subject-alt-name';
import { TAG } from '../encoding/der-tags';
import { readDer, type DerElement } from '../encoding/der-reader';
import { der } from '../encoding/der-writer';
import { decodePem, encodePem, looksLikePem } from '../encoding/pem';
import { encodeName, readName, type ParsedName } from './distinguished-name-der';
import { extensions } from './extension-writer';
import { isKnownExtension, readExtensions, readExtensionValues, type ExtensionValues } from './extension-reader';
import { readingAs } from './malformed';
import { OID } from './object-identifiers';
import { keyTypeOf, publicKeyFromSpki, readSpki, spkiOf } from './public-key';
import { signatureAlgorithmFor, signStructure, verifyStructure } from './signature-algorithm';

const LABEL = 'CERTIFICATE REQUEST';
/** The second is what Netscape and Microsoft tools write; it is the same thing (RFC 7468 §7). */
const LABELS = [LABEL, 'NEW CERTIFICATE REQUEST'];
const MAX_ATTRIBUTES = 20;

export interface CertificateRequest {
  der: Buffer;
  subject: DistinguishedName;
  /** RFC 4514, with everything the request says. */
  subjectText: string;
  /** Canonical. Wildcards are kept: whoever signs decides. */
  subjectAltNames: SubjectAltName[];
  publicKey: KeyObject;
  keyType: KeyType;
  /** Extensions asked for. A CA grants what its profile says, not this. */
  requested: Pick<ExtensionValues, 'basicConstraints' | 'keyUsage' | 'extendedKeyUsage'>;
  /** CSR_EXTENSION_DROPPED for everything that cannot be granted, whatever the profile. */
  warnings: Warning[];
}

/**
 * Make a PKCS#10 request (RFC 2986) with the names as extensionRequest.
 *
 * @param parameters.subjectAltNames canonical; none leaves the extension out
 * @throws INPUT_SUBJECT, INPUT_COMMON_NAME, KEY_UNSUPPORTED
 */
export async function createCertificateRequest(parameters: {
  subject: DistinguishedName;
  subjectAltNames: SubjectAltName[];
  privateKey: KeyObject;
}): Promise<{ der: Buffer; pem: string }> {
  const { privateKey, subjectAltNames } = parameters;
  signatureAlgorithmFor(privateKey);
  const attributes: Buffer[] = [];
  if (subjectAltNames.length > 0) {
    const wanted = der.sequence(extensions.subjectAltName(subjectAltNames));
    attributes.push(der.sequence(der.oid(OID.extensionRequest), der.set(wanted)));
  }
  const toBeSigned = der.sequence(
    der.integer(0),
    encodeName(checkDistinguishedName(parameters.subject)),
    spkiOf(privateKey),
    der.implicit(0, Buffer.concat(attributes), true), // always there, even when empty (RFC 2986 §4.1)
  );
  const bytes = await signStructure(toBeSigned, privateKey);
  return { der: bytes, pem: encodePem(LABEL, bytes) };
}

/**
 * Read a request and verify that whoever made it has the private key.
 *
 * @param bytes PEM or DER
 * @throws CSR_MALFORMED, CSR_SIGNATURE, KEY_UNSUPPORTED, PEM_NO_BLOCK, PEM_MALFORMED, PEM_WRONG_LABEL, PEM_TOO_MANY
 */
export function readCertificateRequest(bytes: string | Uint8Array): CertificateRequest {
  const isDer = typeof bytes !== 'string' && !looksLikePem(bytes) && bytes[0] === 0x30;
  const encoded = isDer
    ? Buffer.from(bytes)
    : decodePem(bytes, { labels: LABELS, what: 'a certificate request', maxBlocks: 1 })[0]?.bytes;
  return readingAs('CSR_MALFORMED', 'the certificate request', () => parse(encoded ?? Buffer.alloc(0)));
}

function parse(bytes: Buffer): CertificateRequest {
  const outer = readDer(bytes).sequence('CertificationRequest');
  const infoElement = outer.next('certificationRequestInfo');
  const algorithm = outer.next('signatureAlgorithm');
  const signature = outer.next('signature').bitOctets('signature');
  outer.end();

  const info = infoElement.sequence('certificationRequestInfo');
  info.next('version').smallInteger('version', 0);
  const name = readName(info.next('subject'), 'subject');
  const spki = info.next('subjectPKInfo');
  // RFC 2986 wants the attributes even when empty; some tools leave them out.
  const attributes = info.optionalContext(0)?.implicitList(0, 'attributes') ?? [];
  info.end();

  const publicKey = readKey(spki);
  const keyType = keyTypeOf(publicKey);
  if (!verifyStructure({ bytes: infoElement.raw, algorithm, signature }, publicKey)) {
    throw codedError(
      'CSR_SIGNATURE',
      'the certificate request is not signed by its own key',
      { keyType },
      'Make a new request; SHA-1 signatures are not accepted',
    );
  }
  const warnings: Warning[] = [];
  const values = readAttributes(attributes, warnings);
  const { basicConstraints, keyUsage, extendedKeyUsage } = values;
  return {
    der: bytes,
    subject: readSubject(name, warnings),
    subjectText: name.text,
    subjectAltNames: readNames(values, warnings),
    publicKey,
    keyType,
    requested: { basicConstraints, keyUsage, extendedKeyUsage },
    warnings,
  };
}

/** Only the one encoding a key has: otherwise two requests for one key differ, and bytes nobody checks hide in it. */
function readKey(spki: DerElement): KeyObject {
  const { description } = readSpki(spki);
  const key = publicKeyFromSpki(spki.raw, description);
  if (!spkiOf(key).equals(spki.raw)) throw spki.refuse('subjectPKInfo', 'not the canonical encoding of the key');
  return key;
}

function dropped(what: string, facts: Record<string, unknown>): Warning {
  const hint = 'The certificate is issued without it';
  return warning('CSR_EXTENSION_DROPPED', `the request asks for ${what}, which is not granted`, facts, hint);
}

function readAttributes(attributes: readonly DerElement[], warnings: Warning[]): ExtensionValues {
  if (attributes.length > MAX_ATTRIBUTES) {
    throw codedError('DER_MALFORMED', `${attributes.length} attributes, at most ${MAX_ATTRIBUTES} are read`);
  }
  let values: ExtensionValues | undefined;
  for (const attribute of attributes) {
    const fields = attribute.sequence('attribute');
    const oid = fields.next('type').oid('attribute');
    const [value, ...others] = fields.next('values').list('attribute', TAG.set);
    fields.end();
    if (oid !== OID.extensionRequest) {
      warnings.push(dropped(oid === OID.challengePassword ? 'a challenge password' : `the attribute ${oid}`, { oid }));
      continue;
    }
    if (!value || others.length > 0 || values)
      throw attribute.refuse('extensionRequest', 'not exactly one list of extensions');
    const list = readExtensions(value);
    for (const { oid: unknown } of list.filter((extension) => !isKnownExtension(extension.oid))) {
      warnings.push(dropped(`the extension ${unknown}`, { oid: unknown }));
    }
    values = readExtensionValues(list);
  }
  return values ?? {};
}

function readSubject(name: ParsedName, warnings: Warning[]): DistinguishedName {
  for (const attribute of name.others) warnings.push(dropped(`the subject field ${attribute}`, { attribute }));
  return name.fields;
}

function readNames(values: ExtensionValues, warnings: Warning[]): SubjectAltName[] {
  for (const kind of values.otherNames ?? []) warnings.push(dropped(`a name of kind ${kind}`, { kind }));
  if (values.nameConstraints) warnings.push(dropped('name constraints', {}));
  const found = values.subjectAltNames ?? [];
  if (found.length > MAX_SUBJECT_ALT_NAMES) {
    throw codedError('DER_MALFORMED', `${found.length} names, at most ${MAX_SUBJECT_ALT_NAMES} are read`);
  }
  const names = new Map<string, SubjectAltName>();
  for (const given of found) {
    const text = formatSubjectAltName(given);
    try {
      const name = parseSubjectAltName(text, { allowWildcard: true });
      names.set(formatSubjectAltName(name), name);
    } catch (error) {
      if (!isCodedError(error)) throw error;
      warnings.push(dropped(`the name ${text}`, { name: text, reason: error.message }));
    }
  }
  return [...names.values()];
}
