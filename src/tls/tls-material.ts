import type { KeyObject } from 'node:crypto';
import type { TlsVersion } from '../model/config/secure-mqtt-broker-config';
import type { Pin } from './pin';
import type { ClientIdentity } from './client-identity';
import type { Trust } from './trust';

/** Everything a TLS connection is made of, read and checked; no paths, no PEM that was not parsed. */
export interface TlsMaterial {
  trust: Trust;
  /** PEM of revocation lists. */
  crlPem?: string[];
  crlScope: RevocationScope;
  identity?: ClientIdentity;
  verifyServer: boolean;
  verifyHostname: boolean;
  /** Name to send and verify when it is another than the host. */
  servername?: string;
  pins: Pin[];
  minVersion: TlsVersion;
  alpn: string[];
}

/**
 * `every-ca`: once lists are given, each CA of a chain needs a current one (as OpenSSL has it).
 * `listed-cas`: the lists that are given count, a CA without one is not asked; for the list of one CA that may have
 * CAs below it.
 */
export type RevocationScope = 'every-ca' | 'listed-cas';

export type { ClientIdentity, KeyObject, Trust };

/** What has to be said; everything else has a safe default. */
export type TlsMaterialParts = Partial<TlsMaterial> & Pick<TlsMaterial, 'trust'>;

/**
 * Fill in what is missing, on the safe side: a missing flag means verify.
 *
 * `verifyServer` and `verifyHostname` are off only for the value `false`, so that a setting that got lost on its
 * way (undefined, null, "") never opens a connection.
 */
export function completeMaterial(parts: TlsMaterialParts): TlsMaterial {
  return {
    trust: parts.trust,
    ...(parts.crlPem && parts.crlPem.length > 0 ? { crlPem: parts.crlPem } : {}),
    ...(parts.identity ? { identity: parts.identity } : {}),
    crlScope: parts.crlScope === 'listed-cas' ? 'listed-cas' : 'every-ca',
    verifyServer: parts.verifyServer !== false,
    verifyHostname: parts.verifyHostname !== false,
    ...(parts.servername ? { servername: parts.servername } : {}),
    pins: parts.pins ?? [],
    minVersion: parts.minVersion === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
    alpn: parts.alpn ?? [],
  };
}
