import { isIP } from 'node:net';
import { row } from './diagnosis-row';
import { alertOf, cameTo, type Evidence } from './evidence';
import { peerProtocol, showBytes } from './peer-protocol';
import { formatTarget } from './target';

const DNS_CODES = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NODATA',
  'EAI_NONAME',
  'EAI_FAIL',
  'ENODATA',
  'ESERVFAIL',
  'ETIMEOUT',
];
const UNREACHABLE_CODES = [
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'EINVAL',
];
const CLOSED_CODES = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', ''];

/** Codes of every address that was tried, else the one of the failure. */
function attemptCodes({ failure }: Evidence): string[] {
  if (!failure) return [];
  return failure.attempts.length > 0 ? failure.attempts.map((attempt) => attempt.code) : [failure.code];
}

/** "192.0.2.1 (ECONNREFUSED), ::1 (ECONNREFUSED)": a person must see that there were two. */
function showAttempts(evidence: Evidence): string {
  const attempts = evidence.failure?.attempts ?? [];
  if (attempts.length === 0) return evidence.addresses.join(', ') || evidence.target.host;
  return attempts.map(({ address, code }) => `${address} (${code})`).join(', ');
}

/** The connection ended in the handshake, before the server said anything in TLS, an alert included. */
function endedBeforeTls(evidence: Evidence): boolean {
  return evidence.step === 'handshake' && !evidence.flight.tls;
}

/** A reset may come so early that the connect itself fails with it. */
function endedSilently(evidence: Evidence): boolean {
  const early = evidence.step === 'connecting' && attemptCodes(evidence).includes('ECONNRESET');
  return early || (endedBeforeTls(evidence) && evidence.flight.bytesReceived === 0);
}

