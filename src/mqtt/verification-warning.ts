import { warning, type ErrorCode, type Warning } from '../model/errors';
import type { Verification } from './connection-state';

const REMARKS: Readonly<Record<Exclude<Verification, 'verified'>, readonly [ErrorCode, string, string]>> = {
  plain: [
    'MQTT_PLAIN',
    'the connection is not encrypted: everybody on the way can read and change it',
    'Choose another security level than "none"',
  ],
  'not-verified': [
    'MQTT_NOT_VERIFIED',
    'the server is not verified: anybody on the way can pretend to be the broker',
    'Switch "verify server" on and name the CA',
  ],
  'name-not-verified': [
    'MQTT_NOT_VERIFIED',
    'the host name is not verified: any server of the trusted CA is accepted',
    'Switch "verify host name" on; when the broker is reached by another name, set it as server name',
  ],
};

/** What has to be said of a connection that trusts more than it should; undefined when it does not. */
export function verificationWarning(verification: Verification, target: string): Warning | undefined {
  if (verification === 'verified') return undefined;
  const [code, message, hint] = REMARKS[verification];
  return warning(code, `${target}: ${message}`, { target, verification }, hint);
}
