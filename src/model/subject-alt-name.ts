import { codedError, isCodedError, type ErrorFacts } from './errors';
import { dnsNameProblem, toDnsName } from './dns-name';
import { isMapped, parseIpAddress } from './ip-address';
import { shownValue } from './shown-value';

export { toDnsName } from './dns-name';

export const SUBJECT_ALT_NAME_TYPES = ['dns', 'ip', 'uri', 'email'] as const;
export type SubjectAltNameType = (typeof SUBJECT_ALT_NAME_TYPES)[number];

export interface SubjectAltName {
  type: SubjectAltNameType;
  /** Canonical: A-labels in lower case, compressed IPv6. */
  value: string;
}

export interface SubjectAltNameOptions {
  /** Let `*` stand for the whole leftmost label of a DNS name; refused otherwise. */
  allowWildcard?: boolean;
}

/** More names than this make a certificate no TLS stack wants to read. */
export const MAX_SUBJECT_ALT_NAMES = 1000;
const FORMS = 'write dns:host.example, ip:192.168.0.10, uri:urn:… or email:someone@host.example';

function refuse(text: unknown, problem: string, hint: string, facts: ErrorFacts = {}) {
  return codedError(
    'INPUT_SUBJECT_ALT_NAME',
    `subjectAltName ${shownValue(text)}: ${problem}`,
    { field: 'subjectAltNames', value: shownValue(text), ...facts },
    hint,
  );
}

type Reader = (value: string, text: string, options: SubjectAltNameOptions) => string;

const READERS: Record<SubjectAltNameType, Reader> = { dns: readDns, ip: readIp, uri: readUri, email: readEmail };

/**
 * Read one name in the form `dns:…`, `ip:…`, `uri:…` or `email:…` (the part before the colon in any case).
 *
 * @throws INPUT_SUBJECT_ALT_NAME
 */
export function parseSubjectAltName(text: string, options: SubjectAltNameOptions = {}): SubjectAltName {
  if (typeof text !== 'string') throw refuse(text, 'is not a text', `In every name, ${FORMS}`);
  if (text.length > 4096) throw refuse(text, `has ${text.length} characters`, 'Shorten it');
  const trimmed = text.trim();
  const colon = trimmed.indexOf(':');
  const type = trimmed.slice(0, Math.max(colon, 0)).toLowerCase() as SubjectAltNameType;
  if (!SUBJECT_ALT_NAME_TYPES.includes(type)) {
    const bare = parseIpAddress(trimmed) ? `ip:${trimmed}` : toDnsName(trimmed) ? `dns:${trimmed}` : undefined;
    throw refuse(text, 'does not say what kind of name it is', bare ? `Write ${bare}` : `In every name, ${FORMS}`);
  }
  return { type, value: READERS[type](trimmed.slice(colon + 1).trim(), text, options) };
}

function readDns(value: string, text: string, options: SubjectAltNameOptions): string {
  if (parseIpAddress(value)) {
    throw refuse(text, 'an IP address is not a DNS name', `Write ip:${value}`);
  }
  if (!value.includes('*')) {
    const name = toDnsName(value);
    if (name !== undefined) return name;
    const { problem, hint } = dnsNameProblem(value);
    throw refuse(text, problem, hint);
  }
  const rest = value.startsWith('*.') ? toDnsName(value.slice(2)) : undefined;
  if (rest === undefined || rest.length > 251) {
    throw refuse(text, 'a * must be the whole first label, with a name behind it', 'Write dns:*.host.example');
  }
  if (!options.allowWildcard) {
    throw refuse(text, 'a wildcard name is not allowed here', 'List the host names one by one, or allow wildcards');
  }
  return `*.${rest}`;
}

function readIp(value: string, text: string): string {
  // [::1] is how addresses stand in URLs; people copy it.
  const address = parseIpAddress(value.replace(/^\[(.*)\]$/, '$1'));
  if (!address) {
    const hint = toDnsName(value)
      ? `This looks like a host name: write dns:${value}`
      : 'Write four numbers from 0 to 255 without leading zeros, or an IPv6 address without zone or prefix length';
    throw refuse(text, 'is not an IP address', hint);
  }
  if (isMapped(address.bytes)) {
    // 16 octets never match a connection to the IPv4 address (FACTS: IPv4 in 16 bytes).
    throw refuse(text, 'is an IPv4 address written as IPv6', `Write ip:${address.text.slice('::ffff:'.length)}`);
  }
  return address.text;
}

/** An absolute URI in the characters of RFC 3986, kept as written: a name, not a place to normalise. */
function readUri(value: string, text: string): string {
  const legal = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;
  if (!legal.test(value) || value.length > 2048 || !URL.canParse(value)) {
    throw refuse(
      text,
      'is not an absolute URI',
      'Write it with its scheme and in ASCII, such as uri:urn:dev:ow:10e2073a0108006',
    );
  }
  return value;
}

function readEmail(value: string, text: string): string {
  const at = value.lastIndexOf('@');
  const local = value.slice(0, Math.max(at, 0));
  const domain = toDnsName(value.slice(at + 1));
  // rfc822Name is ASCII and has no quoted form in practice (RFC 5321 §4.1.2, Dot-string).
  if (
    !/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(local) ||
    local.length > 64 ||
    !domain
  ) {
    throw refuse(text, 'is not an e-mail address', 'Write email:someone@host.example, the part before the @ in ASCII');
  }
  return `${local}@${domain}`;
}

/**
 * Read a list of names: an array, or the JSON text of one. Nothing (undefined, null, empty text) is an empty list.
 *
 * @returns in the given order, duplicates removed
 * @throws INPUT_SUBJECT_ALT_NAME with `cause.index` of the bad one
 */
export function parseSubjectAltNames(value: unknown, options: SubjectAltNameOptions = {}): SubjectAltName[] {
  const list = readList(value);
  if (list.length > MAX_SUBJECT_ALT_NAMES) {
    throw refuse(`${list.length} names`, `at most ${MAX_SUBJECT_ALT_NAMES} are allowed`, 'Use several certificates');
  }
  const names = new Map<string, SubjectAltName>();
  list.forEach((item, index) => {
    try {
      const name = parseSubjectAltName(item as string, options);
      names.set(formatSubjectAltName(name), name);
    } catch (error) {
      if (!isCodedError(error)) throw error;
      throw codedError(error.code, error.message, { ...error.cause, index }, error.hint);
    }
  });
  return [...names.values()];
}

function readList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  let list = value;
  if (typeof value === 'string') {
    if (value.trim() === '') return [];
    if (value.length > 1_000_000) throw refuse(value, `has ${value.length} characters`, 'Shorten the list');
    try {
      list = JSON.parse(value);
    } catch {
      throw refuse(value, 'is not the JSON text of an array', 'Write for example ["dns:mosquitto", "ip:192.168.0.10"]');
    }
  }
  if (!Array.isArray(list)) throw refuse(value, 'is not a list of names', 'Write for example ["dns:mosquitto"]');
  return list;
}

/** Back to the form {@link parseSubjectAltName} reads. */
export function formatSubjectAltName(name: SubjectAltName): string {
  return `${name.type}:${name.value}`;
}
