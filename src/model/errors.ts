/**
 * The one class family of errors and the closed list of their codes.
 *
 * A code is stable and is what flows, catalogues and tests rely on. Facts go into `cause` as a plain
 * object, because a Node-RED Catch node passes on only `code`, `stack` and `cause` (measured on 4.1 and
 * 5.0). The message says what is wrong with both values, without capital or period; how to mend it
 * stands apart in `hint`.
 */

import { factsWithoutKeys, shownLine } from './shown-value';

/** Every code with its meaning in a few words. What a probe finds is report data with the same codes. */
export const ERROR_CODES = {
  INPUT_PAYLOAD: 'the message payload cannot be used',
  INPUT_TOO_MANY: 'more items than one message may carry',
  INPUT_AMBIGUOUS: 'a name stands for several certificates',
  INPUT_SELECTOR: 'a certificate selector cannot be read',
  INPUT_OVERRIDE: 'the message sets what this node does not let a message set',
  INPUT_COMMON_NAME: 'the common name is missing or malformed',
  INPUT_SUBJECT: 'a subject field is malformed',
  INPUT_SUBJECT_ALT_NAME: 'a subjectAltName is missing or malformed',
  INPUT_KEY_TYPE: 'the key type is unknown',
  INPUT_PROFILE: 'the profile is unknown',
  INPUT_VALIDITY: 'a period of validity is malformed',
  INPUT_REASON: 'the revocation reason is unknown',
  INPUT_QUERY: 'the inventory query is malformed',
  INPUT_LAYOUT: 'the export layout is unknown or lacks a setting',
  INPUT_FOLDER: 'a folder or file name is not allowed',
  INPUT_PASSPHRASE: 'the passphrase cannot be used',
  INPUT_CONFIG: 'a setting of the node is missing or malformed',
  INPUT_CONFIG_VERSION: 'the settings were written by a newer version',
  INPUT_CLIENT_ID: 'a client id is needed',
  INPUT_PORT: 'the port is not a number from 1 to 65535',
  INPUT_TARGET: 'the target to connect to is malformed',
  INPUT_TOPIC: 'the topic is malformed',
  INPUT_PIN: 'a pin is malformed',
  INPUT_SECRET: 'a stored secret is not used for other settings than the deployed ones',
  INPUT_NAME_CONSTRAINTS: 'the name constraints are malformed',
  INPUT_UNFORESEEN: 'something happened that the package did not foresee',

  PEM_NO_BLOCK: 'no PEM block found',
  PEM_MALFORMED: 'a PEM block is malformed',
  PEM_WRONG_LABEL: 'a PEM block of another kind than asked for',
  PEM_TOO_MANY: 'more PEM blocks than expected',
  DER_MALFORMED: 'the bytes are not valid DER',
  DER_TOO_LARGE: 'the DER structure is larger than allowed',
  DER_TOO_DEEP: 'the DER structure is nested deeper than allowed',
  P12_MALFORMED: 'the PKCS#12 file is malformed',
  P12_PASSPHRASE_WRONG: 'the PKCS#12 file needs a passphrase and none was given, or not this one',
  P12_UNSUPPORTED: 'the PKCS#12 file uses an algorithm that is not supported',
  P12_WEAK: 'the PKCS#12 file is weakly protected',

  KEY_ABSENT: 'a certificate without its private key',
  KEY_MALFORMED: 'the private key cannot be read',
  KEY_UNSUPPORTED: 'the kind of private key is not supported',
  KEY_ENCRYPTED: 'the private key is encrypted and no passphrase was given',
  KEY_SHARED: 'one key is certified under several names',
  KEY_NOT_ENCRYPTED: 'a private key is stored or written in clear',
  KEY_PASSPHRASE_WRONG: 'the passphrase does not open the private key',
  KEY_MISMATCH: 'the private key does not belong to the certificate',
  CSR_MALFORMED: 'the certificate request is malformed',
  CSR_SIGNATURE: 'the certificate request is not signed by its own key',
  CSR_EXTENSION_DROPPED: 'something the certificate request asked for was not granted',

  CERT_ABSENT: 'a private key without its certificate',
  CERT_MALFORMED: 'the certificate is malformed',
  CERT_NOT_FOUND: 'no such certificate in the inventory',
  CERT_EXPIRED: 'the certificate has expired',
  CERT_EXPIRES_SOON: 'the certificate expires soon',
  CERT_NOT_YET_VALID: 'the certificate is not yet valid',
  CERT_SELF_SIGNED: 'the certificate is self-signed',
  CERT_ISSUER_UNKNOWN: 'the issuer is not among the trusted CAs',
  CERT_ISSUER_REPLACED: 'the trusted CA has the same name but another key',
  CERT_CHAIN_INCOMPLETE: 'an intermediate certificate is missing',
  CERT_ANCHOR_INCOMPLETE: 'only the intermediate is trusted, not its root',
  CERT_NOT_A_CA: 'the certificate is not a CA certificate',
  CERT_PURPOSE: 'the certificate was issued for another purpose',
  CERT_CONSTRAINT: 'a constraint of the CA is violated',
  CERT_SIGNATURE: 'the signature of the certificate is wrong',
  CERT_WEAK: 'the certificate uses a weak algorithm or key',
  CERT_NAME_MISMATCH: 'the certificate is not for this host name',
  CERT_NO_SAN: 'the certificate has no subjectAltName',
  CERT_PIN_MISMATCH: 'the certificate does not match the pin',
  CERT_REVOKED: 'the certificate is revoked',
  CERT_SUPERSEDED: 'a newer certificate was issued, but the old one is still served',
  CERT_NOT_STRICT: 'strict verifiers refuse this certificate',
  CERT_SERIAL_DUPLICATE: 'the serial number is used twice',
  CERT_VALIDITY_CLAMPED: 'the end of validity was cut to the end of the issuer',
  CERT_DEVICE_LIMIT: 'a kind of device cannot use this certificate',
  CERT_STATUS: 'the status of the certificate does not allow this',
  CRL_EXPIRED: 'the certificate revocation list has expired',
  CRL_EXPIRES_SOON: 'the certificate revocation list expires soon',
  CRL_ABSENT: 'no certificate revocation list of this CA',
  CRL_MALFORMED: 'the certificate revocation list is malformed',

  CA_MISSING: 'the CA that is known for this folder is gone',
  CA_MISMATCH: 'the folder holds another CA',
  CA_LOCKED: 'another process uses this CA folder',
  CA_NOT_READY: 'the CA is not available',
  CA_EXPIRED: 'the CA certificate has expired',
  CA_CORRUPT: 'the CA folder is inconsistent',
  CA_FOREIGN: 'the folder holds something that is not a CA of ours',
  CA_ROLLOVER: 'the step does not follow in the replacement of the CA',
  CA_TWICE: 'the CA lives in another folder of this Node-RED',
  CA_IN_USE: 'certificates of the old key are still in use',
  STORE_NOT_FOUND: 'the file does not exist',
  STORE_PERMISSION: 'access to the file is not permitted',
  STORE_READ_ONLY: 'the file system is read-only',
  STORE_FULL: 'the disk is full',
  STORE_TOO_LARGE: 'the file is larger than allowed',
  STORE_OUTSIDE: 'the path lies outside the folder',
  STORE_LINK: 'the path leads through a link',
  STORE_CORRUPT: 'the file has an unexpected content',
  STORE_LOCKED: 'another process writes into the folder',
  STORE_IO: 'the file system failed',
  STORE_VERSION: 'the file was written by a newer version',

  TLS_PLAIN_MQTT: 'this is the unencrypted MQTT port',
  TLS_NOT_TLS: 'the other side does not speak TLS',
  TLS_VERSION: 'no TLS version in common',
  TLS_NO_SHARED_CIPHER: 'no cipher, curve or signature algorithm in common',
  TLS_SERVERNAME: 'the server does not know this server name',
  TLS_ALPN: 'no application protocol in common',
  TLS_CLIENT_CERT_REQUIRED: 'the server requires a client certificate',
  TLS_CLIENT_CERT_UNKNOWN_CA: 'the server does not trust the CA of the client certificate',
  TLS_CLIENT_CERT_EXPIRED: 'the server says the client certificate has expired',
  TLS_CLIENT_CERT_REVOKED: 'the server says the client certificate is revoked',
  TLS_CLIENT_CERT_PURPOSE: 'the server says the certificate is not for clients',
  TLS_CLIENT_CERT_REFUSED: 'the server refused the client certificate',
  TLS_HANDSHAKE: 'the TLS handshake failed',
  NET_DNS: 'the host name does not resolve',
  NET_REFUSED: 'nothing listens on this port',
  NET_UNREACHABLE: 'the host cannot be reached',
  NET_TIMEOUT: 'no answer in time',
  NET_CLOSED: 'the connection was closed',
  NET_ADDRESS_IN_USE: 'the port is used by another node or program',
  NET_BIND: 'cannot listen on this address',
  NET_PROBE_ENDED: 'the probe ended before it was done',
  NET_PROBE_BUSY: 'as many dialogs probe as may at once',
  MQTT_REFUSED: 'the broker refused the MQTT connection',
  MQTT_TIMEOUT: 'the broker did not answer the MQTT connect',
  MQTT_PROTOCOL: 'the other side sent no valid MQTT',
  MQTT_WEBSOCKET: 'the server opened no WebSocket for MQTT',
  MQTT_NOT_CONNECTED: 'the client is not connected',
  MQTT_QUEUE_FULL: 'the offline queue was full and the oldest message was dropped',
  MQTT_PUBLISH: 'the message could not be published',
  MQTT_SUBSCRIBE: 'the broker refused the subscription',
  MQTT_NOT_VERIFIED: 'the connection does not verify the server',
  MQTT_PLAIN: 'the connection is not encrypted',
  MQTT_CORE_SETTINGS: 'a ticked core broker is not set up to take certificates',
  MQTT_CORE_CLAIMED: 'two broker settings drive the same core broker',
  MQTT_CORE_UNKNOWN: 'the core nodes of this Node-RED cannot be driven',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Facts of an error: plain data that survives a Catch node. Never a secret. */
export type ErrorFacts = Record<string, unknown>;

/** What a result carries when it succeeded with a remark, and what a probe reports. */
export interface Warning {
  code: ErrorCode;
  message: string;
  hint: string;
  cause: ErrorFacts;
}

/** Base of the family; thrown only as one of the classes below. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  override readonly cause: ErrorFacts;

  constructor(code: ErrorCode, message: string, cause: ErrorFacts = {}, hint = '') {
    super(shownLine(message));
    this.name = new.target.name;
    this.code = code;
    this.cause = factsWithoutKeys(cause);
    this.hint = hint;
  }

  /** The same facts as report data. */
  toWarning(): Warning {
    return { code: this.code, message: this.message, hint: this.hint, cause: this.cause };
  }
}

