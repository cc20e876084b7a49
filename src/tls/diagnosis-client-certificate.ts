import { identityCertificates } from './client-identity';
import { describeAlert } from './alert';
import { row } from './diagnosis-row';
import { DAY_MS } from './duration-text';
import { alertOf, cameTo, type Evidence } from './evidence';
import type { ErrorCode, ErrorFacts } from '../model/errors';
import type { DiagnosisRow } from './diagnosis-row';

/** Alerts by which servers say that they want a certificate or another one (RFC 8446 §6.2). */
const ALERT = {
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  certificateRevoked: 44,
  certificateExpired: 45,
  certificateUnknown: 46,
  unknownCa: 48,
  accessDenied: 49,
  decryptError: 51,
  certificateRequired: 116,
} as const;

const REFUSALS: readonly number[] = Object.values(ALERT);

interface ClientCertificateFacts extends ErrorFacts {
  alert?: number;
  /** Subject of what we sent. */
  subject: string;
  issuer: string;
  notBefore: string;
  notAfter: string;
  serialNumber: string;
  /** Dates against our clock. */
  expired: boolean;
  early: boolean;
  /** It began so lately that a clock some hours late makes it one of tomorrow. */
  fresh: boolean;
}

/** The server asked for a client certificate and the connection ended for that reason. */
function refusal(evidence: Evidence): { alert?: number; silent: boolean } | undefined {
  if (evidence.step === 'done' || evidence.greeting?.outcome === 'connack') return undefined;
  const alert = alertOf(evidence);
  const asked = evidence.flight.certificateRequest !== undefined;
  if (alert === ALERT.certificateRequired) return { alert, silent: false };
  if (alert !== undefined) return asked && REFUSALS.includes(alert) ? { alert, silent: false } : undefined;
  // In TLS 1.3 it was waited for a refusal before a WebSocket was asked for, so the request is what it did not like.
  if (evidence.greeting?.outcome === 'no-websocket' && evidence.flight.version === 'TLSv1.3') return undefined;
  // A Node-based broker just hangs up, without an alert, once the handshake is over.
  const hungUp = evidence.closed || ['ECONNRESET', 'EPIPE'].includes(evidence.failure?.code ?? '');
  return asked && hungUp && cameTo(evidence, 'handshake') && evidence.flight.complete ? { silent: true } : undefined;
}

function sentCertificate(evidence: Evidence, alert: number | undefined): ClientCertificateFacts | undefined {
  const { identity } = evidence.material;
  const leaf = identity ? identityCertificates(identity)[0] : undefined;
  if (!leaf) return undefined;
  return {
    ...(alert === undefined ? {} : { alert }),
    subject: leaf.subjectText,
    issuer: leaf.issuerText,
    notBefore: leaf.notBefore.toISOString(),
    notAfter: leaf.notAfter.toISOString(),
    serialNumber: leaf.serialNumber,
    expired: leaf.notAfter.getTime() < evidence.now,
    early: leaf.notBefore.getTime() > evidence.now,
    fresh: evidence.now - leaf.notBefore.getTime() < 2 * DAY_MS,
  };
}

/** A row for one alert that a server answers to a certificate that was sent. */
function refusedRow(
  code: ErrorCode,
  alerts: readonly number[],
  message: (facts: ClientCertificateFacts) => string,
  fix: (facts: ClientCertificateFacts) => string,
): DiagnosisRow {
  return row<ClientCertificateFacts>({
    code,
    stage: 'clientAuth',
    recognise: (e) => {
      const found = refusal(e);
      const matches =
        found !== undefined && (found.alert === undefined ? alerts.length === 0 : alerts.includes(found.alert));
      return matches ? sentCertificate(e, found.alert) : undefined;
    },
    message,
    fix,
  });
}

const answer = ({ alert }: ClientCertificateFacts) =>
  alert === undefined ? 'closed the connection' : `answered ${describeAlert(alert)}`;

/** Causes on our side of the handshake: what the server thinks of us. */
export const CLIENT_CERTIFICATE_ROWS = [
  row({
    code: 'TLS_CLIENT_CERT_REQUIRED',
    stage: 'clientAuth',
    recognise: (e) => {
      const found = e.material.identity ? undefined : refusal(e);
      return found
        ? { alert: found.alert, acceptableCAs: e.flight.certificateRequest?.authorities.length ?? 0 }
        : undefined;
    },
    message: (f) =>
      `the server requires a client certificate and none was sent (it ${f.alert === undefined ? 'closed the connection' : `answered ${describeAlert(f.alert)}`})`,
    fix: () =>
      'Choose a client certificate under "Identity" (of a broker: with the security "TLS, and we show a certificate too") that was issued by a CA the broker trusts (its cafile)',
  }),
  refusedRow(
    'TLS_CLIENT_CERT_UNKNOWN_CA',
    [ALERT.unknownCa],
    (f) => `the server does not trust "${f.issuer}", which issued the client certificate "${f.subject}"`,
    (f) =>
      `Put the certificate of "${f.issuer}" into the server's cafile and restart it, or use a client certificate of a CA it trusts`,
  ),
  refusedRow(
    'TLS_CLIENT_CERT_EXPIRED',
    [ALERT.certificateExpired],
    (f) =>
      f.expired
        ? `the client certificate "${f.subject}" expired on ${f.notAfter}`
        : `the server says the client certificate "${f.subject}" has expired, although it is valid until ${f.notAfter}`,
    (f) =>
      f.expired
        ? 'Renew the client certificate'
        : 'The revocation list (crlfile) of the server is past its next update, which Mosquitto reports this way, or the clock of the server is wrong',
  ),
  refusedRow(
    'TLS_CLIENT_CERT_REVOKED',
    [ALERT.certificateRevoked],
    (f) => `the server says the client certificate "${f.subject}" (serial ${f.serialNumber}) is revoked`,
    () => 'Issue a new client certificate; a revoked one never becomes valid again',
  ),
  refusedRow(
    'TLS_CLIENT_CERT_PURPOSE',
    [ALERT.unsupportedCertificate],
    (f) => `the server says the certificate "${f.subject}" is not for clients`,
    () =>
      'Use a certificate with the purpose clientAuth (profile client, device or server-client); a server certificate does not do',
  ),
  refusedRow(
    'TLS_CLIENT_CERT_REFUSED',
    [
      ALERT.handshakeFailure,
      ALERT.badCertificate,
      ALERT.certificateUnknown,
      ALERT.accessDenied,
      ALERT.decryptError,
      ALERT.certificateRequired,
    ],
    (f) =>
      f.early
        ? `the client certificate "${f.subject}" is valid only from ${f.notBefore} (the server ${answer(f)})`
        : `the server refused the client certificate "${f.subject}" (it ${answer(f)})`,
    (f) =>
      f.early
        ? 'Check date, time and time zone of this machine and of the one that issued the certificate (NTP)'
        : `See the log of the broker. Usual causes: another CA than the one it trusts, expired, revoked, or not in its list of clients${f.fresh ? `; or its clock is wrong: the certificate is valid only from ${f.notBefore}` : ''}`,
  ),
  refusedRow(
    'TLS_CLIENT_CERT_REFUSED',
    [],
    (f) => `the server closed the connection after the client certificate "${f.subject}" was sent`,
    () =>
      'Brokers based on Node (aedes, the embedded server) refuse this way, without a reason: check that the certificate is of a CA the broker trusts, not expired and not revoked',
  ),
];
