import assert from 'node:assert/strict';
import { getDiffieHellman } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { der } from '../../src/encoding/der-writer';
import { encodePem } from '../../src/encoding/pem';
import { probe, type ProbeOptions } from '../../src/tls/probe';
import type { ProbeReport } from '../../src/tls/probe-report';
import { inDays } from '../support/certificates';
import {
  handmadeClient,
  handmadeRoot,
  handmadeServer,
  identityOf,
  rsaKey,
  trusting,
  type HandmadeCertificate,
} from '../support/certificates-fixture';
import { freePort } from '../support/free-port';
import {
  closeServers,
  mqttConversation,
  startOpensslServer,
  startTcpServer,
  startTlsServer,
  startWebSocketBroker,
  type TestServer,
} from '../support/tls-servers';

const root = handmadeRoot();
const server = handmadeServer(root);
const rsaServer = handmadeServer(root, { key: rsaKey(2048), keyUsage: ['digitalSignature', 'keyEncipherment'] });
const client = handmadeClient(root);
const otherClient = handmadeClient(handmadeRoot({ commonName: 'Other' }));
const NO_TIME_MS = 300;

interface Endpoint {
  start?: () => Promise<Pick<TestServer, 'port'>>;
  target?: (port: number) => string;
  options?: Partial<ProbeOptions>;
  code: string | null;
  stage: string;
  message?: RegExp;
  fix?: RegExp;
  alert?: number;
  check?(report: ProbeReport): void;
}

const pem = {
  'server.pem': server.pem + server.keyPem,
  'rsa.pem': rsaServer.pem + rsaServer.keyPem,
  'ca.pem': root.pem,
};
const greet = (banner: string) => () => startTcpServer((socket) => socket.end(banner));
const refused = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

/** A TLS server behind a wire that is cut after some bytes from it. */
async function cutAfter(bytes: number): Promise<TestServer> {
  const inner = await startTlsServer({ identity: server });
  return startTcpServer((socket) => {
    const upstream = net.connect(inner.port, '127.0.0.1');
    upstream.on('error', () => undefined);
    let left = bytes;
    socket.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      socket.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) socket.end();
    });
  });
}

function dhParameters(group: string): string {
  const prime = getDiffieHellman(group).getPrime();
  return encodePem('DH PARAMETERS', der.sequence(der.integer(prime), der.integer(2)));
}

