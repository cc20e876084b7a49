import { codedError } from './errors';
import { parseIpAddress } from './ip-address';
import { shownValue } from './shown-value';

/** The protocols a target may name; `tls` stops after the handshake and speaks nothing. */
export const TARGET_PROTOCOLS = ['mqtts', 'wss', 'https', 'tls', 'mqtt'] as const;

export type TargetProtocol = (typeof TARGET_PROTOCOLS)[number];

/** Where to connect. */
export interface Target {
  protocol: TargetProtocol;
  /** Host name or address, an IPv6 address without brackets. */
  host: string;
  port: number;
  /** Of `wss` and `https`, with the leading slash; otherwise empty. */
  path: string;
  /** Name to send as SNI and to verify, when it is another than the host. */
  servername?: string;
}

export interface TargetDefaults {
  /** For a text without `protocol://`; `mqtts` when not given. */
  protocol?: TargetProtocol;
  /** For a text without a port; else the default of the protocol. */
  port?: number;
  servername?: string;
}

const DEFAULT_PORTS: Readonly<Record<TargetProtocol, number>> = {
  mqtts: 8883,
  wss: 443,
  https: 443,
  tls: 443,
  mqtt: 1883,
};

/** What is reached by a request of HTTP. */
const HAS_PATH: readonly TargetProtocol[] = ['wss', 'https'];

/** Other spellings that MQTT tools use. */
const ALIASES: Readonly<Record<string, TargetProtocol>> = { ssl: 'mqtts', tcp: 'mqtt', 'mqtt+ssl': 'mqtts' };

/** RFC 1035 §2.3.4: a name has at most 253 characters; with protocol, port and path there is no reason for more. */
const LONGEST_TARGET = 2048;

const HINT = 'Write host:port, [IPv6 address]:port, or mqtts://host, wss://host/path, https://host';

/**
 * Read a target as a person types it.
 *
 * @param text `host`, `host:port`, `[2001:db8::1]:8883`, a bare IPv6 address, or `<protocol>://…`
 * @param defaults for what the text does not say
 * @throws INPUT_TARGET malformed, unknown protocol, user name in the address · INPUT_PORT port out of range
 */
export function parseTarget(text: unknown, defaults: TargetDefaults = {}): Target {
  if (typeof text !== 'string' || text.trim() === '') throw malformed(text, 'the target is empty');
  const trimmed = text.trim();
  if (trimmed.length > LONGEST_TARGET) {
    throw malformed(trimmed, `the target has ${trimmed.length} characters, at most ${LONGEST_TARGET} are read`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(trimmed);
  const protocol = scheme ? readProtocol(trimmed, scheme[1] as string) : (defaults.protocol ?? 'mqtts');
  const rest = scheme ? (scheme[2] as string) : trimmed;
  const slash = rest.search(/[/?#]/);
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const { host, port } = readAuthority(trimmed, authority);
  return {
    protocol,
    host,
    port: checkPort(port ?? (scheme ? undefined : defaults.port) ?? DEFAULT_PORTS[protocol]),
    path: HAS_PATH.includes(protocol) ? checkPath(slash < 0 ? '' : rest.slice(slash)) : '',
    ...(defaults.servername ? { servername: defaults.servername } : {}),
  };
}

/** The target as it is written in messages and reports: `mqtts://broker.local:8883`. */
export function formatTarget(target: Target): string {
  const host = isIpv6(target.host) ? `[${target.host}]` : target.host;
  return `${target.protocol}://${host}:${target.port}${target.path}`;
}

/** Equal for targets that a secret may be sent to alike: the same place, reached the same way and verified by the same name. */
export function endpointKey(target: Target): string {
  const { protocol, host, port, path } = target;
  return JSON.stringify([protocol, host.toLowerCase(), port, path, verifiedName(target).toLowerCase()]);
}

/**
 * @param port number, or text of digits
 * @throws INPUT_PORT not an integer from 1 to 65535 (Node throws ERR_SOCKET_BAD_PORT only inside `connect`)
 */
export function checkPort(port: unknown): number {
  const number = typeof port === 'string' && /^\d{1,6}$/.test(port.trim()) ? Number(port) : port;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 65535) return number;
  const shown = typeof port === 'string' ? port.slice(0, 40) : shownValue(port);
  throw codedError(
    'INPUT_PORT',
    `the port is "${shown}", expected a number from 1 to 65535`,
    { port: shown },
    'MQTT over TLS usually listens on 8883, secure WebSockets on 443 or 9001',
  );
}

/**
 * @param path of a web address, with or without the leading slash; what follows a `#` is not sent
 * @returns with the leading slash
 * @throws INPUT_TARGET
 */
export function checkPath(path: string): string {
  // A line break or a space in a request line would let a target write its own HTTP headers.
  // eslint-disable-next-line no-control-regex -- control characters are exactly what must not pass
  if (/[\u0000-\u0020\u007f-\uffff]/.test(path)) {
    throw malformed(path, 'the path holds a space, a control character or a letter beyond ASCII');
  }
  const withoutFragment = path.split('#')[0] as string;
  return withoutFragment.startsWith('/') ? withoutFragment : `/${withoutFragment}`;
}

/** The name that is sent as SNI and verified: the given one, else the host. */
export function verifiedName(target: Pick<Target, 'host' | 'servername'>): string {
  return target.servername || target.host;
}

function readProtocol(text: string, scheme: string): TargetProtocol {
  const name = scheme.toLowerCase();
  const known = ALIASES[name] ?? name;
  if ((TARGET_PROTOCOLS as readonly string[]).includes(known)) return known as TargetProtocol;
  throw malformed(text, `the protocol "${name.slice(0, 20)}" is not one of ${TARGET_PROTOCOLS.join(', ')}`);
}

function readAuthority(text: string, authority: string): { host: string; port?: string } {
  if (authority.includes('@')) throw malformed('', 'the target holds a user name, which belongs into the credentials');
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(authority);
  if (bracketed) {
    const host = bracketed[1] as string;
    if (!isIpv6(host)) throw malformed(text, `"${host}" in brackets is not an IPv6 address`);
    return { host, port: bracketed[2] };
  }
  if (isIpv6(authority)) return { host: authority };
  const [host = '', port, ...more] = authority.split(':');
  if (more.length > 0) throw malformed(text, `"${authority}" has more than one colon and is not an IPv6 address`);
  if (!isHost(host)) throw malformed(text, `"${host}" is neither a host name nor an IP address`);
  return { host, port };
}

/** With a zone, too: `fe80::1%eth0` (RFC 4007 §11). */
function isIpv6(text: string): boolean {
  return parseIpAddress(text.replace(/%[\w.-]+$/, ''))?.family === 6;
}

/** Permissive where resolvers are (underscore, trailing dot), strict where an address could hide something else. */
function isHost(host: string): boolean {
  // \p{C} and \p{Z}: control characters, marks without a width, halves of characters, blanks of every script.
  return host.length > 0 && host.length <= 255 && !/[\p{C}\p{Z}"'`<>\\^{}|%[\]@?#,;()$&*+=!]/u.test(host);
}

function malformed(text: unknown, message: string): Error {
  const shown = typeof text === 'string' ? text.slice(0, 200) : typeof text;
  return codedError('INPUT_TARGET', message, { target: shown }, HINT);
}
