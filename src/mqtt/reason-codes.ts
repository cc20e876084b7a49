import { codedError, isCodedError, type CodedError } from '../model/errors';
import { connackTimeout, notMqtt } from './session-errors';

interface Reason {
  words: string;
  hint: string;
}

const CREDENTIALS_HINT =
  'The TLS connection is fine; check user name and password, and which users or client certificates the broker accepts';
const AUTHORIZED_HINT =
  'The TLS connection is fine; allow this user, client id or client certificate in the broker (Mosquitto: password_file, acl_file, use_identity_as_username)';
const CLIENT_ID_HINT = 'Choose another client id; some brokers accept only certain ones';
const LATER_HINT = 'The broker is up but takes no clients now; it is tried again';
const VERSION_HINT = 'Choose the other MQTT version in the broker settings';
const TWICE_HINT = 'Two clients use the same client id: give each its own, or leave it empty';

/** CONNACK of MQTT 3.1.1 (§3.2.2.3). */
const RETURN_CODES: Readonly<Record<number, Reason>> = {
  1: { words: 'unacceptable protocol version', hint: VERSION_HINT },
  2: { words: 'client id rejected', hint: CLIENT_ID_HINT },
  3: { words: 'server unavailable', hint: LATER_HINT },
  4: { words: 'bad user name or password', hint: CREDENTIALS_HINT },
  5: { words: 'not authorised', hint: AUTHORIZED_HINT },
};

/** Reason codes of MQTT 5 (§2.4) that CONNACK, DISCONNECT, SUBACK and PUBACK carry. */
const REASON_CODES: Readonly<Record<number, Reason>> = {
  0x80: { words: 'unspecified error', hint: '' },
  0x81: { words: 'malformed packet', hint: '' },
  0x82: { words: 'protocol error', hint: '' },
  0x83: { words: 'implementation specific error', hint: '' },
  0x84: { words: 'unsupported protocol version', hint: VERSION_HINT },
  0x85: { words: 'client id not valid', hint: CLIENT_ID_HINT },
  0x86: { words: 'bad user name or password', hint: CREDENTIALS_HINT },
  0x87: { words: 'not authorised', hint: AUTHORIZED_HINT },
  0x88: { words: 'server unavailable', hint: LATER_HINT },
  0x89: { words: 'server busy', hint: LATER_HINT },
  0x8a: { words: 'banned', hint: 'The administrator of the broker has banned this client' },
  0x8b: { words: 'server shutting down', hint: LATER_HINT },
  0x8c: { words: 'bad authentication method', hint: '' },
  0x8d: { words: 'keep alive timeout', hint: 'The network is slow or Node-RED was busy; a longer keep alive helps' },
  0x8e: { words: 'session taken over', hint: TWICE_HINT },
  0x8f: { words: 'topic filter invalid', hint: 'The broker does not accept this topic' },
  0x90: { words: 'topic name invalid', hint: 'The broker does not accept this topic' },
  0x93: { words: 'receive maximum exceeded', hint: '' },
  0x94: { words: 'topic alias invalid', hint: '' },
  0x95: { words: 'packet too large', hint: 'The broker accepts only smaller messages (Mosquitto: message_size_limit)' },
  0x96: { words: 'message rate too high', hint: 'Send fewer messages' },
  0x97: { words: 'quota exceeded', hint: 'The broker has set a limit for this client' },
  0x98: { words: 'administrative action', hint: 'The administrator of the broker has closed the connection' },
  0x99: { words: 'payload format invalid', hint: '' },
  0x9a: { words: 'retain not supported', hint: 'Switch retain off' },
  0x9b: { words: 'QoS not supported', hint: 'Choose a lower QoS' },
  0x9c: { words: 'use another server', hint: 'The broker asks to connect elsewhere' },
  0x9d: { words: 'server moved', hint: 'The broker asks to connect elsewhere' },
  0x9e: { words: 'shared subscriptions not supported', hint: 'Subscribe without $share' },
  0x9f: { words: 'connection rate exceeded', hint: 'Too many connections in a short time; it is tried again' },
  0xa1: { words: 'subscription identifiers not supported', hint: '' },
  0xa2: { words: 'wildcard subscriptions not supported', hint: 'Subscribe without + and #' },
};

