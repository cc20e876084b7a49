import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getDiffieHellman } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { der } from '../../src/encoding/der-writer';
import { encodePem } from '../../src/encoding/pem';
import { probe, type ProbeOptions } from '../../src/tls/probe';
import type { ProbeReport } from '../../src/tls/probe-report';
import { parseTarget } from '../../src/tls/target';
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
import { closeConnections, failureOf, testConnection } from '../support/connection';
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
  /** The connection of the broker node says something else (after TLS it has words of its own), or cannot be asked. */
  connection?: string | false;
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

/** Broadcast: the system has no way to it for TCP, on any machine. */
const NOWHERE = '255.255.255.255';

/** A port whose queue of connections is full, so that nothing answers the next one: a machine behind a strict firewall. */
async function startFullServer(): Promise<TestServer> {
  const script =
    'import socket, sys; s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0); print(s.getsockname()[1], flush=True); sys.stdin.read()';
  const child = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line);
  const fillers = Array.from({ length: 4 }, () => net.connect(port, '127.0.0.1').on('error', () => undefined));
  await once(fillers[0] as net.Socket, 'connect');
  const close = () => {
    for (const socket of fillers) socket.destroy();
    child.kill();
  };
  closeLater(close);
  return { port, received: () => Buffer.alloc(0), close: () => Promise.resolve(close()) };
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
  'nothing listens, and no way to the other address': {
    start: async () => ({ port: await freePort() }),
    target: (port) => `broker.example:${port}`,
    options: {
      resolve: () =>
        Promise.resolve([
          { address: NOWHERE, family: 4 as const },
          { address: '127.0.0.1', family: 4 as const },
        ]),
    },
    code: 'NET_REFUSED',
    stage: 'tcp',
    message: /255\.255\.255\.255 \(E[A-Z]+\), 127\.0\.0\.1 \(ECONNREFUSED\)/,
  },
  'no way to the address': {
    target: () => `${NOWHERE}:8883`,
    code: 'NET_UNREACHABLE',
    stage: 'tcp',
    message: /255\.255\.255\.255 cannot be reached: 255\.255\.255\.255 \(E[A-Z]+\)/,
    fix: /same network/,
  },
  'no answer to the connect': {
    start: startFullServer,
    options: { timeoutMs: NO_TIME_MS },
    code: 'NET_TIMEOUT',
    stage: 'tcp',
    message: /no answer from mqtts:\/\/127\.0\.0\.1:\d+ within 300 ms/,
    fix: /firewall/,
  },
  'silent in the middle of the handshake': {
    start: () => startTcpServer((socket) => socket.once('data', () => socket.write(Buffer.from('1603030040', 'hex')))),
    options: { timeoutMs: NO_TIME_MS },
    code: 'TLS_HANDSHAKE',
    stage: 'tls',
    message: /no end within 300 ms/,
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
  'FTP port': {
    start: greet('220 ProFTPD Server ready. ftp\r\n'),
    code: 'TLS_NOT_TLS',
    stage: 'tls',
    message: /speaks FTP/,
  },
  'Redis port': {
    start: greet("-ERR unknown command '\u0016\u0003\u0001'\r\n"),
    code: 'TLS_NOT_TLS',
    stage: 'tls',
    message: /speaks Redis/,
  },
  'AMQP port': {
    start: greet('AMQP\u0000\u0000\u0009\u0001'),
    code: 'TLS_NOT_TLS',
    stage: 'tls',
    message: /speaks AMQP/,
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
  'no shared cipher, TLS 1.3': {
    start: () => startTlsServer({ identity: server, minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_CCM_SHA256' }),
    code: 'TLS_NO_SHARED_CIPHER',
    stage: 'tls',
    alert: 40,
  },
  'no shared curve, TLS 1.2': {
    start: () => startTlsServer({ identity: server, maxVersion: 'TLSv1.2', ecdhCurve: 'brainpoolP256r1' }),
    code: 'TLS_NO_SHARED_CIPHER',
    stage: 'tls',
    alert: 40,
  },
  'no shared signature algorithm': {
    start: () => startTlsServer({ identity: rsaServer, sigalgs: 'ECDSA+SHA256' }),
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
  'protocol version refused, MQTT 3.1.1': {
    start: () => startTlsServer({ identity: server, conversation: mqttConversation(1) }),
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
    message: /unacceptable protocol version \(code 1\)/,
    fix: /other MQTT protocol version/,
  },
  'client id refused, MQTT 5': {
    start: () => startTlsServer({ identity: server, conversation: mqttConversation(0x85) }),
    options: { protocolVersion: 5 },
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
    message: /client id not valid \(code 133\)/,
    fix: /client id the broker accepts/,
  },
  'broker not available': {
    start: () => startTlsServer({ identity: server, conversation: mqttConversation(3) }),
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
    message: /server unavailable \(code 3\)/,
  },
  'banned, MQTT 5': {
    start: () => startTlsServer({ identity: server, conversation: mqttConversation(0x8a) }),
    options: { protocolVersion: 5 },
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
    message: /banned \(code 138\)/,
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
const CLIENT_CERTIFICATES: Record<
  string,
  { identity?: HandmadeCertificate; code: string; alerts: [number, number]; message?: RegExp; fix?: RegExp }
> = {
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
    message: /the client certificate "CN=dev01" is valid only from/,
    fix: /NTP/,
  },
};

const closing: (() => void)[] = [];
const closeLater = (close: () => void) => closing.push(close);

/** A connection of the broker node to the same endpoint gives the same code, and before MQTT the same advice. */
async function sayTheSame(target: string, endpoint: Endpoint, options: ProbeOptions, report: ProbeReport) {
  const { protocol, host, port, path } = parseTarget(target);
  const { material, timeoutMs, protocolVersion } = options;
  const connection = testConnection({
    host,
    port,
    material: () => material,
    timeoutMs,
    session: { ...(protocolVersion ? { protocolVersion } : {}), connackTimeoutMs: timeoutMs ?? 10_000 },
    ...(protocol === 'wss' ? { webSocketPath: path } : {}),
  });
  const { code, hint } = await failureOf(connection);
  assert.equal(code, endpoint.connection ?? report.code, 'by the connection');
  if (report.stage !== 'mqtt') assert.equal(hint, report.fix);
}

describe('diagnosis of endpoints that fail', function () {
  afterEach(closeConnections);
  afterEach(closeServers);
  afterEach(() => closing.splice(0).forEach((close) => close()));

  for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
    it(name, async () => {
      const port = (await endpoint.start?.())?.port ?? 8883;
      const target = endpoint.target?.(port) ?? `127.0.0.1:${port}`;
      const options: ProbeOptions = {
        material: trusting(root),
        username: 'u',
        secretPassword: 'canary',
        ...endpoint.options,
      };
      const report = await probe(target, options);
      assert.equal(report.code, endpoint.code, `${report.message}; evidence ${JSON.stringify(report.evidence)}`);
      assert.equal(report.stage, endpoint.stage);
      if (endpoint.message) assert.match(report.message, endpoint.message);
      if (endpoint.fix) assert.match(report.fix, endpoint.fix);
      if (endpoint.alert !== undefined) assert.equal(report.evidence.alert, endpoint.alert);
      if (endpoint.code) assert.notEqual(report.fix, '');
      endpoint.check?.(report);
      const isAsked =
        report.code !== null && endpoint.connection !== false && !options.resolve && options.mqtt !== false;
      if (isAsked) await sayTheSame(target, endpoint, options, report);
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
        if (row.message) assert.match(report.message, row.message);
        if (row.fix) assert.match(report.fix, row.fix);
        const material = { ...trusting(root), ...identity };
        await sayTheSame(`127.0.0.1:${port}`, { code: row.code, stage: 'clientAuth' }, { material }, report);
      });
    }
  }
});
