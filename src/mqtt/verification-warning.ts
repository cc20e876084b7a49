import { warning, type ErrorCode, type Warning } from '../model/errors';
import type { Verification } from './connection-state';

const REMARKS: Readonly<Record<Exclude<Verification, 'verified'>, readonly [ErrorCode, string, string]>> = {
  plain: [
    'MQTT_PLAIN',
    'the connection is not encrypted: everybody on the way can read and change it',
    'Choose TLS under "Security" in the broker settings',
  ],
  'not-verified': [
    'MQTT_NOT_VERIFIED',
    'the server is not verified: anybody on the way can pretend to be the broker',
    'Tick "Verify server certificate" and name the CA',
  ],
  'name-not-verified': [
    'MQTT_NOT_VERIFIED',
    'the host name is not verified: any server of the trusted CA is accepted',
    'Tick "Verify host name"; when the broker is reached by another name, write that as "Server name"',
  ],
};

/** What has to be said of a connection that trusts more than it should; undefined when it does not. */
export function verificationWarning(verification: Verification, target: string): Warning | undefined {
  if (verification === 'verified') return undefined;
  const [code, message, hint] = REMARKS[verification];
  return warning(code, `${target}: ${message}`, { target, verification }, hint);
}
