import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { generate, parser, type IConnectPacket } from 'mqtt-packet';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { freePort } from './free-port';
import type { HandmadeCertificate } from './certificates-fixture';

/** A listening server of a test; `close` cuts what is open. */
export interface TestServer {
  readonly port: number;
  /** Application bytes received inside TLS, or on the plain socket. */
  readonly received: () => Buffer;
  close(): Promise<void>;
}

const running = new Set<TestServer>();

/** Close every server a test left open; for `afterEach`. */
export async function closeServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.close()));
}

async function listening(server: net.Server, host: string, received: Buffer[], port = 0): Promise<TestServer> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const running_: TestServer = {
    port: (server.address() as net.AddressInfo).port,
    received: () => Buffer.concat(received),
    close: async () => {
      running.delete(running_);
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
  running.add(running_);
  return running_;
}

/** How a test server answers the bytes of a connected client. */
export type Conversation = (socket: net.Socket) => void;

/** A plain TCP server. */
export function startTcpServer(onConnection: Conversation, host = '127.0.0.1'): Promise<TestServer> {
  const received: Buffer[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => received.push(chunk));
    onConnection(socket);
  });
  return listening(server, host, received);
}

export interface TlsServerOptions extends tls.TlsOptions {
  /** Own certificate; others follow it on the wire. */
  identity: HandmadeCertificate;
  chain?: readonly HandmadeCertificate[];
  host?: string;
  /** To come back on the port of a server that was closed. */
  port?: number;
  conversation?: Conversation;
}

/** A TLS server of Node. */
export function startTlsServer({
  identity,
  chain = [],
  host = '127.0.0.1',
  port,
  conversation,
  ...options
}: TlsServerOptions): Promise<TestServer> {
  const received: Buffer[] = [];
  const server = tls.createServer(
    { key: identity.keyPem, cert: [identity, ...chain].map(({ pem }) => pem).join(''), ...options },
    (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => received.push(chunk));
      conversation?.(socket);
    },
  );
  server.on('tlsClientError', () => undefined);
  return listening(server, host, received, port);
}

/** Answers MQTT: every CONNECT gets this CONNACK. */
export function mqttConversation(
  reasonCode = 0,
  onConnect: (packet: IConnectPacket) => void = () => undefined,
): Conversation {
  return (socket) => {
    const reading = parser();
    reading.on('packet', (packet) => {
      if (packet.cmd !== 'connect') return;
      onConnect(packet);
      const protocolVersion = packet.protocolVersion === 5 ? 5 : 4;
      socket.write(
        generate({ cmd: 'connack', sessionPresent: false, returnCode: reasonCode, reasonCode }, { protocolVersion }),
      );
    });
    reading.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => reading.parse(chunk));
  };
}

/** MQTT over secure WebSockets, by the package `ws` that MQTT.js itself uses. */
export async function startWebSocketBroker(identity: HandmadeCertificate): Promise<TestServer> {
  const server = https.createServer({ key: identity.keyPem, cert: identity.pem });
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'mqtt' });
  sockets.on('connection', (socket) => mqttConversation()(createWebSocketStream(socket) as unknown as net.Socket));
  return listening(server, '127.0.0.1', []);
}

/** `openssl s_server`, for what Node's server cannot do; every `<name>.pem` of `files` may be named in `args`. */
export async function startOpensslServer(files: Record<string, string>, args: readonly string[]): Promise<TestServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'secure-mqtt-s_server-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content, { mode: 0o600 });
  const port = await freePort();
  const child: ChildProcess = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', ...args], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const gone = once(child, 'close');
  let log = '';
  child.stderr?.on('data', (chunk) => (log += String(chunk)));
  const server: TestServer = {
    port,
    received: () => Buffer.alloc(0),
    close: async () => {
      running.delete(server);
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  running.add(server);
  await untilItListens(port, () => (child.exitCode === null ? undefined : log));
  return server;
}

/** s_server says nothing with -quiet, so it is asked: connect until it accepts. */
async function untilItListens(port: number, ended: () => string | undefined): Promise<void> {
  for (;;) {
    const problem = ended();
    if (problem !== undefined) throw new Error(`openssl s_server ended: ${problem}`);
    const socket = net.connect(port, '127.0.0.1');
    const accepted = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (accepted) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
