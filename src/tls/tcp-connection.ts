import { lookup as systemLookup } from 'node:dns';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';

export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

/** How names become addresses; a parameter for tests. */
export type Resolve = (host: string, family: 0 | 4 | 6) => Promise<ResolvedAddress[]>;

/** The resolver of the machine (hosts file, mDNS, DNS), as every other program uses it. */
export const systemResolve: Resolve = (host, family) =>
  new Promise((resolve, reject) => {
    systemLookup(host, { all: true, family }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses as ResolvedAddress[]);
    });
  });

/**
 * How long one address may take while others wait: Node's 250 ms give up on a slow radio link although it works.
 */
const ATTEMPT_TIMEOUT_MS = 2000;

/**
 * @returns the addresses of a host; an address is its own
 * @throws as {@link Resolve}
 */
export async function resolveHost(host: string, family: 0 | 4 | 6, resolve: Resolve): Promise<ResolvedAddress[]> {
  const own = isIP(host);
  if (own === 4 || own === 6) return [{ address: host, family: own }];
  const addresses = await resolve(host, family);
  const wanted = family === 0 ? addresses : addresses.filter((entry) => entry.family === family);
  if (wanted.length > 0) return wanted;
  throw Object.assign(new Error(`no IPv${family} address`), { code: 'ENODATA' });
}

/** Options of `connect` for a name with several addresses; with one family demanded there is nothing to select. */
export function addressSelection(family: 0 | 4 | 6) {
  return family === 0
    ? { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS }
    : { family, autoSelectFamily: false };
}

/** Start connecting to the first of some addresses that answers; the caller listens for `connect` and `error`. */
export function openTcp(host: string, port: number, addresses: readonly ResolvedAddress[]): Socket {
  const lookup: LookupFunction = (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
  const socket = connect({
    host,
    port,
    lookup,
    ...addressSelection(addresses.length > 1 ? 0 : (addresses[0]?.family ?? 0)),
  });
  socket.setNoDelay(true);
  return socket;
}