/** Endpoints that fail before or beside the certificate. */
const ENDPOINTS: Record<string, Endpoint> = {
  'name does not exist': {
    target: () => 'broker.invalid:8883',
    options: { resolve: refused('ENOTFOUND') },
    code: 'NET_DNS',
    stage: 'dns',
    message: /"broker\.invalid" does not resolve to an address \(ENOTFOUND\)/,
  },
  'no name server answers': {
    target: () => 'broker.example',
    options: { resolve: refused('EAI_AGAIN') },
    code: 'NET_DNS',
    stage: 'dns',
    fix: /name service does not answer/,
  },
  'mDNS name': {
    target: () => 'pi.local',
    options: { resolve: refused('ENOTFOUND') },
    code: 'NET_DNS',
    stage: 'dns',
    fix: /mDNS/,
  },
  'resolver hangs': {
    target: () => 'broker.example',
    options: { resolve: () => new Promise(() => undefined), timeoutMs: NO_TIME_MS },
    code: 'NET_DNS',
    stage: 'dns',
    message: /no answer/,
  },
  'the system says so itself': { target: () => 'no-such-host.invalid', code: 'NET_DNS', stage: 'dns' },
  'no address of the family asked for': {
    target: () => 'broker.example',
    options: { family: 6, resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 as const }]) },
    code: 'NET_DNS',
    stage: 'dns',
  },
  'nothing listens': {
    start: async () => ({ port: await freePort() }),
    code: 'NET_REFUSED',
    stage: 'tcp',
    message: /nothing listens on port \d+ of 127\.0\.0\.1: 127\.0\.0\.1 \(ECONNREFUSED\)/,
  },
  'nothing listens on both addresses': {
    start: async () => ({ port: await freePort() }),
    target: (port) => `broker.example:${port}`,
    options: {
      resolve: () =>
        Promise.resolve([
          { address: '::1', family: 6 as const },
          { address: '127.0.0.1', family: 4 as const },
        ]),
    },
    code: 'NET_REFUSED',
    stage: 'tcp',
    message: /::1 \(ECONNREFUSED\), 127\.0\.0\.1 \(ECONNREFUSED\)/,
  },
  'accepted, then silent': {
    start: () => startTcpServer(() => undefined),
    options: { timeoutMs: NO_TIME_MS },
    code: 'NET_TIMEOUT',
    stage: 'tls',
    message: /accepted the connection and then said nothing/,
  },
  'closed at once': { start: () => startTcpServer((socket) => socket.end()), code: 'NET_CLOSED', stage: 'tls' },
  'reset at once': {
    start: () => startTcpServer((socket) => socket.resetAndDestroy()),
    code: 'NET_CLOSED',
    stage: 'tls',
  },
  'closed in the middle of the handshake': {
    start: () => cutAfter(150),
    code: 'NET_CLOSED',
    stage: 'tls',
    message: /in the middle of the TLS handshake/,
  },
  'plain MQTT port': {
    start: () => startTcpServer(mqttConversation()),
    code: 'TLS_PLAIN_MQTT',
    stage: 'tls',
    message: /speaks MQTT without encryption/,
    fix: /8883/,
  },
  'HTTP port': {
    start: () =>
      new Promise((resolve) => {
        const web = http.createServer().listen(0, '127.0.0.1', () => {
          resolve({ port: (web.address() as net.AddressInfo).port });
          web.unref();
        });
      }),
    code: 'TLS_NOT_TLS',
    stage: 'tls',
    message: /speaks HTTP, not TLS/,
  },
  'SSH port': {
    start: greet('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'),
    code: 'TLS_NOT_TLS',
    stage: 'tls',
    message: /speaks SSH/,
  },
  'SMTP port': {
    start: greet('220 mail.example ESMTP Postfix\r\n'),
    code: 'TLS_NOT_TLS',
    stage: 'tls',
    message: /speaks SMTP/,
  },
  'unknown protocol': {
    start: greet('\u0001\u0002hello'),
    code: 'TLS_NOT_TLS',
    stage: 'tls',
    message: /answered 0102/,
  },
  'server only speaks TLS 1.1': {
    start: () => startOpensslServer(pem, ['-cert', 'rsa.pem', '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']),
    code: 'TLS_VERSION',
    stage: 'tls',
    alert: 70,
  },
  'client wants TLS 1.3, server speaks 1.2': {
    start: () => startTlsServer({ identity: server, maxVersion: 'TLSv1.2' }),
    options: { material: { ...trusting(root), minVersion: 'TLSv1.3' } },
    code: 'TLS_VERSION',
    stage: 'tls',
    fix: /minimum version/,
    alert: 70,
  },
  'no shared cipher': {
    start: () => startTlsServer({ identity: server, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
    code: 'TLS_NO_SHARED_CIPHER',
    stage: 'tls',
    alert: 40,
  },
  'no shared curve': {
    start: () => startTlsServer({ identity: server, ecdhCurve: 'brainpoolP256r1' }),
    code: 'TLS_NO_SHARED_CIPHER',
    stage: 'tls',
    alert: 40,
  },
  'unknown server name': {
    start: () =>
      startOpensslServer(pem, [
        '-cert',
        'server.pem',
        '-cert2',
        'server.pem',
        '-servername',
        'broker.example',
        '-servername_fatal',
      ]),
    target: (port) => `localhost:${port}`,
    options: { family: 4 },
    code: 'TLS_SERVERNAME',
    stage: 'tls',
    message: /does not know the server name "localhost"/,
    alert: 112,
  },
  'no shared ALPN': {
    start: () => startTlsServer({ identity: server, ALPNProtocols: ['x-amzn-mqtt-ca'] }),
    options: { material: { ...trusting(root), alpn: ['mqtt'] } },
    code: 'TLS_ALPN',
    stage: 'tls',
    alert: 120,
  },
  'ALPN agreed': {
    start: () => startTlsServer({ identity: server, ALPNProtocols: ['mqtt'], conversation: mqttConversation() }),
    options: { material: { ...trusting(root), alpn: ['mqtt'] } },
    code: null,
    stage: 'done',
    check: ({ tls }) => assert.equal(tls?.alpn, 'mqtt'),
  },
  'Diffie-Hellman with 1024 bits': {
    start: () =>
      startTlsServer({
        identity: rsaServer,
        maxVersion: 'TLSv1.2',
        ciphers: 'DHE-RSA-AES128-GCM-SHA256',
        dhparam: dhParameters('modp2'),
        conversation: mqttConversation(),
      }),
    code: null,
    stage: 'done',
    check: ({ severity, warnings, tls }) => {
      assert.equal(tls?.group, 'DH 1024 bit');
      assert.deepEqual([severity, warnings[0]?.code], ['warning', 'CERT_WEAK']);
    },
  },
  'HelloRetryRequest is followed': {
    start: () =>
      startTlsServer({
        identity: server,
        ecdhCurve: 'secp521r1',
        minVersion: 'TLSv1.3',
        conversation: mqttConversation(),
      }),
    code: null,
    stage: 'done',
    check: ({ tls, chainSent }) => {
      assert.equal(tls?.group, 'secp521r1');
      assert.equal(chainSent.length, 1);
    },
  },
  ChaCha20: {
    start: () =>
      startTlsServer({
        identity: server,
        minVersion: 'TLSv1.3',
        ciphers: 'TLS_CHACHA20_POLY1305_SHA256',
        conversation: mqttConversation(),
      }),
    code: null,
    stage: 'done',
    check: ({ tls, chainSent }) =>
      assert.deepEqual([tls?.cipher, chainSent.length], ['TLS_CHACHA20_POLY1305_SHA256', 1]),
  },
  'AES-128': {
    start: () =>
      startTlsServer({
        identity: server,
        minVersion: 'TLSv1.3',
        ciphers: 'TLS_AES_128_GCM_SHA256',
        conversation: mqttConversation(),
      }),
    code: null,
    stage: 'done',
    check: ({ tls, chainSent }) => assert.deepEqual([tls?.cipher, chainSent.length], ['TLS_AES_128_GCM_SHA256', 1]),
  },
  'user or password refused, MQTT 3.1.1': {
    start: () => startTlsServer({ identity: server, conversation: mqttConversation(5) }),
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
    message: /TLS is fine.*not authorised \(code 5\)/,
    check: ({ verdicts }) => assert.equal(verdicts.node.ok, true),
  },
  'user or password refused, MQTT 5': {
    start: () => startTlsServer({ identity: server, conversation: mqttConversation(0x86) }),
    options: { protocolVersion: 5 },
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
    message: /bad user name or password \(code 134\)/,
  },
  'no CONNACK': {
    start: () => startTlsServer({ identity: server }),
    options: { timeoutMs: NO_TIME_MS * 3 },
    code: 'MQTT_TIMEOUT',
    stage: 'mqtt',
  },
  'a web server behind TLS': {
    start: () =>
      startTlsServer({
        identity: server,
        conversation: (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      }),
    code: 'MQTT_PROTOCOL',
    stage: 'mqtt',
    message: /speaks HTTP, not MQTT/,
    fix: /https:\/\//,
  },
  'closed after CONNECT': {
    start: () =>
      startTlsServer({ identity: server, conversation: (socket) => socket.once('data', () => socket.end()) }),
    code: 'NET_CLOSED',
    stage: 'mqtt',
    message: /after the MQTT connect/,
  },
  'https stops after the handshake': {
    start: () => startTlsServer({ identity: server }),
    target: (port) => `https://localhost:${port}/`,
    options: { family: 4 },
    code: null,
    stage: 'done',
    check: ({ timings }) => assert.equal(timings.mqttMs, null),
  },
  'plain MQTT as asked for': {
    start: () => startTcpServer(mqttConversation()),
    target: (port) => `mqtt://127.0.0.1:${port}`,
    code: null,
    stage: 'done',
    check: ({ severity, warnings, tls }) =>
      assert.deepEqual([severity, warnings[0]?.code, tls], ['warning', 'MQTT_PLAIN', null]),
  },
  'a broker based on Node demands a certificate, none sent': {
    start: () =>
      startTlsServer({ identity: server, requestCert: true, ca: root.pem, conversation: mqttConversation() }),
    code: 'TLS_CLIENT_CERT_REQUIRED',
    stage: 'clientAuth',
    check: ({ clientAuth }) =>
      assert.deepEqual(clientAuth, { requested: true, required: true, acceptableCAs: ['CN=Root'], sent: false }),
  },
  'the same without MQTT': {
    start: () => startTlsServer({ identity: server, requestCert: true, ca: root.pem }),
    options: { mqtt: false },
    code: 'TLS_CLIENT_CERT_REQUIRED',
    stage: 'clientAuth',
  },
  'a broker based on Node refuses the certificate': {
    start: () =>
      startTlsServer({ identity: server, requestCert: true, ca: root.pem, conversation: mqttConversation() }),
    options: { material: { ...trusting(root), identity: identityOf(otherClient) } },
    code: 'TLS_CLIENT_CERT_REFUSED',
    stage: 'clientAuth',
    fix: /without a reason/,
  },
  'a broker based on Node takes the certificate': {
    start: () =>
      startTlsServer({ identity: server, requestCert: true, ca: root.pem, conversation: mqttConversation() }),
    options: { material: { ...trusting(root), identity: identityOf(client) } },
    code: null,
    stage: 'done',
    check: ({ clientAuth }) =>
      assert.deepEqual([clientAuth.requested, clientAuth.sent, clientAuth.required], [true, true, null]),
  },
  'MQTT over secure WebSockets': {
    start: () => startWebSocketBroker(server),
    target: (port) => `wss://localhost:${port}/mqtt`,
    options: { family: 4 },
    code: null,
    stage: 'done',
    check: ({ timings }) => assert.notEqual(timings.mqttMs, null),
  },
  'a web server without WebSockets': {
    start: () =>
      startTlsServer({
        identity: server,
        conversation: (socket) => socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\n\r\n')),
      }),
    target: (port) => `wss://localhost:${port}/mqtt`,
    options: { family: 4 },
    code: 'MQTT_WEBSOCKET',
    stage: 'mqtt',
    message: /HTTP status 404/,
    fix: /path/,
  },
};

/** What OpenSSL's server, and so most brokers, thinks of client certificates; the alert number tells. */
const CLIENT_CERTIFICATES: Record<string, { identity?: HandmadeCertificate; code: string; alerts: [number, number] }> =
  {
    'no certificate': { code: 'TLS_CLIENT_CERT_REQUIRED', alerts: [40, 116] },
    'another CA': { identity: otherClient, code: 'TLS_CLIENT_CERT_UNKNOWN_CA', alerts: [48, 48] },
    expired: {
      identity: handmadeClient(root, { notBefore: inDays(-30), notAfter: inDays(-3) }),
      code: 'TLS_CLIENT_CERT_EXPIRED',
      alerts: [45, 45],
    },
    'wrong purpose': {
      identity: handmadeClient(root, { extendedKeyUsage: ['serverAuth'] }),
      code: 'TLS_CLIENT_CERT_PURPOSE',
      alerts: [43, 43],
    },
    'not yet valid': {
      identity: handmadeClient(root, { notBefore: inDays(3) }),
      code: 'TLS_CLIENT_CERT_REFUSED',
      alerts: [42, 42],
    },
  };

describe('diagnosis of endpoints that fail', function () {
  afterEach(closeServers);

  for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
    it(name, async () => {
      const port = (await endpoint.start?.())?.port ?? 8883;
      const target = endpoint.target?.(port) ?? `127.0.0.1:${port}`;
      const report = await probe(target, {
        material: trusting(root),
        username: 'u',
        secretPassword: 'canary',
        ...endpoint.options,
      });
      assert.equal(report.code, endpoint.code, `${report.message}; evidence ${JSON.stringify(report.evidence)}`);
      assert.equal(report.stage, endpoint.stage);
      if (endpoint.message) assert.match(report.message, endpoint.message);
      if (endpoint.fix) assert.match(report.fix, endpoint.fix);
      if (endpoint.alert !== undefined) assert.equal(report.evidence.alert, endpoint.alert);
      if (endpoint.code) assert.notEqual(report.fix, '');
      endpoint.check?.(report);
    });
  }

  for (const [name, row] of Object.entries(CLIENT_CERTIFICATES)) {
    for (const [index, version] of ['-tls1_2', '-tls1_3'].entries()) {
      it(`client certificate: ${name}, ${version}`, async () => {
        const verifying = ['-Verify', '1', '-verify_return_error', '-CAfile', 'ca.pem'];
        const { port } = await startOpensslServer(pem, ['-cert', 'server.pem', ...verifying, version]);
        const identity = row.identity ? { identity: identityOf(row.identity) } : {};
        const report = await probe(`127.0.0.1:${port}`, { material: { ...trusting(root), ...identity } });
        assert.equal(report.code, row.code, `${report.message}; evidence ${JSON.stringify(report.evidence)}`);
        assert.equal(report.stage, 'clientAuth');
        assert.equal(report.evidence.alert, row.alerts[index]);
        assert.deepEqual(report.clientAuth.acceptableCAs, ['CN=Root']);
      });
    }
  }
});
