import { codedError } from './errors';
import { toDnsName } from './dns-name';
import { parseIpAddress } from './ip-address';
import { shownValue } from './shown-value';

/** A subtree of names (RFC 5280 §4.2.1.10). */
export interface ConstrainedName {
  /** `directory` and `other` only come from foreign certificates. */
  type: 'dns' | 'ip' | 'uri' | 'email' | 'directory' | 'other';
  /** Domain (it and everything below), `address/prefix length`, mailbox or domain; hex DER for the last two types. */
  value: string;
}

export interface NameConstraints {
  permitted: ConstrainedName[];
  excluded: ConstrainedName[];
}

/**
 * Read constraints as a person writes them: `permitted:dns:home.arpa, excluded:ip:10.0.0.0/8`, separated by commas or
 * lines.
 *
 * @returns undefined when the text holds none
 * @throws INPUT_NAME_CONSTRAINTS
 */
export function parseNameConstraints(text: string): NameConstraints | undefined {
  if (typeof text !== 'string' || text.length > 100_000) throw refuse(text);
  const constraints: NameConstraints = { permitted: [], excluded: [] };
  const entries = text.split(/[,\n\r]/).map((entry) => entry.trim());
  for (const entry of entries.filter((part) => part !== '')) {
    const match = /^(permitted|excluded):(dns|ip|email|uri):\s*(\S+)$/.exec(entry);
    const type = match?.[2] as 'dns' | 'ip' | 'email' | 'uri';
    const value = match?.[3] && (type === 'ip' ? readRange(match[3]) : readDomain(match[3], type));
    if (!match || !value) throw refuse(entry);
    constraints[match[1] as keyof NameConstraints].push({ type, value });
  }
  return constraints.permitted.length + constraints.excluded.length === 0 ? undefined : constraints;
}

/** `192.168.0.0/16` with every bit behind the prefix zero; an address without prefix is one host. */
function readRange(text: string): string | undefined {
  const [addressText = '', prefixText, ...rest] = text.split('/');
  const address = parseIpAddress(addressText);
  if (!address || rest.length > 0) return undefined;
  const bits = address.bytes.length * 8;
  if (prefixText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefix > bits) return undefined;
  const beyond = address.bytes.some((byte, index) => (byte & ~maskByte(prefix, index) & 0xff) !== 0);
  return beyond ? undefined : `${address.text}/${prefix}`;
}

/** Octet `index` of the mask with `prefix` leading ones. */
export function maskByte(prefix: number, index: number): number {
  const ones = Math.min(8, Math.max(0, prefix - index * 8));
  return (0xff << (8 - ones)) & 0xff;
}

/** A domain; for e-mail also one mailbox; for URI a leading dot means "hosts below" (RFC 5280 §4.2.1.10). */
function readDomain(text: string, type: 'dns' | 'email' | 'uri'): string | undefined {
  if (type === 'email' && text.includes('@')) {
    const at = text.lastIndexOf('@');
    const domain = toDnsName(text.slice(at + 1));
    return domain && /^[A-Za-z0-9._+-]+$/.test(text.slice(0, at)) ? `${text.slice(0, at)}@${domain}` : undefined;
  }
  if (type !== 'dns' && text.startsWith('.')) {
    const domain = toDnsName(text.slice(1));
    return domain && `.${domain}`;
  }
  return toDnsName(text);
}

function refuse(entry: unknown) {
  return codedError(
    'INPUT_NAME_CONSTRAINTS',
    `${shownValue(entry)} is not a name constraint`,
    { value: shownValue(entry) },
    'Write for example permitted:dns:home.arpa, permitted:ip:192.168.0.0/16, excluded:dns:guest.home.arpa',
  );
}
