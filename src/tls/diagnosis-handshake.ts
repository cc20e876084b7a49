import { describeAlert } from './alert';
import { row } from './diagnosis-row';
import { alertOf, cameTo, type Evidence } from './evidence';
import { formatTarget, verifiedName } from './target';

const ALERT = {
  handshakeFailure: 40,
  protocolVersion: 70,
  insufficientSecurity: 71,
  unrecognizedName: 112,
  noAlpn: 120,
} as const;

/** OpenSSL's own refusals, by the part of the code that is the same on Node 20 and 22. */
const LOCAL = {
  version: /UNSUPPORTED_PROTOCOL|WRONG_SSL_VERSION|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE|INAPPROPRIATE_FALLBACK/,
  weakKey: /DH_KEY_TOO_SMALL|TLS_DH_PARAM_SIZE|EE_KEY_TOO_SMALL|CA_KEY_TOO_SMALL|(CA|EE)_MD_TOO_WEAK|BAD_ECPOINT/,
  cipher:
    /NO_SHARED|NO_CIPHERS|NO_SUITABLE|WRONG_CIPHER|UNKNOWN_CIPHER|NO_SUPPORTED_GROUPS|UNSUPPORTED_ELLIPTIC|WRONG_CURVE|WRONG_SIGNATURE_TYPE|BAD_KEY_SHARE/,
} as const;

function failed(evidence: Evidence, pattern: RegExp): boolean {
  return evidence.step === 'handshake' && pattern.test(evidence.failure?.code ?? '');
}

function alerted(evidence: Evidence, ...alerts: number[]): boolean {
  const alert = alertOf(evidence);
  return alert !== undefined && alerts.includes(alert);
}

/** Version, cipher, server name, ALPN; client certificates have their own table. */
export const HANDSHAKE_ROWS = [
  row({
    code: 'TLS_VERSION',
    stage: 'tls',
    recognise: (e) =>
      !cameTo(e, 'secure') && (alerted(e, ALERT.protocolVersion) || failed(e, LOCAL.version))
        ? {
            target: formatTarget(e.target),
            minVersion: e.material.minVersion,
            ...(e.flight.version ? { offered: e.flight.version } : {}),
          }
        : undefined,
    message: (f) =>
      f.offered
        ? `the server wants ${f.offered}, this client speaks ${f.minVersion} or newer`
        : `no TLS version in common: this client speaks ${f.minVersion} or newer, the server refuses that`,
    fix: (f) =>
      f.minVersion === 'TLSv1.3'
        ? 'Lower the minimum version ("Minimum TLS") to TLS 1.2, or let the server speak TLS 1.3'
        : 'Update the server, or allow TLS 1.2 on it (Mosquitto: tls_version tlsv1.2); versions before 1.2 are broken',
  }),
  row({
    code: 'TLS_SERVERNAME',
    stage: 'tls',
    recognise: (e) =>
      alerted(e, ALERT.unrecognizedName) ? { servername: verifiedName(e.target), host: e.target.host } : undefined,
    message: (f) => `the server at ${f.host} does not know the server name "${f.servername}"`,
    fix: () => 'Set the server name to one the server has a certificate for (often its full name with the domain)',
  }),
  row({
    code: 'TLS_ALPN',
    stage: 'tls',
    recognise: (e) =>
      alerted(e, ALERT.noAlpn) ? { offered: e.material.alpn, target: formatTarget(e.target) } : undefined,
    message: (f) =>
      f.offered.length > 0
        ? `the server accepts none of the application protocols ${f.offered.join(', ')} (ALPN)`
        : 'the server asks for an application protocol (ALPN) and none is set',
    fix: (f) =>
      f.offered.length > 0
        ? 'Leave ALPN empty, or set what the server asks for (AWS IoT on port 443: x-amzn-mqtt-ca; others: mqtt)'
        : 'Set ALPN to what the server asks for (AWS IoT on port 443: x-amzn-mqtt-ca; others: mqtt)',
  }),
  row({
    code: 'CERT_WEAK',
    stage: 'tls',
    recognise: (e) =>
      failed(e, LOCAL.weakKey) ? { reason: e.failure?.code, target: formatTarget(e.target) } : undefined,
    message: (f) => `the server at ${f.target} uses a key or hash that is too weak (${f.reason})`,
    fix: () =>
      'Issue the server a certificate with an EC P-256 or RSA-2048 key and SHA-256; remove old DH parameters (dhparamfile)',
  }),
  row({
    code: 'TLS_NO_SHARED_CIPHER',
    stage: 'tls',
    recognise: (e) =>
      !e.flight.certificateRequest &&
      e.flight.certificates.length === 0 &&
      (alerted(e, ALERT.handshakeFailure, ALERT.insufficientSecurity) || failed(e, LOCAL.cipher))
        ? { target: formatTarget(e.target), reason: showReason(e) }
        : undefined,
    message: (f) =>
      `client and server at ${f.target} have no cipher, curve or signature algorithm in common (${f.reason})`,
    fix: () =>
      'Often the certificate and the key of the broker do not belong together, or none is set: see its log. Else remove restrictions such as "ciphers" from its configuration',
  }),
];

function showReason(evidence: Evidence): string {
  const alert = alertOf(evidence);
  return alert === undefined ? (evidence.failure?.code ?? '') : describeAlert(alert);
}
