import { toDnsName } from '../model/dns-name';
import { parseIpAddress } from '../model/ip-address';
import type { Certificate } from './certificate';

export interface NameMatchingOptions {
  /**
   * As strict verifiers do, and not as Node: never by the common name (RFC 9525 §2), a wildcard only as the whole first
   * label (§6.3), no name with a dot at its end.
   */
  strict?: boolean;
}

/**
 * Is this certificate for this host? As Node's `tls.checkServerIdentity` judges, with two differences: an address is
 * compared as octets, because Node 22.23 refuses every IPv6 address; and names outside ASCII are mapped first.
 *
 * An address matches an iPAddress only, never a dNSName that reads like it (RFC 9525 §6.3).
 *
 * @param host name or address as the user wrote it, without brackets or port
 */
export function nameMatches(
  certificate: Pick<Certificate, 'subjectAltNames' | 'subject'>,
  host: string,
  options: NameMatchingOptions = {},
): boolean {
  const { strict = false } = options;
  const address = parseIpAddress(host);
  if (address) {
    return certificate.subjectAltNames.some(({ type, value }) => type === 'ip' && value === address.text);
  }
  const hostParts = labels(toDnsName(host.replace(/\.$/, '')) ?? host);
  if (host === '') return false;
  const names = certificate.subjectAltNames.filter(({ type }) => type === 'dns').map(({ value }) => value);
  if (names.length === 0 && !strict && certificate.subject.commonName) names.push(certificate.subject.commonName);
  return names.some((pattern) => !(strict && isLax(pattern)) && matchesPattern(hostParts, pattern));
}

function labels(name: string): string[] {
  return name.replace(/\.$/, '').toLowerCase().split('.');
}

function isLax(pattern: string): boolean {
  const [first = ''] = pattern.split('.');
  return pattern.endsWith('.') || (first.includes('*') && first !== '*');
}

/** One `*` in the leftmost label stands for any characters of it; never directly below a top-level name. */
function matchesPattern(hostParts: string[], pattern: string): boolean {
  const parts = labels(pattern);
  if (parts.length !== hostParts.length || parts.includes('') || /[^\x21-\x7e]/.test(pattern)) return false;
  if (parts.slice(1).some((part, index) => part !== hostParts[index + 1])) return false;
  const [first = ''] = parts;
  const [hostFirst = ''] = hostParts;
  const [prefix = '', suffix, more] = first.split('*');
  // An A-label is compared as it stands: a * in it would cut through an encoded character (RFC 6125 §7.2).
  if (suffix === undefined || first.includes('xn--')) return first === hostFirst;
  if (more !== undefined || parts.length <= 2) return false;
  return (
    prefix.length + suffix.length <= hostFirst.length && hostFirst.startsWith(prefix) && hostFirst.endsWith(suffix)
  );
}
