import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import type * as Ws from 'ws';
import { verifiedName, type Target } from './target';
import type { WebSocketRefusal } from './websocket-refusal';

/** Loaded by the first WebSocket. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
const loadWs = () => require('ws') as typeof Ws;

type Callback = (error?: Error | null) => void;

/** MQTT 3.1.1 §6 (MQTT-6.0.0-3), MQTT 5 §6: the same name for both versions. */
export const SUBPROTOCOL = 'mqtt';

/**
 * Bytes in a frame we send: with its header it fits into one TLS record (RFC 8446 §5.1). Packets and frames need not
 * match (MQTT-6.0.0-2), and small devices keep a whole frame in memory.
 */
const LONGEST_FRAME_SENT = 16 * 1024 - 14;

/** The largest MQTT packet (§2.2.3: 268,435,455 bytes after a fixed header of at most 5). */
const LARGEST_MESSAGE = 268_435_460;
const LONGEST_HTTP_HEADER = 16 * 1024;
/** How long the other side may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 2_000;

/** What client and server have in common; no compression, which costs memory and lets sizes tell of contents. */
const OPTIONS = { perMessageDeflate: false, closeTimeout: CLOSE_TIMEOUT_MS } as const;

/** Thrown by {@link openWebSocket}; never leaves src/tls and src/mqtt. */
export class WebSocketRefused extends Error {
  constructor(
    readonly refusal: WebSocketRefusal,
    /** What the stream below reported, for a connection that broke. */
    readonly streamError?: Error,
  ) {
    super(`no WebSocket: ${refusal.kind}`);
  }
}

/**
 * Ask for a WebSocket on a stream whose server has been judged: the request is the first byte that leaves.
 *
 * @param connection a judged connection; destroyed when there is no WebSocket
 * @param target for the path and the Host header, which names what is verified
 * @param signal gives up when it fires
 * @param largestMessage bytes of a message that is received, which is kept until it is complete; a longer one ends the
 *   connection
 * @returns a stream of MQTT bytes
 * @throws {@link WebSocketRefused}
 */
export function openWebSocket(
  connection: Duplex,
  target: Target,
  signal?: AbortSignal,
  largestMessage = LARGEST_MESSAGE,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // The address only gives the path: the connection is there, and the host may be one that no URL can hold (fe80::1%eth0).
    const { WebSocket } = loadWs();
    const socket = new WebSocket(`wss://broker${target.path || '/'}`, [SUBPROTOCOL], {
      ...OPTIONS,
      createConnection: (() => connection) as never,
      headers: { Host: hostHeader(target) },
      followRedirects: false,
      maxPayload: largestMessage,
      // Handed on to Node's HTTP client.
      ...{ maxHeaderSize: LONGEST_HTTP_HEADER },
    });
    const refuse = (refusal: WebSocketRefusal, streamError?: Error): void => {
      signal?.removeEventListener('abort', abandon);
      reject(new WebSocketRefused(refusal, streamError));
      socket.terminate();
      connection.destroy();
    };
    const abandon = (): void => refuse({ kind: 'closed' });
    socket.on('error', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }) => {
      if (error.code?.startsWith('HPE_')) refuse({ kind: 'not-http', firstBytes: error.rawPacket ?? Buffer.alloc(0) });
      // What broke has a code of its own; a wrong answer has only words.
      else if (error.code === undefined) refuse({ kind: 'handshake', problem: error.message });
      else refuse({ kind: 'closed' }, error);
    });
    socket.on('unexpected-response', (_request, { statusCode = 0, headers }) => {
      const location = headers.location?.slice(0, 200);
      refuse({ kind: 'status', status: statusCode, ...(location ? { location } : {}) });
    });
    socket.on('upgrade', ({ headers }) => {
      const subprotocol = headers['sec-websocket-protocol'] ?? '';
      if (subprotocol !== SUBPROTOCOL) refuse({ kind: 'subprotocol', subprotocol: subprotocol.slice(0, 100) });
    });
    socket.on('open', () => {
      signal?.removeEventListener('abort', abandon);
      resolve(new WebSocketStream(socket, connection));
      // Whoever waits for the stream listens to it some promises later. A wrong frame that comes along with the handshake would be told
      // before that, to nobody, and so end the process (found by `npm run fuzz`).
      socket.pause();
      setImmediate(() => socket.resume());
    });
    signal?.addEventListener('abort', abandon, { once: true });
    if (signal?.aborted) abandon();
  });
}

/** Makes WebSockets of requests that a server has received. */
export class WebSocketAcceptor {
  private readonly server: Ws.WebSocketServer;

  /** @param largestMessage bytes of a message, frames put together; a longer one ends the connection */
  constructor(largestMessage: number) {
    const { WebSocketServer } = loadWs();
    this.server = new WebSocketServer({
      ...OPTIONS,
      noServer: true,
      clientTracking: false,
      maxPayload: largestMessage,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
  }

  /**
   * Answer a request; one that is not as RFC 6455 wants it gets status 400.
   *
   * @param head what came after the request already
   * @returns a stream of MQTT bytes; undefined when the request was refused
   */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer): Duplex | undefined {
    let stream: Duplex | undefined;
    // Calls back before it returns, or not at all.
    this.server.handleUpgrade(request, connection, head, (socket) => {
      stream = new WebSocketStream(socket, connection);
    });
    return stream;
  }
}

/** The binary messages of a WebSocket as one stream of bytes. */
class WebSocketStream extends Duplex {
  constructor(
    private readonly socket: Ws.WebSocket,
    connection: Duplex,
  ) {
    super({ allowHalfOpen: false });
    socket.on('message', (message: Buffer, isBinary: boolean) => {
      if (!isBinary) this.destroy(new Error('a WebSocket message of text, where MQTT needs binary ones'));
      else if (!this.push(message)) socket.pause();
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', (code, reason) => {
      const problem = closeProblem(code, reason);
      if (problem && !this.writableEnded) this.destroy(problem);
      else if (!this.destroyed) this.push(null);
    });
    // `ws` keeps to itself why the connection broke.
    connection.on('error', (error) => this.destroy(error));
  }

  override _read(): void {
    if (this.socket.isPaused) this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#send(chunk, callback);
  }

  /** What was written in one turn goes out together: a packet comes in several pieces. */
  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: Callback): void {
    this.socket.close(1000);
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.socket.terminate();
    callback(error);
  }

  #send(bytes: Buffer, callback: Callback): void {
    for (let start = 0; start < bytes.length; start += LONGEST_FRAME_SENT) {
      const end = start + LONGEST_FRAME_SENT;
      this.socket.send(bytes.subarray(start, end), end >= bytes.length ? callback : undefined);
    }
    if (bytes.length === 0) callback();
  }
}

/** RFC 6455 §7.4.1: 1000 and 1001 are ordinary ends, 1005 and 1006 stand for "without a close frame or code". */
const ORDINARY_ENDS = [1000, 1001, 1005, 1006];

function closeProblem(code: number, reason: Buffer): Error | undefined {
  if (ORDINARY_ENDS.includes(code)) return undefined;
  const words = reason.toString('utf8').slice(0, 123);
  return new Error(`the WebSocket was closed with code ${code}${words ? `: ${words}` : ''}`);
}

function hostHeader(target: Target): string {
  const name = verifiedName(target).replace(/%.*$/, '');
  const host = name.includes(':') ? `[${name}]` : name;
  return target.port === 443 ? host : `${host}:${target.port}`;
}
