import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { WebSocket } from 'ws';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import { AccessList } from '../../../src/mqtt/acl';
import type { OutgoingPublish } from '../../../src/mqtt/outgoing-message';
import { SecureMqttServer, type MqttServerOptions } from '../../../src/mqtt/server';
import { Users } from '../../../src/mqtt/server-admission';
import { parseHosts } from '../../../src/mqtt/server-certificate';
import { TOGETHER_MS } from '../../../src/mqtt/server-news';
import type { SessionOptions } from '../../../src/mqtt/session-options';
import { secretPrivateKeyPem } from '../../../src/pki/private-key';
import type { ClientIdentity } from '../../../src/tls/client-identity';
import { connectPacket } from '../../../src/tls/mqtt-greeting';
import { asIdentity } from '../../support/broker-certificates';
import { makeLeaf, makeRoot } from '../../support/certificates';
import { closeConnections, failureOf, Inbox, reached, testConnection } from '../../support/connection';
import { EmbeddedServers } from '../../support/embedded-server';
import { freePort } from '../../support/free-port';
import { MemoryClock } from '../../support/memory-clock';

const message = (topic: string, payload: string | Buffer = 'x', qos: 0 | 1 | 2 = 1): OutgoingPublish => ({
  topic,
  payload,
  qos,
  retain: false,
});

const SECURE_SERVER = { security: 'server' as const, users: Users.parse('alice:secret') };

