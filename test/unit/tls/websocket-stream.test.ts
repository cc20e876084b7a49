import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Target } from '../../../src/tls/target';
import { describeRefusal, refusalError, type WebSocketRefusal } from '../../../src/tls/websocket-refusal';
import { openWebSocket, WebSocketAcceptor, WebSocketRefused } from '../../../src/tls/websocket-stream';
import { closeServers, startTcpServer, type Conversation } from '../../support/tls-servers';

const target = (port: number, parts: Partial<Target> = {}): Target => ({
  protocol: 'wss',
  host: 'broker.test',
  port,
  path: '/mqtt',
  ...parts,
});

/** What the server answers to the request, whatever it is. */
const answering =
  (answer: string | Buffer): Conversation =>
  (socket) =>
    socket.once('data', () => socket.end(answer));

async function connected(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('openWebSocket', () => {
  const servers = new Set<WebSocketServer>();
  afterEach(async () => {
    for (const server of servers) {
      for (const client of server.clients) client.terminate();
      server.close();
    }
    servers.clear();
    await closeServers();
  });

  async function refusalOf(conversation: Conversation, parts: Partial<Target> = {}): Promise<WebSocketRefusal> {
    const { port } = await startTcpServer(conversation);
    const connection = await connected(port);
    const refused = await openWebSocket(connection, target(port, parts)).then(
      () => assert.fail('it was opened'),
      (error: unknown) => error,
    );
    assert.ok(refused instanceof WebSocketRefused, String(refused));
    assert.equal(connection.destroyed, true, 'and lets go of the connection');
    return refused.refusal;
  }

  /** A real WebSocket server, and a stream to it. */
  async function opened(): Promise<{ stream: Duplex; peer: WebSocket; requestHeaders: Record<string, unknown> }> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    servers.add(server);
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const arrived = once(server, 'connection') as Promise<[WebSocket, { headers: Record<string, unknown> }]>;
    const stream = await openWebSocket(await connected(port), target(port));
    stream.on('error', () => undefined);
    const [peer, { headers }] = await arrived;
    return { stream, peer, requestHeaders: headers };
  }

  it('tells of a wrong frame that came with the handshake once somebody listens: it ends no process', async () => {
    const { port } = await startTcpServer((socket) =>
      socket.once('data', (request: Buffer) => {
        const [, key = ''] = /Sec-WebSocket-Key: (\S+)/i.exec(request.toString('latin1')) ?? [];
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
        lines.push('Sec-WebSocket-Protocol: mqtt', `Sec-WebSocket-Accept: ${accept}`, '', '');
        // A frame of text that is no UTF-8.
        socket.write(Buffer.concat([Buffer.from(lines.join('\r\n')), Buffer.from('8101ff', 'hex')]));
      }),
    );
    const stream = await openWebSocket(await connected(port), target(port));
    // The stream of a broker is handed through several promises before MQTT listens to it.
    for (let promises = 0; promises < 20; promises += 1) await Promise.resolve();
    const [error] = (await once(stream, 'error')) as [Error];
    assert.match(error.message, /UTF-8/);
  });

  describe('sends one request', () => {
    const rows: { what: string; parts: Partial<Target>; line: string; host: (port: number) => string }[] = [
      {
        what: 'with path and query',
        parts: { path: '/a/b?c=d' },
        line: 'GET /a/b?c=d',
        host: (p) => `broker.test:${p}`,
      },
      { what: 'without path', parts: { path: '' }, line: 'GET /', host: (p) => `broker.test:${p}` },
      { what: 'to an IPv6 address', parts: { host: '::1' }, line: 'GET /mqtt', host: (p) => `[::1]:${p}` },
      {
        what: 'to an address with a zone',
        parts: { host: 'fe80::1%eth0' },
        line: 'GET /mqtt',
        host: (p) => `[fe80::1]:${p}`,
      },
      {
        what: 'that names what is verified',
        parts: { servername: 'other.test' },
        line: 'GET /mqtt',
        host: (p) => `other.test:${p}`,
      },
    ];
    for (const { what, parts, line, host } of rows) {
      it(what, async () => {
        const server = await startTcpServer(answering('HTTP/1.1 400 No\r\n\r\n'));
        await openWebSocket(await connected(server.port), target(server.port, parts)).catch(() => undefined);
        const lines = server.received().toString().split('\r\n');
        assert.equal(lines[0], `${line} HTTP/1.1`);
        assert.deepEqual(
          lines.filter((each) => each.startsWith('Host:')),
          [`Host: ${host(server.port)}`],
        );
        assert.ok(lines.includes('Sec-WebSocket-Protocol: mqtt'));
        assert.ok(!lines.some((each) => /^(origin|sec-websocket-extensions):/i.test(each)));
      });
    }
  });

  describe('says why there is no WebSocket', () => {
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
    const rows: [string, Conversation, WebSocketRefusal, RegExp, RegExp][] = [
      [
        'a path that is none',
        answering('HTTP/1.1 404 Not Found\r\n\r\n'),
        { kind: 'status', status: 404 },
        /404/,
        /path: .*\/mqtt/,
      ],
      ['a web page', answering('HTTP/1.1 200 OK\r\n\r\n<html>'), { kind: 'status', status: 200 }, /200/, /web page/],
      ['a login', answering('HTTP/1.1 401 Unauthorized\r\n\r\n'), { kind: 'status', status: 401 }, /401/, /login/],
      [
        'a proxy without broker',
        answering('HTTP/1.1 502 Bad Gateway\r\n\r\n'),
        { kind: 'status', status: 502 },
        /502/,
        /start the broker/,
      ],
      [
        'another address, which is not followed',
        answering('HTTP/1.1 301 Moved\r\nLocation: wss://elsewhere.test/mqtt\r\n\r\n'),
        { kind: 'status', status: 301, location: 'wss://elsewhere.test/mqtt' },
        /301/,
        /elsewhere/,
      ],
      [
        'no subprotocol',
        answering(`${upgrade}\r\n`),
        { kind: 'subprotocol', subprotocol: '' },
        /no protocol/,
        /\/mqtt/,
      ],
      [
        'another subprotocol',
        answering(`${upgrade}Sec-WebSocket-Protocol: chat\r\n\r\n`),
        { kind: 'subprotocol', subprotocol: 'chat' },
        /"chat"/,
        /path/,
      ],
      [
        'a wrong key',
        answering(`${upgrade}Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: x\r\n\r\n`),
        { kind: 'handshake', problem: 'Invalid Sec-WebSocket-Accept header' },
        /Accept/,
        /proxy/,
      ],
      [
        'MQTT without WebSockets',
        answering(Buffer.from([0x20, 0x02, 0x00, 0x00])),
        { kind: 'not-http', firstBytes: Buffer.from([0x20, 0x02, 0x00, 0x00]) },
        /20020000/,
        /MQTT over TLS/,
      ],
      ['nothing', (socket) => socket.once('data', () => socket.end()), { kind: 'closed' }, /closed/, /MQTT over TLS/],
      ['a reset', (socket) => socket.once('data', () => socket.resetAndDestroy()), { kind: 'closed' }, /closed/, /./],
    ];
    for (const [what, conversation, expected, message, fix] of rows) {
      it(what, async () => {
        const refusal = await refusalOf(conversation);
        assert.deepEqual(refusal, expected);
        const error = refusalError(refusal, target(8884));
        assert.equal(error.code, expected.kind === 'closed' ? 'NET_CLOSED' : 'MQTT_WEBSOCKET');
        assert.match(error.message, message);
        assert.match(error.hint, fix);
        assert.deepEqual(describeRefusal(refusal, target(8884)).facts, error.cause);
        assert.equal(error.cause.target, 'wss://broker.test:8884/mqtt');
      });
    }

    it('endless headers, without keeping them', async () => {
      const refusal = await refusalOf((socket) => {
        socket.once('data', () => socket.write(`HTTP/1.1 101 Yes\r\n${'X-Filler: x\r\n'.repeat(10_000)}`));
      });
      assert.equal(refusal.kind, 'not-http');
    });

    it('nobody waits any more', async () => {
      const { port } = await startTcpServer(() => undefined);
      const connection = await connected(port);
      const giveUp = new AbortController();
      const opening = openWebSocket(connection, target(port), giveUp.signal);
      giveUp.abort();
      await assert.rejects(opening, WebSocketRefused);
      assert.equal(connection.destroyed, true);
      await assert.rejects(openWebSocket(await connected(port), target(port), giveUp.signal), WebSocketRefused);
    });
  });

  describe('gives a stream of bytes', () => {
    it('in both directions, in binary messages, asking for the subprotocol mqtt', async () => {
      const { stream, peer, requestHeaders } = await opened();
      assert.equal(requestHeaders['sec-websocket-protocol'], 'mqtt');
      const message = once(peer, 'message');
      stream.write(Buffer.from('to the broker'));
      const [bytes, isBinary] = (await message) as [Buffer, boolean];
      assert.deepEqual([bytes.toString(), isBinary], ['to the broker', true]);
      peer.send(Buffer.from('from '));
      peer.send(Buffer.from('the broker'));
      peer.close(1000);
      assert.equal((await buffer(stream)).toString(), 'from the broker');
    });

    it('with a packet written in pieces as one message, and a long one in frames of one TLS record', async () => {
      const { stream, peer } = await opened();
      const sizes: number[] = [];
      let total = 0;
      const done = new Promise<void>((resolve) =>
        peer.on('message', (bytes: Buffer) => {
          sizes.push(bytes.length);
          total += bytes.length;
          if (total === 3 + 100_000) resolve();
        }),
      );
      stream.cork();
      for (const piece of ['a', 'b', 'c']) stream.write(piece);
      stream.uncork();
      stream.write(Buffer.alloc(100_000, 1));
      await done;
      assert.equal(sizes[0], 3);
      assert.ok(
        sizes.every((size) => size <= 16 * 1024),
        sizes.join(),
      );
    });

    it('that is not read faster than it is wanted', async () => {
      const { stream, peer } = await opened();
      const chunk = Buffer.alloc(64 * 1024);
      for (let index = 0; index < 200; index += 1) peer.send(chunk);
      await once(stream, 'readable');
      const waiting = stream.readableLength;
      assert.ok(waiting < 20 * chunk.length, `${waiting} bytes wait on our side`);
      peer.close();
      assert.equal((await buffer(stream)).length, 200 * chunk.length);
    });

    it('that answers pings', async () => {
      const { peer } = await opened();
      const pong = once(peer, 'pong');
      peer.ping('are you there');
      assert.equal(String((await pong)[0]), 'are you there');
    });

    it('whose end is a close frame', async () => {
      const { stream, peer } = await opened();
      const closed = once(peer, 'close');
      const ended = once(stream, 'close');
      stream.end('last');
      stream.resume();
      assert.equal((await closed)[0], 1000);
      await ended;
    });

    const failures: [string, (peer: WebSocket) => void, RegExp][] = [
      ['text, which is not MQTT', (peer) => peer.send('hello'), /text/],
      ['a close with a reason', (peer) => peer.close(1008, 'not on Sundays'), /1008: not on Sundays/],
      ['a frame that is none', (peer) => rawSocket(peer).write(Buffer.from([0xff, 0xff])), /RSV/],
    ];
    for (const [what, act, expected] of failures) {
      it(`that fails with ${what}`, async () => {
        const { stream, peer } = await opened();
        peer.on('error', () => undefined);
        const failed = once(stream, 'error');
        act(peer);
        assert.match(String((await failed)[0]), expected);
        await (stream.closed || once(stream, 'close'));
      });
    }

    it('that says what broke the connection', async () => {
      const { stream, peer } = await opened();
      const failed = once(stream, 'error') as Promise<[NodeJS.ErrnoException]>;
      rawSocket(peer).resetAndDestroy();
      assert.equal((await failed)[0].code, 'ECONNRESET');
      assert.equal(stream.destroyed, true);
    });
  });
});

describe('WebSocketAcceptor', () => {
  afterEach(closeServers);

  it('answers status 400 to a request that is none', async () => {
    const acceptor = new WebSocketAcceptor(1000);
    const { port } = await startTcpServer((socket) => {
      const request = { method: 'GET', headers: { upgrade: 'websocket' }, socket };
      assert.equal(acceptor.accept(request as never, socket, Buffer.alloc(0)), undefined);
    });
    const answer = await buffer(await connected(port));
    assert.match(answer.toString(), /^HTTP\/1\.1 400 /);
  });
});

/** The connection below a WebSocket of the test. */
function rawSocket(peer: WebSocket): net.Socket {
  return (peer as unknown as { _socket: net.Socket })._socket;
}
