import { codedError, type CodedError, type ErrorCode } from '../model/errors';
import { alertInMessage } from '../tls/alert';

/** What a client's fatal alert says of us (RFC 8446 §6.2). */
const CLIENT_ALERTS: Readonly<Record<number, [ErrorCode, string]>> = {
  42: ['CERT_MALFORMED', 'the client cannot read the certificate of the server'],
  43: ['CERT_PURPOSE', 'the client does not take the kind of certificate the server has'],
  44: ['CERT_REVOKED', 'the client says the certificate of the server is revoked'],
  45: ['CERT_EXPIRED', 'the client says the certificate of the server has expired; is its clock right?'],
  // Chromium says this of every certificate it does not like.
  46: [
    'CERT_NAME_MISMATCH',
    'the client does not accept the certificate of the server: it connects by another name, or does not trust its CA',
  ],
  48: ['CERT_ISSUER_UNKNOWN', 'the client does not trust the CA of the server'],
};

/**
 * Why a handshake failed; undefined for a peer that only looked whether the port is open.
 */
export function handshakeProblem(error: NodeJS.ErrnoException): CodedError | undefined {
  const { code = '', message } = error;
  if (code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  const alert = alertInMessage(message);
  const [ours, words] = CLIENT_ALERTS[alert ?? -1] ?? [];
  if (ours && words) {
    return codedError(ours, words, { alert }, 'Give the client the CA certificate of this server (tls-ca, download)');
  }
  if (/WRONG_VERSION_NUMBER|HTTP_REQUEST|UNKNOWN_PROTOCOL|PACKET_LENGTH/.test(code)) {
    return codedError('TLS_NOT_TLS', 'the client does not speak TLS', { code }, 'Switch TLS on in the client');
  }
  if (/UNSUPPORTED_PROTOCOL|VERSION/.test(code)) {
    return codedError('TLS_VERSION', 'the client knows only versions before TLS 1.2', { code }, 'Update the client');
  }
  if (/NO_SHARED|NO_SUITABLE/.test(code)) {
    return codedError('TLS_NO_SHARED_CIPHER', 'no cipher, curve or signature in common with the client', { code });
  }
  return codedError('TLS_HANDSHAKE', `the TLS handshake failed: ${message}`, { code, ...(alert ? { alert } : {}) });
}

/** What aedes says of a connection it ends, by its words: it has no codes. */
const CLIENT_PROBLEMS: readonly [RegExp, ErrorCode, string][] = [
  [/connect did not arrive/, 'MQTT_TIMEOUT', 'the client sent no MQTT CONNECT'],
  [/keep alive timeout/, 'NET_TIMEOUT', 'the client did not send anything within its keep alive'],
  [/unacceptable protocol/, 'MQTT_REFUSED', 'the client does not speak MQTT 3.1.1, the version of this server'],
  [/filters given up/, 'MQTT_PROTOCOL', 'the client gives up more topics at once than are kept for one'],
  [/too many filters/, 'MQTT_SUBSCRIBE', 'the client goes on to subscribe beyond what is kept for one'],
  [/drain timeout/, 'NET_TIMEOUT', 'the client does not read what it is sent'],
  [/ECONNRESET|EPIPE|closed/, 'NET_CLOSED', 'the connection to the client broke'],
];

/** Why aedes ended a connection. */
export function clientProblem(error: Error & { code?: string }): CodedError {
  const text = `${error.code ?? ''} ${error.message}`;
  const [, code, words] = CLIENT_PROBLEMS.find(([pattern]) => pattern.test(text)) ?? [];
  if (code && words) return codedError(code, words, { reason: error.message });
  return codedError('MQTT_PROTOCOL', `the client sent no valid MQTT: ${error.message}`, { reason: error.message });
}