describe('MQTT over WebSockets at the embedded server', () => {
  let servers: EmbeddedServers;
  let authority: CertificateAuthority;
  let device: ClientIdentity;
  const sockets = new Set<tls.TLSSocket>();

  before(async () => {
    servers = await EmbeddedServers.withNewAuthority();
    authority = servers.authority;
    device = await servers.identityOf('device');
  });
  afterEach(async () => {
    await closeConnections();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await servers.stop();
  });
  after(() => servers.release());

  const start = (options: Partial<MqttServerOptions> = {}) => servers.start({ wsPort: 0, ...options });

  const connectionTo = (
    { wsPort = 0 }: SecureMqttServer,
    identity: ClientIdentity | undefined = device,
    session: Partial<SessionOptions> = {},
  ) =>
    testConnection({
      port: wsPort,
      webSocketPath: '/mqtt',
      material: () => ({ trust: servers.trust, identity }),
      session,
    });

  const tlsOptions = (port: number | undefined, identity: ClientIdentity | undefined = device) => ({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: authority.trustAnchorsPem,
    ...(identity ? { cert: identity.certificatePem, key: secretPrivateKeyPem(identity.secretKey) } : {}),
  });

  /** A finished handshake, and nothing said yet. */
  async function tlsTo(port: number | undefined, identity?: ClientIdentity): Promise<tls.TLSSocket> {
    const socket = tls.connect(tlsOptions(port, identity));
    sockets.add(socket);
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  }

  /** Somebody else's client. */
  function webSocketTo({ wsPort }: SecureMqttServer, subprotocols: string[], options: object = {}): WebSocket {
    const socket = new WebSocket(`wss://localhost:${wsPort}/any/path`, subprotocols, {
      ...tlsOptions(wsPort),
      ...options,
    } as never);
    socket.on('error', () => undefined);
    return socket;
  }

  it('is as over TLS alone, and both kinds of clients talk to each other', async () => {
    const running = await start();
    const overTls = testConnection({
      port: running.port,
      material: () => ({ trust: servers.trust, identity: device }),
      session: { clientId: 'over TLS' },
    });
    const overWebSocket = connectionTo(running, device, { clientId: 'over WebSocket' });
    const [here, there] = [new Inbox(), new Inbox()];
    overTls.connect();
    overWebSocket.connect();
    assert.equal((await reached(overWebSocket, 'connected')).verification, 'verified');
    await reached(overTls, 'connected');
    await overTls.subscribe('a/#', 'test', { qos: 2 }, there.receive);
    await overWebSocket.subscribe('a/#', 'test', { qos: 2 }, here.receive);
    const large = Buffer.alloc(3_000_000, 7);
    for (const qos of [0, 1, 2] as const) await overWebSocket.publish(message(`a/${qos}`, large, qos));
    await Promise.all([here.count(3), there.count(3)]);
    assert.ok([...here.received, ...there.received].every(({ payload }) => large.equals(payload)));
    const { serialNumber } = authority.find({ by: 'name', value: 'device' });
    const { address, ...told } = await servers.event('connected', 'over WebSocket');
    assert.deepEqual(told, { event: 'connected', clientId: 'over WebSocket', identity: 'device', serialNumber });
    assert.equal(address, '127.0.0.1');
    assert.equal(running.connectedClients, 2);
    await overWebSocket.close();
    assert.equal((await servers.event('disconnected', 'over WebSocket')).code, undefined);
  });

  it('is not there without a port for it', async () => {
    assert.equal((await servers.start()).wsPort, undefined);
  });

  describe('refuses clients for the same reasons', () => {
    const rows: [string, () => ClientIdentity | undefined | Promise<ClientIdentity | undefined>, string][] = [
      ['no certificate', () => undefined, 'TLS_CLIENT_CERT_REQUIRED'],
      [
        'a certificate of another CA',
        async () => asIdentity(await makeLeaf(await makeRoot(), { profile: 'client', commonName: 'x', names: [] })),
        'CERT_ISSUER_UNKNOWN',
      ],
      ['a server certificate', () => servers.identityOf('srv', 'server'), 'CERT_PURPOSE'],
      [
        'a revoked certificate',
        async () => {
          const identity = await servers.identityOf('gone');
          await authority.revoke({ by: 'name', value: 'gone' });
          return identity;
        },
        'CERT_REVOKED',
      ],
    ];
    for (const [what, identity, told] of rows) {
      it(`${what}: ${told}`, async () => {
        const running = await start();
        const given = await identity();
        const connection = testConnection({
          port: running.wsPort ?? 0,
          webSocketPath: '/',
          material: () => ({ trust: servers.trust, identity: given }),
        });
        const failure = await failureOf(connection);
        assert.equal((await servers.event('refused')).code, told);
        assert.match(failure.code, /^TLS_CLIENT_CERT_/, failure.message);
      });
    }

    it('a wrong password', async () => {
      const running = await start(SECURE_SERVER);
      const connection = connectionTo(running, undefined, { username: 'alice', secretPassword: 'wrong' });
      assert.equal((await failureOf(connection)).code, 'MQTT_REFUSED');
      assert.equal((await servers.event('refused')).code, 'MQTT_REFUSED');
    });
  });

  it('disconnects a client the moment its certificate is revoked', async () => {
    const running = await start();
    const connection = connectionTo(running, await servers.identityOf('leaving'), { clientId: 'leaving' });
    connection.connect();
    await servers.event('connected', 'leaving');
    await authority.revoke({ by: 'name', value: 'leaving' });
    assert.equal((await servers.event('disconnected', 'leaving')).code, 'CERT_REVOKED');
    assert.equal((await servers.event('refused')).code, 'CERT_REVOKED');
  });

  it('keeps to the access rules', async () => {
    const running = await start({ acl: AccessList.parse('pattern readwrite %u/#') });
    const connection = connectionTo(running);
    const inbox = new Inbox();
    connection.connect();
    await reached(connection, 'connected');
    await connection.subscribe('#', 'test', { qos: 1 }, inbox.receive);
    await connection.publish(message('other/a'));
    await connection.publish(message('device/a'));
    await inbox.count(1);
    assert.deepEqual(
      inbox.received.map(({ topic }) => topic),
      ['device/a'],
    );
  });

  describe('answers a request that is not for MQTT', () => {
    async function answerTo(
      running: SecureMqttServer,
      headers: Record<string, string>,
    ): Promise<{ status?: number; body: string }> {
      const request = https.get({ ...tlsOptions(running.wsPort), headers });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return { status: response.statusCode, body: await text(response) };
    }
    const upgrade = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'x3JJHMbDL1EzLkh9GBhXDw==',
    };
    const rows: [string, Record<string, string>, number, RegExp][] = [
      ['of a browser for a page', {}, 426, /asked for a web page/],
      ['for a WebSocket of no protocol', upgrade, 400, /no protocol/],
      ['for a chat', { ...upgrade, 'Sec-WebSocket-Protocol': 'chat, superchat' }, 400, /"chat, superchat"/],
      ['without a key', { ...upgrade, 'Sec-WebSocket-Protocol': 'mqtt', 'Sec-WebSocket-Key': '' }, 400, /wrong way/],
      ['with endless headers', { 'X-Filler': 'x'.repeat(20_000) }, 400, /does not speak HTTP/],
    ];
    for (const [what, headers, status, reason] of rows) {
      it(`${what}: ${status}`, async () => {
        const running = await start();
        assert.equal((await answerTo(running, headers)).status, status);
        const refused = await servers.event('refused');
        assert.equal(refused.code, 'MQTT_WEBSOCKET');
        assert.match(refused.message ?? '', reason);
        assert.equal(refused.identity, 'device');
      });
    }

    it('nor of HTTP: MQTT that lost its way', async () => {
      const running = await start();
      const socket = await tlsTo(running.wsPort);
      socket.write(connectPacket({ protocolVersion: 4, clientId: 'lost' }));
      assert.match(await text(socket), /^HTTP\/1\.1 400/);
      assert.match((await servers.event('refused')).message ?? '', /does not speak HTTP/);
    });

    it('does not come: the client is cut off', async () => {
      const clock = new MemoryClock();
      const running = await start({ clock });
      const socket = await tlsTo(running.wsPort);
      const partly = once(socket, 'close');
      socket.write('GET / HTTP/1.1\r\nHost: local');
      while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(10_000);
      await partly;
      assert.equal((await servers.event('refused')).code, 'MQTT_TIMEOUT');
      // Those like it would be told together.
      await clock.advance(TOGETHER_MS);
      assert.equal(clock.waiting, 0);
    });
  });

  describe('lets web pages in', () => {
    const rows: [string, Partial<MqttServerOptions>, string, boolean][] = [
      ['of its own hosts, with certificates', {}, 'http://localhost:1880', true],
      ['of its own address', {}, 'https://127.0.0.1', true],
      ['not of other hosts, which would borrow the certificate of the browser', {}, 'https://evil.test', false],
      ['not of a host that begins alike', {}, 'https://localhost.evil.test', false],
      ['not of no host', {}, 'null', false],
      ['of all hosts where they need a password', SECURE_SERVER, 'https://dashboard.test', true],
    ];
    for (const [what, options, origin, accepted] of rows) {
      it(what, async () => {
        const running = await start(options);
        const socket = webSocketTo(running, ['mqtt'], { origin });
        if (accepted) {
          await once(socket, 'open');
        } else {
          const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
          assert.equal(response.statusCode, 403);
          const refused = await servers.event('refused');
          assert.equal(refused.code, 'MQTT_WEBSOCKET');
          assert.match(refused.message ?? '', /localhost, 127\.0\.0\.1/);
        }
        socket.terminate();
      });
    }
  });

  describe('bounds what it keeps', () => {
    const connect = connectPacket({ protocolVersion: 4, clientId: 'big', username: 'alice', secretPassword: 'secret' });
    async function openTo(running: SecureMqttServer): Promise<WebSocket> {
      const socket = webSocketTo(running, ['mqtt']);
      await once(socket, 'open');
      return socket;
    }
    const send = (socket: WebSocket, bytes: Buffer): void => socket.send(bytes, () => undefined);

    it('of a message that does not end, before CONNECT', async () => {
      const socket = await openTo(await start(SECURE_SERVER));
      const closed = once(socket, 'close');
      // It is handed on only when it is complete, so nothing above sees a byte of it.
      socket.send(Buffer.alloc(1_000_000), { fin: false });
      await closed;
      assert.equal((await servers.event('refused')).code, 'MQTT_PROTOCOL');
    });

    it('of a CONNECT in small frames that is announced too large', async () => {
      const socket = await openTo(await start(SECURE_SERVER));
      const closed = once(socket, 'close');
      for (const byte of [0x10, 0xff, 0xff, 0xff, 0x7f]) send(socket, Buffer.from([byte]));
      await closed;
      const refused = await servers.event('refused');
      assert.equal(refused.code, 'MQTT_PROTOCOL');
      assert.match(refused.message ?? '', /268435455/);
    });

    it('of a message after CONNECT that is larger than any packet', async () => {
      const running = await start(SECURE_SERVER);
      const socket = await openTo(running);
      send(socket, connect);
      await servers.event('connected', 'big');
      const closed = once(socket, 'close');
      send(socket, Buffer.alloc(11 * 1024 * 1024));
      await closed;
      assert.equal((await servers.event('disconnected', 'big')).code, 'MQTT_PROTOCOL');
      assert.equal(running.connectedClients, 0);
    });

    it('but takes a large packet in one message', async () => {
      const running = await start(SECURE_SERVER);
      const socket = await openTo(running);
      send(socket, connect);
      await servers.event('connected', 'big');
      const reader = connectionTo(running, undefined, { username: 'alice', secretPassword: 'secret' });
      const inbox = new Inbox();
      reader.connect();
      await reached(reader, 'connected');
      await reader.subscribe('t', 'test', { qos: 0 }, inbox.receive);
      // PUBLISH of QoS 0 to "t" with 9,000,000 bytes in all (MQTT 3.1.1 §3.3).
      send(socket, Buffer.concat([Buffer.from([0x30, 0xc0, 0xa8, 0xa5, 0x04, 0, 1, 0x74]), Buffer.alloc(8_999_997)]));
      const [received] = await inbox.count(1);
      assert.equal(received?.payload.length, 8_999_997);
      socket.terminate();
    });

    it('of text, which is not MQTT', async () => {
      const socket = await openTo(await start());
      const closed = once(socket, 'close');
      socket.send('hello');
      await closed;
      assert.match((await servers.event('refused')).message ?? '', /text/);
    });
  });

  it('shows a renewed certificate on both ports, and no session tickets before and after', async () => {
    const running = await start({ hosts: parseHosts('renewing.test, 127.0.0.1') });
    const shown = (port: number | undefined) =>
      new Promise<string>((resolve) => {
        const socket = tls.connect({ ...tlsOptions(port), servername: 'renewing.test', maxVersion: 'TLSv1.2' }, () => {
          assert.equal(socket.getTLSTicket(), undefined);
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on('error', () => undefined);
      });
    const before = await shown(running.wsPort);
    assert.equal(await shown(running.port), before);
    const renewed = await authority.renew({ by: 'name', value: 'renewing.test' });
    // The server asks the CA in its next turn.
    for (let turn = 0; turn < 100 && (await shown(running.wsPort)) === before; turn += 1);
    assert.equal(await shown(running.wsPort), renewed.serialNumber);
    assert.equal(await shown(running.port), renewed.serialNumber);
  });

  it('says which of the ports is taken, and lets go of the other', async () => {
    const { port: taken } = await start();
    const port = await freePort();
    await assert.rejects(
      SecureMqttServer.start({
        authority,
        port,
        wsPort: taken,
        bindAddress: '127.0.0.1',
        hosts: parseHosts('localhost'),
        security: 'mutual',
        users: Users.parse(''),
        acl: AccessList.parse(''),
      }),
      { code: 'NET_ADDRESS_IN_USE', cause: { port: taken, address: '127.0.0.1', code: 'EADDRINUSE' } },
    );
    const next = net.createServer().listen(port, '127.0.0.1');
    await once(next, 'listening');
    next.close();
  });
});