/** Causes below TLS. Order counts: a plain MQTT port shows itself as a closed connection. */
export const NETWORK_ROWS = [
  row({
    code: 'NET_DNS',
    stage: 'dns',
    recognise: (e) =>
      e.step === 'resolving' && (e.timedOut || e.failure)
        ? { host: e.target.host, reason: e.timedOut ? 'no answer' : (e.failure?.code ?? ''), timeoutMs: e.timeoutMs }
        : undefined,
    message: (f) => `the name "${f.host}" does not resolve to an address (${f.reason})`,
    fix: (f) =>
      f.host.endsWith('.local')
        ? 'Names in .local need mDNS (avahi, Bonjour) on this machine; use the address of the device, or enter the name in /etc/hosts'
        : DNS_CODES.includes(f.reason) && f.reason !== 'ENOTFOUND'
          ? 'The name service does not answer: check the network and DNS server of this machine'
          : 'Check the spelling of the name; inside Docker use the service name or the address of the other machine',
  }),
  row({
    code: 'NET_REFUSED',
    stage: 'tcp',
    recognise: (e) =>
      e.step === 'connecting' && attemptCodes(e).includes('ECONNREFUSED')
        ? { port: e.target.port, host: e.target.host, attempts: showAttempts(e) }
        : undefined,
    message: (f) => `nothing listens on port ${f.port} of ${f.host}: ${f.attempts}`,
    fix: (f, e) =>
      isLoopback(e.target.host)
        ? `Start the broker and let it listen on port ${f.port}; inside a container localhost is the container itself`
        : `Start the broker, let it listen on port ${f.port} on the network (not only on localhost), and check the port number: 8883 is usual for TLS`,
  }),
  row({
    code: 'NET_UNREACHABLE',
    stage: 'tcp',
    recognise: (e) =>
      e.step === 'connecting' && attemptCodes(e).some((code) => UNREACHABLE_CODES.includes(code))
        ? { host: e.target.host, attempts: showAttempts(e) }
        : undefined,
    message: (f) => `${f.host} cannot be reached: ${f.attempts}`,
    fix: (_f, e) =>
      e.addresses.length > 0 && e.addresses.every((address) => isIP(address) === 6)
        ? 'The name has only IPv6 addresses and this machine has no way to them; use the IPv4 address'
        : 'Check that both machines are in the same network and that a firewall or VPN does not stand between them',
  }),
  row({
    code: 'NET_TIMEOUT',
    stage: (e) => (e.step === 'connecting' ? 'tcp' : 'tls'),
    recognise: (e) =>
      (e.step === 'connecting' && (e.timedOut || attemptCodes(e).includes('ETIMEDOUT'))) ||
      (e.step === 'handshake' && e.timedOut && e.answersPlainMqtt !== true && e.flight.bytesReceived === 0)
        ? { target: formatTarget(e.target), timeoutMs: e.timeoutMs, connected: e.step === 'handshake' }
        : undefined,
    message: (f) =>
      f.connected
        ? `${f.target} accepted the connection and then said nothing for ${f.timeoutMs} ms`
        : `no answer from ${f.target} within ${f.timeoutMs} ms`,
    fix: (f) =>
      f.connected
        ? 'Something listens there but does not speak TLS, or it is overloaded; check the port number'
        : 'The machine is off, the address is wrong, or a firewall drops the packets',
  }),
  row({
    code: 'TLS_PLAIN_MQTT',
    stage: 'tls',
    recognise: (e) =>
      endedBeforeTls(e) && (e.answersPlainMqtt === true || peerProtocol(e.flight.firstBytes) === 'MQTT')
        ? { target: formatTarget(e.target), port: e.target.port }
        : undefined,
    message: (f) => `port ${f.port} speaks MQTT without encryption, not TLS`,
    fix: (f) =>
      `This is the unencrypted port of the broker. Use its TLS port (usually 8883), or give the listener on ${f.port} a certfile and a keyfile`,
  }),
  row({
    code: 'TLS_NOT_TLS',
    stage: 'tls',
    recognise: (e) =>
      endedBeforeTls(e) && e.flight.bytesReceived > 0
        ? {
            target: formatTarget(e.target),
            protocol: peerProtocol(e.flight.firstBytes) ?? 'unknown',
            firstBytes: showBytes(e.flight.firstBytes),
          }
        : undefined,
    message: (f) =>
      f.protocol === 'unknown'
        ? `the server at ${f.target} does not speak TLS; it answered ${f.firstBytes}`
        : `the server at ${f.target} speaks ${f.protocol}, not TLS; it answered ${f.firstBytes}`,
    fix: (f) =>
      f.protocol === 'HTTP'
        ? 'This is an unencrypted web port; the secure one is usually 443 (WebSockets) or 8883 (MQTT)'
        : 'Check the port number; MQTT over TLS usually listens on 8883',
  }),
  row({
    code: 'NET_CLOSED',
    stage: 'tls',
    recognise: (e) =>
      endedSilently(e) && (e.closed || CLOSED_CODES.includes(e.failure?.code ?? '-'))
        ? { target: formatTarget(e.target), reason: e.failure?.code || 'end' }
        : undefined,
    message: (f) => `${f.target} closed the connection at once (${f.reason})`,
    fix: () =>
      'The listener is not set up for TLS, its certificate or key is broken (see the log of the broker), or a proxy or firewall ends the connection',
  }),
];

/** Closed in the middle; stands after the client certificate rows, which know better reasons. */
export const CLOSED_LATE_ROWS = [
  row({
    code: 'NET_CLOSED',
    stage: (e) => (cameTo(e, 'greeting') ? 'mqtt' : 'tls'),
    recognise: (e) =>
      alertOf(e) === undefined &&
      !e.flight.certificateRequest &&
      !e.chainProblem &&
      e.step !== 'done' &&
      cameTo(e, 'handshake') &&
      (e.closed || CLOSED_CODES.includes(e.failure?.code ?? '-')) &&
      (e.failure !== undefined || e.greeting?.outcome === 'closed' || e.step === 'handshake')
        ? { target: formatTarget(e.target), reason: e.failure?.code || 'end', step: e.step }
        : undefined,
    message: (f) =>
      f.step === 'greeting'
        ? `${f.target} closed the connection after the MQTT connect, without an answer (${f.reason})`
        : `${f.target} closed the connection in the middle of the TLS handshake (${f.reason})`,
    fix: (f) =>
      f.step === 'greeting'
        ? /^(mqtt|ws):/.test(String(f.target))
          ? 'Nothing was encrypted. If this is the TLS port of the broker (8883 as a rule), choose a security with TLS'
          : 'The TLS is fine. See the log of the broker: often the client id, the protocol version or a listener for something else'
        : 'See the log of the broker; a proxy in between or a broken certificate is the usual cause',
  }),
];

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
