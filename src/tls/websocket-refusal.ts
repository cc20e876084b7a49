import { codedError, type CodedError } from '../model/errors';
import { peerProtocol, showBytes } from './peer-protocol';
import { formatTarget, type Target } from './target';

/** Why the request for a WebSocket came to nothing, once the TLS was fine. */
export type WebSocketRefusal =
  /** An answer of HTTP other than 101: a web page, a wrong path, a proxy. */
  | { kind: 'status'; status: number; location?: string }
  /** 101 without the subprotocol `mqtt` (MQTT 3.1.1 §6: MQTT-6.0.0-3). */
  | { kind: 'subprotocol'; subprotocol: string }
  /** 101 that does not fulfil RFC 6455 §4.1. */
  | { kind: 'handshake'; problem: string }
  | { kind: 'not-http'; firstBytes: Buffer }
  | { kind: 'closed' };

/** Facts of a refusal, plain data for reports and Catch nodes. */
export interface RefusalFacts extends Record<string, unknown> {
  target: string;
  /** Of HTTP; absent when the answer was none. */
  status?: number;
}

/** A refusal in words. */
export interface RefusalText {
  message: string;
  fix: string;
  facts: RefusalFacts;
}

/** What a status of HTTP most likely means for a WebSocket; the first row that fits. */
const STATUS_HINTS: readonly [(status: number) => boolean, string][] = [
  [
    (status) => status === 401 || status === 403,
    'A web server stands before the broker and lets nobody in without its own login',
  ],
  [
    (status) => status >= 500,
    'A web server or proxy answers, but no broker behind it: start the broker, and see the log of the proxy',
  ],
  [(status) => status === 200, 'This is a web page: check the port and the path'],
];

const PATH_HINT = 'Check the path: brokers use /mqtt, /ws or /; and the port, which must be the one for WebSockets';
const NO_WEBSOCKET_HINT =
  'This port may speak MQTT without WebSockets: choose the transport "MQTT over TLS", or use the WebSocket port of the broker';

/** Say why there is no WebSocket. */
export function describeRefusal(refusal: WebSocketRefusal, target: Target): RefusalText {
  const shown = formatTarget(target);
  const path = target.path || '/';
  switch (refusal.kind) {
    case 'status': {
      const { status, location } = refusal;
      return {
        message: `TLS is fine, but ${shown} answered the request for a WebSocket with HTTP status ${status}`,
        fix: location
          ? `The server sends to ${location}: enter that host and path, if you trust them`
          : (STATUS_HINTS.find(([fits]) => fits(status))?.[1] ?? PATH_HINT),
        facts: { target: shown, path, status, ...(location ? { location } : {}) },
      };
    }
    case 'subprotocol':
      return {
        message: `TLS is fine, but ${shown} opened a WebSocket for ${refusal.subprotocol ? `"${refusal.subprotocol}"` : 'no protocol'}, not for "mqtt"`,
        fix: `Something else than an MQTT broker answers at the path ${path}: check path and port`,
        facts: { target: shown, path, status: 101, subprotocol: refusal.subprotocol },
      };
    case 'handshake':
      return {
        message: `TLS is fine, but ${shown} opened the WebSocket wrongly: ${refusal.problem}`,
        fix: 'See whether a proxy in between passes WebSockets on',
        facts: { target: shown, path, status: 101, problem: refusal.problem },
      };
    case 'not-http': {
      const firstBytes = showBytes(refusal.firstBytes);
      const protocol = peerProtocol(refusal.firstBytes.subarray(0, 64)) ?? 'unknown';
      return {
        message: `TLS is fine, but ${shown} does not speak WebSocket; it answered ${firstBytes}`,
        fix: NO_WEBSOCKET_HINT,
        facts: { target: shown, path, protocol, firstBytes },
      };
    }
    case 'closed':
      return {
        message: `TLS is fine, but ${shown} closed the connection instead of opening a WebSocket`,
        fix: NO_WEBSOCKET_HINT,
        facts: { target: shown, path },
      };
  }
}

/**
 * A refusal as an error: NET_CLOSED for a server that just hung up, which may have other reasons than WebSockets;
 * MQTT_WEBSOCKET when it said something.
 */
export function refusalError(refusal: WebSocketRefusal, target: Target): CodedError {
  const { message, fix, facts } = describeRefusal(refusal, target);
  return codedError(refusal.kind === 'closed' ? 'NET_CLOSED' : 'MQTT_WEBSOCKET', message, facts, fix);
}