export class InputError extends CodedError {}
export class PemError extends CodedError {}
export class DerError extends CodedError {}
export class Pkcs12Error extends CodedError {}
export class KeyError extends CodedError {}
export class CertificateRequestError extends CodedError {}
export class CertificateError extends CodedError {}
export class RevocationListError extends CodedError {}
export class AuthorityError extends CodedError {}
export class StoreError extends CodedError {}
export class TlsError extends CodedError {}
export class NetworkError extends CodedError {}
export class MqttError extends CodedError {}

const FAMILIES = {
  INPUT: InputError,
  PEM: PemError,
  DER: DerError,
  P12: Pkcs12Error,
  KEY: KeyError,
  CSR: CertificateRequestError,
  CERT: CertificateError,
  CRL: RevocationListError,
  CA: AuthorityError,
  STORE: StoreError,
  TLS: TlsError,
  NET: NetworkError,
  MQTT: MqttError,
} as const;

/**
 * Make an error of the family its code belongs to.
 *
 * @param code one of {@link ERROR_CODES}
 * @param message what is wrong, with both values; no capital, no period
 * @param cause the facts as plain data
 * @param hint how to mend it, in the words of a beginner
 */
export function codedError(code: ErrorCode, message: string, cause: ErrorFacts = {}, hint = ''): CodedError {
  const family = code.slice(0, code.indexOf('_')) as keyof typeof FAMILIES;
  return new FAMILIES[family](code, message, cause, hint);
}

/** True for any error of the family, also one that was made by another copy of this file. */
export function isCodedError(error: unknown): error is CodedError {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof Error && typeof code === 'string' && code in ERROR_CODES;
}

/** Make a warning without an error around it. */
export function warning(code: ErrorCode, message: string, cause: ErrorFacts = {}, hint = ''): Warning {
  return { code, message: shownLine(message), hint, cause: factsWithoutKeys(cause) };
}