function reasonOf(code: number): Reason {
  const table = code < 0x80 ? RETURN_CODES : REASON_CODES;
  return table[code] ?? { words: 'a reason this package does not know', hint: '' };
}

function shownCode(code: number): string {
  return code < 0x80 ? String(code) : `0x${code.toString(16)}`;
}

/**
 * The broker refused the CONNECT.
 *
 * @param reasonCode CONNACK return code (MQTT 3.1.1) or reason code (MQTT 5)
 * @param reasonString what an MQTT 5 broker adds
 */
export function connectionRefused(reasonCode: number, reasonString?: string): CodedError {
  const { words, hint } = reasonOf(reasonCode);
  return codedError(
    'MQTT_REFUSED',
    `the broker refused the connection: ${words} (${shownCode(reasonCode)})${said(reasonString)}`,
    { reasonCode, reason: words, ...(reasonString ? { reasonString } : {}) },
    hint,
  );
}

/** An MQTT 5 broker said why it closes the connection. */
export function disconnectedByBroker(reasonCode: number, reasonString?: string): CodedError {
  const { words, hint } = reasonCode === 0 ? { words: 'normal disconnection', hint: '' } : reasonOf(reasonCode);
  return codedError(
    'NET_CLOSED',
    `the broker closed the connection: ${words} (${shownCode(reasonCode)})${said(reasonString)}`,
    { reasonCode, reason: words, ...(reasonString ? { reasonString } : {}) },
    hint,
  );
}

/** The broker refused a message (MQTT 5; in 3.1.1 it cannot say so). */
export function publishRefused(topic: string, reasonCode: number | undefined, message: string): CodedError {
  const reason = reasonCode === undefined ? undefined : reasonOf(reasonCode);
  return codedError(
    'MQTT_PUBLISH',
    reason && reasonCode !== undefined
      ? `the broker refused the message to ${topic}: ${reason.words} (${shownCode(reasonCode)})`
      : `the message to ${topic} could not be published: ${message}`,
    { topic, ...(reasonCode === undefined ? {} : { reasonCode }) },
    reason?.hint ?? '',
  );
}

/** The broker refused a subscription: 0x80 in MQTT 3.1.1, any reason code in MQTT 5. */
export function subscriptionRefused(filter: string, reasonCode: number | undefined, message = ''): CodedError {
  const words = reasonCode === undefined || reasonCode === 0x80 ? message : reasonOf(reasonCode).words;
  const hint = reasonCode === undefined ? '' : reasonOf(reasonCode).hint;
  return codedError(
    'MQTT_SUBSCRIBE',
    `the broker refused the subscription to ${filter}${words ? `: ${words}` : ''}`,
    { topic: filter, ...(reasonCode === undefined ? {} : { reasonCode }) },
    hint || 'Allow this topic for this client in the broker (Mosquitto: acl_file)',
  );
}

/** The broker refused a message, or the session was ended before it answered. */
export function publishFailed(topic: string, error: Error & { code?: unknown }): CodedError {
  return isCodedError(error) ? error : publishRefused(topic, numeric(error.code), error.message);
}

/**
 * The broker refused a subscription, or could not be asked.
 *
 * @param error as MQTT.js reports it: with `packet` when the broker has answered
 */
export function subscriptionFailed(filter: string, error: unknown): CodedError {
  const { packet, message } = error as { packet?: { granted?: number[] }; message: string };
  const refused = packet?.granted?.find((each) => each >= 0x80);
  return subscriptionRefused(filter, refused, message);
}

/** What MQTT.js found before there was a CONNACK. */
export function connectFailed(error: Error & { code?: unknown }, connackTimeoutMs: number): CodedError {
  if (/connack timeout/i.test(error.message)) return connackTimeout(connackTimeoutMs);
  const reasonCode = numeric(error.code);
  return reasonCode !== undefined && /refused/i.test(error.message) ? connectionRefused(reasonCode) : notMqtt(error);
}

function said(reasonString: string | undefined): string {
  // The text comes from the other side: short, one line.
  return reasonString ? `, it says: ${JSON.stringify(reasonString.slice(0, 120))}` : '';
}

/** A code as MQTT.js reports it; undefined for Node's (`ECONNRESET`). */
function numeric(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
