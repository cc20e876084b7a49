import { parseIpAddress } from '../model/ip-address';
import { maskByte, type ConstrainedName, type NameConstraints } from '../model/name-constraints';
import { formatSubjectAltName, type SubjectAltName } from '../model/subject-alt-name';

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
