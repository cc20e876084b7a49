import { row } from './diagnosis-row';
import type { Evidence } from './evidence';
import { formatTarget } from './target';
import { describeRefusal } from './websocket-refusal';

/** Codes that speak of user name and password, in MQTT 3.1.1 and 5. */
const CREDENTIAL_CODES = [4, 5, 0x86, 0x87];
const CLIENT_ID_CODES = [2, 0x85];
const VERSION_CODES = [1, 0x84];

function greetingOf(evidence: Evidence, outcome: string) {
  return evidence.greeting?.outcome === outcome ? evidence.greeting : undefined;
}

/** What a server said or did not say to the request for a WebSocket. */
function webSocketRow(code: 'MQTT_WEBSOCKET' | 'NET_CLOSED') {
  return row({
    code,
    stage: 'mqtt',
    recognise: (e) => {
      const { refusal } = e.greeting ?? {};
      const hungUp = refusal?.kind === 'closed';
      return refusal && hungUp === (code === 'NET_CLOSED') ? describeRefusal(refusal, e.target).facts : undefined;
    },
    message: (_facts, e) => refusalText(e).message,
    fix: (_facts, e) => refusalText(e).fix,
  });
}

const refusalText = ({ greeting, target }: Evidence) =>
  describeRefusal(greeting?.refusal ?? { kind: 'closed' }, target);

/** What happens once TLS is fine; every text says that it is. */
export const MQTT_ROWS = [
  webSocketRow('MQTT_WEBSOCKET'),
  webSocketRow('NET_CLOSED'),
  row({
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
    recognise: (e) => {
      const greeting = greetingOf(e, 'connack');
      return greeting && greeting.reasonCode !== 0
        ? {
            reasonCode: greeting.reasonCode ?? 0,
            reason: greeting.reason ?? 'no reason given',
            protocolVersion: greeting.protocolVersion,
          }
        : undefined;
    },
    message: (f) => `TLS is fine, but the broker refused the MQTT connection: ${f.reason} (code ${f.reasonCode})`,
    fix: (f) =>
      CREDENTIAL_CODES.includes(f.reasonCode)
        ? 'Check user name and password and the access rules of the broker (Mosquitto: password_file, acl_file, allow_anonymous; with use_identity_as_username the certificate needs a common name)'
        : CLIENT_ID_CODES.includes(f.reasonCode)
          ? 'Set a client id the broker accepts'
          : VERSION_CODES.includes(f.reasonCode)
            ? 'Choose the other MQTT protocol version (3.1.1 or 5)'
            : 'See the log of the broker',
  }),
  row({
    code: 'MQTT_PROTOCOL',
    stage: 'mqtt',
    recognise: (e) => {
      const greeting = greetingOf(e, 'not-mqtt');
      return greeting
        ? {
            target: formatTarget(e.target),
            protocol: greeting.protocol ?? 'unknown',
            firstBytes: greeting.firstBytes ?? '',
          }
        : undefined;
    },
    message: (f) =>
      f.protocol === 'unknown'
        ? `TLS is fine, but ${f.target} does not speak MQTT; it answered ${f.firstBytes}`
        : `TLS is fine, but ${f.target} speaks ${f.protocol}, not MQTT; it answered ${f.firstBytes}`,
    fix: (f) =>
      f.protocol === 'HTTP'
        ? 'This is a web server: write https:// to check only its certificate, or wss:// for MQTT over WebSockets'
        : 'Check the port number; to check only the certificate switch MQTT off or write tls:// in front',
  }),
  row({
    code: 'MQTT_TIMEOUT',
    stage: 'mqtt',
    recognise: (e) =>
      greetingOf(e, 'timeout') ? { target: formatTarget(e.target), timeoutMs: e.timeoutMs } : undefined,
    message: (f) => `TLS is fine, but ${f.target} did not answer the MQTT connect within ${f.timeoutMs} ms`,
    fix: () =>
      'The server may not speak MQTT on this port, or the broker is overloaded; to check only the certificate switch MQTT off',
  }),
];
