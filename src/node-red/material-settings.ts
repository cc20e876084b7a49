import path from 'node:path';
import type { NodeAPI } from 'node-red';
import type {
  ConnectionSecurity,
  SecureMqttBrokerConfig,
  SecureMqttBrokerCredentials,
} from '../model/config/secure-mqtt-broker-config';
import { codedError, type Warning } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { PEM_FILE_LIMIT, readBounded } from '../store/bounded-file';
import { nodeFileSystem, type FileSystem } from '../store/file-system';

/** The settings that say whom to trust and who we are; secure-mqtt-broker-config has all, tls-probe some. */
export type MaterialSettings = Pick<SecureMqttBrokerConfig, 'trust' | 'identity'> &
  Partial<
    Pick<
      SecureMqttBrokerConfig,
      | 'security'
      | 'ca'
      | 'caFile'
      | 'caPem'
      | 'tlsConfig'
      | 'identityName'
      | 'clientId'
      | 'certFile'
      | 'keyFile'
      | 'p12File'
      | 'certPem'
      | 'verifyServer'
      | 'verifyHostname'
      | 'servername'
      | 'pin'
      | 'minVersion'
      | 'alpn'
    >
  > & {
    /** Revocation lists beside `caFile`. */
    crlFile?: string;
  };

export type MaterialCredentials = Pick<SecureMqttBrokerCredentials, 'passphrase' | 'keyPem'>;

export const SECURITY_LEVELS: readonly ConnectionSecurity[] = ['mutual', 'server', 'none'];

/** What reading needs besides the settings. */
export interface MaterialContext {
  RED: NodeAPI;
  fs?: FileSystem;
  /** Told of what does not stop the connection: a key store that is weakly protected. */
  warn?: (remark: Warning) => void;
}

/** Name of the certificate to show: what is set, else the fixed client id. */
export function identityNameOf({ identityName, clientId }: MaterialSettings): string | undefined {
  return identityName?.trim() || clientId?.trim() || undefined;
}

/**
 * Which certificate is shown is asked for only where the level wants one; tls-probe has no level.
 *
 * @throws INPUT_CONFIG for a level that is none: it must not count as one without certificate
 */
export function usesIdentity({ security }: MaterialSettings): boolean {
  return security === undefined || oneOf('security', security, SECURITY_LEVELS) === 'mutual';
}

/** @throws INPUT_CONFIG for a value that is none of the choices */
export function oneOf<T extends string>(field: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw codedError(
    'INPUT_CONFIG',
    `${field} is ${shownValue(value)}, expected one of ${choices.join(', ')}`,
    { field, value: shownValue(value), choices: [...choices] },
    'Open the broker settings and choose one of them',
  );
}

/**
 * @throws INPUT_CONFIG when the setting is empty; STORE_*
 */
export async function readFile(
  { RED, fs = nodeFileSystem }: MaterialContext,
  file: string | undefined,
  field: string,
  what: string,
): Promise<{ bytes: Buffer; label: string }> {
  const absolute = resolvePath(RED, needed(file, field, what.replace(/^the /, '')));
  const bytes = await readBounded(fs, absolute, { limit: PEM_FILE_LIMIT, what });
  return { bytes, label: `${what} ${absolute}` };
}

/** Relative to the user directory. */
export function resolvePath(RED: NodeAPI, file: string): string {
  return path.resolve(RED.settings.userDir ?? process.cwd(), file.trim());
}

export function needed(value: string | undefined, field: string, what: string): string {
  if (value === undefined || value.trim() === '') {
    throw absent(field, `the ${what} is not set`, 'Open the broker settings and set it');
  }
  return value;
}

export function absent(field: string, message: string, hint: string): Error {
  return codedError('INPUT_CONFIG', message, { field }, hint);
}

export function unsupported(field: string, value: unknown): Error {
  return codedError(
    'INPUT_CONFIG',
    `${field} ${JSON.stringify(value)} is not supported by this version`,
    { field, value },
    'Open the broker settings and choose another one',
  );
}
