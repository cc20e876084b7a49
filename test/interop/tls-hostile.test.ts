import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import net from 'node:net';
import { probe } from '../../src/tls/probe';
import { probeMany, type ProbeJob } from '../../src/tls/probe-many';
import type { ProbeReport } from '../../src/tls/probe-report';
import { parseTarget } from '../../src/model/target';
import {
  handmade,
  handmadeClient,
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  identityOf,
  rsaKey,
  trusting,
} from '../support/certificates-fixture';
import { rejects } from '../support/coded-error';
import { mutated, SeededRandom } from '../support/seeded-random';
import {
  closeServers,
  mqttConversation,
  startTcpServer,
  startTlsServer,
  type Conversation,
} from '../support/tls-servers';

const root = handmadeRoot();
const server = handmadeServer(root);
const TIME_MS = 400;

async function probed(conversation: Conversation): Promise<ProbeReport> {
  const { port } = await startTcpServer(conversation);
  return probe(`127.0.0.1:${port}`, { material: trusting(root), timeoutMs: TIME_MS });
}

/** Write again and again until the other side is gone. */
const endless =
  (chunk: Buffer): Conversation =>
  (socket) => {
    const write = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', write);
    write();
  };

/** What opens a WebSocket for MQTT (RFC 6455 §4.2.2). */
function switchingProtocols(request: Buffer): string {
  const [, key = ''] = /Sec-WebSocket-Key: (\S+)/i.exec(request.toString('latin1')) ?? [];
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  return [...lines, 'Sec-WebSocket-Protocol: mqtt', `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n');
}

const handshakeRecord = Buffer.concat([Buffer.from('1603034000', 'hex'), Buffer.alloc(0x4000, 2)]);

describe('a hostile server', function () {
  afterEach(closeServers);

  const rows: [name: string, conversation: Conversation][] = [
    ['handshake records without end', endless(handshakeRecord)],
    [
      'a message that claims 16 MB',
      endless(Buffer.concat([Buffer.from('1603034000', 'hex'), Buffer.from('0bffffff', 'hex'), Buffer.alloc(0x3ffc)])),
    ],
    ['a record longer than allowed', endless(Buffer.concat([Buffer.from('160303ffff', 'hex'), Buffer.alloc(0xffff)]))],
    ['noise without end', endless(randomBytes(65536))],
    ['warnings without end', endless(Buffer.from('15030300020100'.repeat(500), 'hex'))],
    ['one byte', (socket) => socket.write(Buffer.from([22]))],
  ];
  for (const [name, conversation] of rows) {
    it(`${name} ends in a report`, async () => {
      const report = await probed(conversation);
      assert.equal(report.ok, false);
      assert.match(String(report.code), /^(TLS|NET)_/);
      assert.ok(JSON.stringify(report).length < 20_000);
    });
  }

  it('altered bytes on the way end in a report', async () => {
    const { port } = await startTlsServer({ identity: server, conversation: mqttConversation() });
    const random = new SeededRandom(7);
    let altered = 0;
    const proxy = await startTcpServer((socket) => {
      const upstream = net.connect(port, '127.0.0.1');
      upstream.on('error', () => undefined);
      upstream.on('close', () => socket.destroy());
      socket.on('data', (chunk) => upstream.write(chunk));
      socket.on('close', () => upstream.destroy());
      upstream.on('data', (chunk) => {
        altered += 1;
        socket.write(mutated(chunk, random));
      });
    });
    for (let round = 0; round < 60; round += 1) {
      const report = await probe(`127.0.0.1:${proxy.port}`, { material: trusting(root), timeoutMs: 200, mqtt: false });
      assert.equal(typeof report.severity, 'string');
      assert.notEqual(report.message, '');
    }
    assert.ok(altered > 0, 'something was altered');
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`a wire that is cut at every byte ends in a report, ${version}`, async () => {
      const { port } = await startTlsServer({ identity: server, minVersion: version, maxVersion: version });
      let flightBytes = 0;
      const cuts: number[] = [];
      const proxy = await startTcpServer((socket) => {
        let allowed = cuts.pop() ?? Infinity;
        const upstream = net.connect(port, '127.0.0.1');
        upstream.on('error', () => undefined);
        socket.on('data', (chunk) => upstream.write(chunk));
        socket.on('close', () => upstream.destroy());
        upstream.on('data', (chunk) => {
          flightBytes += chunk.length;
          socket.write(chunk.subarray(0, Math.max(0, allowed)));
          allowed -= chunk.length;
          if (allowed <= 0) socket.end();
        });
      });
      const job = {
        target: parseTarget(`tls://127.0.0.1:${proxy.port}`),
        options: { material: trusting(root), timeoutMs: 5000 },
      };
      const [whole] = await probeMany([job], { concurrency: 1 });
      assert.equal(whole?.code, null);
      assert.ok(flightBytes > 600, `${flightBytes} bytes`);
      cuts.push(...Array.from({ length: flightBytes - 1 }, (_, at) => at + 1));
      const reports = await probeMany(new Array<ProbeJob>(cuts.length).fill(job), { concurrency: 8 });
      const codes = new Set(reports.map(({ code }) => code));
      // Cut behind the server's Finished only tickets are missing.
      codes.delete(null);
      assert.deepEqual([...codes], ['NET_CLOSED']);
    });
  }

  it('a CONNACK that is cut or altered at every byte ends in a report', async () => {
    const connack = Buffer.from('20130000100600086c6f63616c686f73742100642a01', 'hex');
    const answers = Array.from(connack, (_, at) => [
      connack.subarray(0, at),
      Buffer.concat([connack.subarray(0, at), Buffer.from([0xff]), connack.subarray(at + 1)]),
    ]).flat();
    let next = 0;
    const { port } = await startTlsServer({
      identity: server,
      conversation: (socket) => socket.once('data', () => socket.end(answers[next] ?? Buffer.alloc(0))),
    });
    for (next = 0; next < answers.length; next += 1) {
      const report = await probe(`127.0.0.1:${port}`, {
        material: trusting(root),
        protocolVersion: 5,
        timeoutMs: TIME_MS,
      });
      assert.match(String(report.code), /^(MQTT_|NET_CLOSED|null)/, answers[next]?.toString('hex'));
      assert.equal(report.verdicts.node.ok, true);
    }
  });

  for (const count of [1_500, 10_000]) {
    it(`a certificate with ${count} names gives a bounded report`, async () => {
      const names = Array.from({ length: count }, (_, index) => `dns:host-${index}.example` as const);
      const many = handmadeServer(root, { names });
      const { port } = await startTlsServer({ identity: many });
      const report = await probe(`127.0.0.1:${port}`, { material: trusting(root) });
      assert.equal(report.ok, false);
      // OpenSSL takes at most 100 KiB of certificates.
      assert.match(
        String(report.code),
        count === 1_500 ? /CERT_NAME_MISMATCH|CERT_MALFORMED/ : /TLS_HANDSHAKE|CERT_MALFORMED/,
      );
      assert.ok(JSON.stringify(report).length < 60_000);
    });
  }

  const WEAK: [name: string, hash: 'sha1' | 'md5'][] = [
    ['SHA-1', 'sha1'],
    ['MD5', 'md5'],
  ];
  for (const [name, hash] of WEAK) {
    it(`a certificate signed with ${name} is named weak`, async () => {
      const ca = handmadeRoot({ key: rsaKey(2048) });
      const weak = handmadeServer(ca, { hash });
      const { port } = await startTlsServer({ identity: weak, ciphers: 'DEFAULT@SECLEVEL=0' });
      const report = await probe(`tls://127.0.0.1:${port}`, { material: trusting(ca) });
      const codes = [report.code, ...report.warnings.map(({ code }) => code)];
      assert.ok(codes.includes('CERT_WEAK'), `${codes.join()}: ${report.message}`);
      assert.match(JSON.stringify([report.message, report.warnings]), new RegExp(`RSA with ${name}|weak`));
      assert.equal(report.verdicts.strict.ok, false);
    });
  }

  it('an intermediate with an RSA key of 16384 bits ends in a report', async () => {
    // Nobody has the private half; making one would take minutes.
    const modulus = randomBytes(2048);
    modulus[0] = 0x80;
    modulus[2047] = 0x01;
    const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' };
    const huge = handmadeIntermediate(root, { key: createPublicKey({ key: jwk, format: 'jwk' }) });
    const leaf = handmadeServer(handmadeIntermediate(root, { key: rsaKey(2048) }));
    const { port } = await startTlsServer({ identity: leaf, chain: new Array(9).fill(huge) });
    const report = await probe(`tls://127.0.0.1:${port}`, { material: trusting(root) });
    assert.equal(report.ok, false);
    assert.match(String(report.code), /^CERT_/, report.message);
    assert.equal((report.chainSent[1] as { keyType?: string }).keyType, 'rsa-16384');
  });

  it('a WebSocket message of 256 MB is not waited for: a CONNACK is small', async () => {
    const announced = Buffer.from([0x82, 127, 0, 0, 0, 0, 0x0f, 0xff, 0xff, 0xff]);
    const { port } = await startTlsServer({
      identity: server,
      conversation: (socket) =>
        socket.once('data', (request: Buffer) => {
          socket.write(switchingProtocols(request));
          socket.write(announced);
        }),
    });
    const report = await probe(`wss://127.0.0.1:${port}`, { material: trusting(root) });
    assert.equal(report.code, 'NET_CLOSED', 'not MQTT_TIMEOUT');
  });

  it('a certificate of no sense gives a report', async () => {
    const odd = handmade({ commonName: 'x'.repeat(60), issuer: root, names: [] });
    const { port } = await startTlsServer({ identity: odd });
    const report = await probe(`127.0.0.1:${port}`, { material: trusting(root), mqtt: false });
    assert.equal(report.code, 'CERT_NAME_MISMATCH');
  });

  it('no private key and no passphrase is in any report', async () => {
    const { port } = await startTlsServer({ identity: server, requestCert: true, ca: root.pem });
    const client = handmadeClient(root);
    const report = await probe(`127.0.0.1:${port}`, {
      material: { ...trusting(root), identity: identityOf(client) },
      username: 'anna',
      secretPassword: 'canary',
      timeoutMs: TIME_MS,
    });
    const body = client.keyPem.split('\n')[1] as string;
    assert.ok(!JSON.stringify(report).includes(body));
    assert.doesNotMatch(JSON.stringify(report), /PRIVATE|canary/);
  });

  it('a material that OpenSSL refuses is an error, not a finding', async () => {
    const { port } = await startTlsServer({ identity: server });
    const identity = identityOf(handmadeClient(root, { key: rsaKey(512) }));
    await rejects(() => probe(`127.0.0.1:${port}`, { material: { ...trusting(root), identity } }), 'CERT_WEAK');
  });
});
