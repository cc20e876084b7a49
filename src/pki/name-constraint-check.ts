import { readDer } from '../encoding/der-reader';
import { parseIpAddress } from '../model/ip-address';
import { maskByte, type ConstrainedName, type NameConstraints } from '../model/name-constraints';
import { formatSubjectAltName, type SubjectAltName } from '../model/subject-alt-name';
import type { Certificate } from './certificate';
import { readName } from './distinguished-name-der';
import { kindOfName } from './general-name';
import { OID } from './object-identifiers';

/** The name itself or anything below it (RFC 5280 §4.2.1.10). */
function isWithinDomain(name: string, domain: string): boolean {
  const base = domain.replace(/^\./, '').toLowerCase();
  const below = name.toLowerCase().endsWith(`.${base}`);
  return base === '' || below || (!domain.startsWith('.') && name.toLowerCase() === base);
}

/** A host for URIs and e-mail: without a leading dot exactly this host, with one only hosts below. */
function isHost(host: string, constraint: string): boolean {
  if (constraint.startsWith('.')) return host.toLowerCase().endsWith(constraint.toLowerCase());
  return host.toLowerCase() === constraint.toLowerCase();
}

function isWithinRange(address: string, range: string): boolean {
  const [base = '', prefix = ''] = range.split('/');
  const bytes = parseIpAddress(address)?.bytes;
  const baseBytes = parseIpAddress(base)?.bytes;
  if (!bytes || !baseBytes || bytes.length !== baseBytes.length) return false;
  return bytes.every((byte, index) => ((byte ^ (baseBytes[index] ?? 0)) & maskByte(Number(prefix), index)) === 0);
}

function uriHost(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).hostname : '';
}

const MATCHERS: Record<SubjectAltName['type'], (name: string, constraint: string) => boolean> = {
  dns: isWithinDomain,
  ip: isWithinRange,
  uri: (uri, constraint) => isHost(uriHost(uri), constraint),
  email: (mailbox, constraint) =>
    constraint.includes('@') ? mailbox === constraint : isHost(mailbox.slice(mailbox.lastIndexOf('@') + 1), constraint),
};

function matches(name: SubjectAltName, constraint: ConstrainedName): boolean {
  return constraint.type === name.type && MATCHERS[name.type](name.value, constraint.value);
}

/**
 * The first name the constraints of a CA do not allow.
 *
 * A kind of name without a permitted entry of its kind is free; an excluded entry always wins (RFC 5280 §4.2.1.10).
 *
 * @returns `dns:…` or undefined
 */
export function constraintViolation(
  constraints: NameConstraints | undefined,
  names: readonly SubjectAltName[],
): string | undefined {
  if (!constraints) return undefined;
  const offender = names.find((name) => {
    const permitted = constraints.permitted.filter(({ type }) => type === name.type);
    const allowed = permitted.length === 0 || permitted.some((constraint) => matches(name, constraint));
    return !allowed || constraints.excluded.some((constraint) => matches(name, constraint));
  });
  return offender && formatSubjectAltName(offender);
}

/**
 * What the constraints of a CA do not allow in a certificate below it: a name, its subject, or a kind of name that
 * nobody can compare (RFC 5280 §4.2.1.10 and §6.1.3; what OpenSSL does not support it refuses).
 *
 * @param isLeaf a host in its common name counts when it has no DNS name, as with OpenSSL
 * @returns words for a message, or undefined
 */
export function violationBy(
  constraints: NameConstraints,
  certificate: Certificate,
  isLeaf: boolean,
): string | undefined {
  if (!isLeaf && certificate.isSelfIssued) return undefined;
  const host = isLeaf ? hostInCommonName(certificate) : undefined;
  const names: SubjectAltName[] = [
    ...certificate.subjectAltNames,
    ...(host === undefined ? [] : [{ type: 'dns', value: host } as const]),
  ];
  const name = constraintViolation(constraints, names);
  if (name) return `the name ${name}`;
  return subjectViolation(constraints, certificate) ?? incomparable(constraints, certificate);
}

function hostInCommonName({ subject, subjectAltNames }: Certificate): string | undefined {
  const { commonName = '' } = subject;
  if (subjectAltNames.some(({ type }) => type === 'dns')) return undefined;
  return /^[\w-]+(\.[\w-]+)+$/.test(commonName) ? commonName : undefined;
}

/** Directory names are compared part by part from the top. */
function subjectViolation(constraints: NameConstraints, certificate: Certificate): string | undefined {
  const parts = (list: readonly ConstrainedName[]) =>
    list.filter(({ type }) => type === 'directory').map(({ value }) => directoryParts(Buffer.from(value, 'hex')));
  const permitted = parts(constraints.permitted);
  const excluded = parts(constraints.excluded);
  if (permitted.length + excluded.length === 0) return undefined;
  const subject = JSON.parse(certificate.subjectCanonical) as unknown[];
  const subjects = [...(subject.length > 0 ? [subject] : []), ...directoryAltNames(certificate)];
  const isWithin = (name: unknown[]) => (base: unknown[]) =>
    base.every((part, index) => JSON.stringify(part) === JSON.stringify(name[index]));
  const offends = subjects.some(
    (name) => excluded.some(isWithin(name)) || (permitted.length > 0 && !permitted.some(isWithin(name))),
  );
  return offends ? `the subject ${certificate.subjectText || 'of this certificate'}` : undefined;
}

function directoryParts(element: Buffer): unknown[] {
  return JSON.parse(readName(readDer(element).explicit(4, 'directoryName'), 'directoryName').canonical) as unknown[];
}

function directoryAltNames(certificate: Certificate): unknown[][] {
  if (!certificate.otherNames.includes('directoryName')) return [];
  const extension = certificate.extensions.find(({ oid }) => oid === OID.subjectAltName);
  const names = extension ? readDer(extension.value).list('subjectAltName') : [];
  return names.filter((name) => name.isContext(4)).map((name) => directoryParts(name.raw));
}

/** Constraints on kinds of names that we do not compare, and on addresses with holes in their mask. */
function incomparable({ permitted, excluded }: NameConstraints, certificate: Certificate): string | undefined {
  const kinds = [...permitted, ...excluded]
    .filter(({ type }) => type === 'other')
    .map(({ value }) => kindOfName(Buffer.from(value, 'hex')));
  const held = [...certificate.otherNames, ...certificate.subjectAltNames.map(({ type }) => type)];
  const found = kinds.find((kind) => held.includes(kind));
  return found && `a name of the kind ${found}, which nobody can compare with its constraint`;
}
