import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../model/clock';
import { codedError, type CodedError } from '../model/errors';
import { SUBPROTOCOL, WebSocketAcceptor } from '../tls/websocket-stream';

/** A request with the cookies of a browser; Node's default. */
const LONGEST_HTTP_HEADER = 16 * 1024;
const MOST_HEADER_LINES = 100;
const UPGRADE_TIMEOUT_MS = 10_000;

export interface WebSocketEntranceOptions {
  clock: Clock;
  /** Bytes of a WebSocket message. */
  largestMessage: number;
  /** Host names of the web pages whose scripts may connect; undefined: of all. */
  pages: readonly string[] | undefined;
  /** MQTT may begin on `stream`, which came in as `socket`. */
  onStream: (stream: Duplex, socket: TLSSocket) => void;
  /** The socket is being closed. */
  onRefused: (socket: TLSSocket, reason: CodedError) => void;
}

/**
 * From a finished TLS handshake to MQTT over WebSockets (MQTT 3.1.1 §6). Everything else than the request for a
 * WebSocket is answered as a web server answers it, and told. The path does not matter, as with Mosquitto.
 */
export class WebSocketEntrance {
  /** Never listens: it is handed sockets whose client has been judged. */
  private readonly http: Server;
  private readonly acceptor: WebSocketAcceptor;
  private readonly waiting = new WeakMap<object, Timer>();

  constructor(private readonly options: WebSocketEntranceOptions) {
    this.acceptor = new WebSocketAcceptor(options.largestMessage);
    this.http = createServer({ maxHeaderSize: LONGEST_HTTP_HEADER });
    this.http.maxHeadersCount = MOST_HEADER_LINES;
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket as TLSSocket, head));
    this.http.on('request', ({ socket }, response) => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
      response.end('This is an MQTT broker. Connect with an MQTT client over secure WebSockets (wss).\n');
      this.options.onRefused(socket as TLSSocket, noWebSocket());
    });
    this.http.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code?.startsWith('HPE_')) this.refuse(socket as TLSSocket, 400, notHttp(error.message));
      else socket.destroy();
    });
  }

  /** Wait for the request of a client; who takes longer than ten seconds is cut off. */
  receive(socket: TLSSocket): void {
    const { clock, onRefused } = this.options;
    const timer = clock.setTimer(UPGRADE_TIMEOUT_MS, () => {
      onRefused(socket, tooLate());
      socket.destroy();
    });
    this.waiting.set(socket, timer);
    socket.once('close', () => timer.cancel());
    // Node's own timers run only for a server that listens.
    this.http.emit('connection', socket);
  }

  private upgrade(request: IncomingMessage, socket: TLSSocket, head: Buffer): void {
    const { pages, onStream, onRefused } = this.options;
    const { origin, 'sec-websocket-protocol': subprotocols = '' } = request.headers;
    if (pages && origin !== undefined && !isPageOf(pages, origin)) {
      this.refuse(socket, 403, foreignPage(origin, pages));
    } else if (!subprotocols.split(',').some((name) => name.trim() === SUBPROTOCOL)) {
      this.refuse(socket, 400, wrongSubprotocol(subprotocols));
    } else {
      const stream = this.acceptor.accept(request, socket, head);
      if (stream) {
        this.waiting.get(socket)?.cancel();
        onStream(stream, socket);
      } else {
        onRefused(socket, malformedRequest());
      }
    }
  }

  private refuse(socket: TLSSocket, status: 400 | 403, reason: CodedError): void {
    this.options.onRefused(socket, reason);
    const words = status === 403 ? 'Forbidden' : 'Bad Request';
    const text = `${reason.message}\n`;
    socket.end(
      `HTTP/1.1 ${status} ${words}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
        `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  }
}

/** `null` and whatever is no address is no page of ours. */
function isPageOf(pages: readonly string[], origin: string): boolean {
  const { hostname = '' } = URL.canParse(origin) ? new URL(origin) : {};
  return pages.includes(hostname.replace(/^\[|\]$/g, ''));
}

function noWebSocket(): CodedError {
  return codedError(
    'MQTT_WEBSOCKET',
    'the client asked for a web page on the WebSocket port',
    {},
    'A browser shows nothing here; connect with an MQTT client over WebSockets and TLS (wss)',
  );
}

function notHttp(problem: string): CodedError {
  return codedError(
    'MQTT_WEBSOCKET',
    `the client does not speak HTTP on the WebSocket port: ${problem}`,
    { problem },
    'MQTT without WebSockets belongs to the other port of the server',
  );
}

function malformedRequest(): CodedError {
  return codedError('MQTT_WEBSOCKET', 'the client asked for a WebSocket in a wrong way', {}, 'Update the client');
}

function wrongSubprotocol(offered: string): CodedError {
  return codedError(
    'MQTT_WEBSOCKET',
    `the client asked for a WebSocket for ${offered === '' ? 'no protocol' : JSON.stringify(offered.slice(0, 100))}, not for "mqtt"`,
    { subprotocol: offered.slice(0, 100) },
    'Set the subprotocol of the client to mqtt',
  );
}

function foreignPage(origin: string, pages: readonly string[]): CodedError {
  return codedError(
    'MQTT_WEBSOCKET',
    `a web page of ${JSON.stringify(origin.slice(0, 200))} tried to connect; pages of ${pages.join(', ')} may`,
    { origin: origin.slice(0, 200), hosts: pages },
    'A browser shows its certificate whatever page asks; if this page is yours, add its host to the host names of the server',
  );
}

function tooLate(): CodedError {
  return codedError(
    'MQTT_TIMEOUT',
    `the client did not ask for a WebSocket within ${UPGRADE_TIMEOUT_MS} ms`,
    { timeoutMs: UPGRADE_TIMEOUT_MS },
    'MQTT without WebSockets belongs to the other port of the server',
  );
}
