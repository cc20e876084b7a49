import type { NodeAPI } from 'node-red';
import type { IdentitySource, TlsVersion } from '../model/config/secure-mqtt-broker-config';
import { parsePins } from '../tls/pin';
import type { TlsMaterialParts } from '../tls/tls-material';
import { coreTlsFiles } from './core-tls-config';
import { readIdentity } from './identity-source';
import {
  oneOf,
  resolvePath,
  usesIdentity,
  type MaterialContext,
  type MaterialCredentials,
  type MaterialSettings,
} from './material-settings';
import { readTrust } from './trust-source';

export { readIdentity } from './identity-source';
export type { MaterialContext, MaterialCredentials, MaterialSettings } from './material-settings';
export { readTrust } from './trust-source';

/**
 * Read everything a TLS connection is made of, as it is at this moment. Fails closed: what cannot be read is an
 * error, never a connection with less.
 *
 * @throws INPUT_CONFIG, INPUT_CLIENT_ID, INPUT_PIN; STORE_*, PEM_*, P12_*, CERT_*, KEY_* for files and texts; CERT_NOT_FOUND
 *   for a name the CA does not know; CA_* when the CA is not available
 */
export async function readTlsMaterial(
  context: MaterialContext,
  settings: MaterialSettings,
  credentials: MaterialCredentials = {},
): Promise<TlsMaterialParts> {
  const identity = await readIdentity(context, settings, credentials);
  return {
    ...(await readTrust(context, settings)),
    ...(identity ? { identity } : {}),
    verifyServer: settings.verifyServer,
    verifyHostname: settings.verifyHostname,
    servername: settings.servername?.trim() || undefined,
    pins: parsePins(settings.pin),
    minVersion: minVersionOf(settings.minVersion),
    alpn: (settings.alpn ?? '').split(/[\s,]+/).filter((protocol) => protocol !== ''),
  };
}

const TLS_VERSIONS: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3'];

/** What is none of them must not count as the lower one; tls-probe has no such setting. */
function minVersionOf(value: unknown): TlsVersion | undefined {
  return value === undefined ? undefined : oneOf('minVersion', value, TLS_VERSIONS);
}

/** Absolute paths of the files that {@link readTlsMaterial} reads. */
export function materialFiles(RED: NodeAPI, settings: MaterialSettings): string[] {
  const { trust, identity, caFile, certFile, keyFile, p12File } = settings;
  const identityFiles: Partial<Record<IdentitySource, (string | undefined)[]>> = {
    file: [certFile, keyFile],
    pkcs12: [p12File],
  };
  const withIdentity = usesIdentity(settings) ? (identityFiles[identity] ?? []) : [];
  const own = [...(trust === 'file' ? [caFile] : []), ...withIdentity]
    .filter((file) => file !== undefined && file.trim() !== '')
    .map((file) => resolvePath(RED, file as string));
  const usesCore = trust === 'tls-config' || (usesIdentity(settings) && identity === 'tls-config');
  return usesCore ? [...own, ...Object.values(coreTlsFiles(RED, settings.tlsConfig ?? ''))] : own;
}
