import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import mqtt from 'mqtt';
import { AccessList } from '../../src/mqtt/acl';
import type { OutgoingPublish } from '../../src/mqtt/outgoing-message';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { probe } from '../../src/tls/probe';
import { formatTarget, type Target } from '../../src/tls/target';
import type { TlsMaterialParts } from '../../src/tls/tls-material';
import {
  asIdentity,
  asTrust,
  makeBrokerCertificates,
  writeForMosquitto,
  type BrokerCertificates,
} from '../support/broker-certificates';
import { makeLeaf, makeRoot } from '../support/certificates';
import { closeConnections, failureOf, Inbox, reached, testConnection } from '../support/connection';
import { EmbeddedServers } from '../support/embedded-server';
import { freePort } from '../support/free-port';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { closeServers, startTlsServer } from '../support/tls-servers';

const message = (topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1): OutgoingPublish => ({
  topic,
  payload,
  qos,
  retain: false,
});

describe('a connection over secure WebSockets', () => {
  let folder: string;
  let certificates: BrokerCertificates;
  const brokers = new Set<RunningMosquitto>();

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'websockets-'));
    certificates = await makeBrokerCertificates();
  });
  afterEach(async () => {
    await closeConnections();
    await closeServers();
    await Promise.all([...brokers].map((broker) => broker.stop()));
    brokers.clear();
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** A Mosquitto that asks for client certificates; 2.0 does not start with WebSockets alone, so it listens on a file, too. */
  async function broker({ port, protocol = 'websockets' }: BrokerOptions = {}): Promise<RunningMosquitto> {
    const started = await startMosquitto({
      port,
      folder,
      configuration: (given) => [
        'max_queued_messages 0',
        `listener 0 ${path.join(folder, `mosquitto-${given}.sock`)}`,
        'allow_anonymous true',
        `listener ${given} 127.0.0.1`,
        `protocol ${protocol}`,
        ...writeForMosquitto(folder, certificates.root, certificates.server),
        'require_certificate true',
        'use_identity_as_username true',
      ],
    });
    brokers.add(started);
    return started;
  }
  interface BrokerOptions {
    port?: number;
    protocol?: 'websockets' | 'mqtt';
  }
  const material = (parts: Partial<TlsMaterialParts> = {}): TlsMaterialParts => ({
    trust: asTrust(certificates.root),
    identity: asIdentity(certificates.client),
    ...parts,
  });
  const over = { webSocketPath: '/mqtt', host: '127.0.0.1' };

  for (const protocolVersion of [4, 5] as const) {
    it(`carries what it carries over TLS, MQTT ${protocolVersion}`, async () => {
      const { port } = await broker();
      const connection = testConnection({ ...over, port, material, session: { protocolVersion } });
      connection.connect();
      assert.equal((await reached(connection, 'connected')).verification, 'verified');
      const inbox = new Inbox();
      await connection.subscribe('a/#', 'test', { qos: 2 }, inbox.receive);
      // To nobody: Mosquitto 2.0.11 sends 4 KiB in 100 ms over WebSockets (measured, with other clients as well).
      await connection.publish(message('large', Buffer.alloc(2_000_000, 'x')));
      const outcomes = Array.from({ length: 1000 }, (_, index) =>
        connection.publish(message('a/many', String(index), index % 3 === 0 ? 2 : 1)),
      );
      await Promise.all(outcomes);
      await inbox.count(1000);
      assert.deepEqual(new Set(inbox.payloads), new Set(Array.from({ length: 1000 }, (_, index) => String(index))));
    });
  }

  it('sends what waited for the broker, and comes back when it restarts', async () => {
    const port = await freePort();
    const connection = testConnection({ ...over, port, material });
    const waiting = connection.publish(message('a', 'early'));
    assert.equal((await failureOf(connection)).code, 'NET_REFUSED');
    const first = await broker({ port });
    assert.equal(await waiting, 'sent');
    await first.stop();
    assert.match((await reached(connection, 'waiting')).failure?.code ?? '', /^NET_/);
    const again = connection.publish(message('a', 'meanwhile'));
    await broker({ port });
    assert.equal(await again, 'sent');
  });

  for (const protocolVersion of [4, 5] as const) {
    it(`changes to new certificates without losing a message or sending the will, MQTT ${protocolVersion}`, async () => {
      const started = await broker();
      const second = await makeLeaf(certificates.root, { profile: 'client', commonName: 'dev01-new', names: [] });
      let identity = asIdentity(certificates.client);
      const kept = { protocolVersion, cleanSession: false, sessionExpirySeconds: 600 };
      const rotating = testConnection({
        ...over,
        port: started.port,
        material: () => material({ identity }),
        session: { clientId: 'rotating', ...kept, will: message('will', 'gone') },
      });
      const other = testConnection({ ...over, port: started.port, material });
      const [wills, numbers] = [new Inbox(), new Inbox()];
      other.connect();
      await reached(other, 'connected');
      await other.subscribe('will', 'test', { qos: 1 }, wills.receive);
      rotating.connect();
      await reached(rotating, 'connected');
      await rotating.subscribe('in', 'test', { qos: 1 }, numbers.receive);
      await other.subscribe('out', 'test', { qos: 1 }, numbers.receive);
      const COUNT = 500;
      const sent: Promise<unknown>[] = [];
      for (let index = 0; index < COUNT; index += 1) {
        sent.push(other.publish(message('in', String(index))), rotating.publish(message('out', String(index))));
        if (index === 200) {
          identity = asIdentity(second);
          rotating.renewMaterial();
        }
        if (index % 50 === 0) await Promise.all(sent);
      }
      await Promise.all(sent);
      await started.waitForLog(/New client connected from .* as rotating .*u'dev01-new'/);
      const distinct = () => new Set(numbers.received.map(({ topic, payload }) => `${topic} ${payload.toString()}`));
      while (distinct().size < 2 * COUNT) await numbers.next();
      assert.deepEqual(wills.payloads, []);
    });
  }

  describe('sends not one byte to a server that is not the right one', () => {
    const rows: [string, () => Partial<TlsMaterialParts> | Promise<Partial<TlsMaterialParts>>, string][] = [
      ['a wrong CA', async () => ({ trust: asTrust(await makeRoot({ commonName: 'Other' })) }), 'CERT_ISSUER_UNKNOWN'],
      ['a wrong name', () => ({ servername: 'elsewhere.test' }), 'CERT_NAME_MISMATCH'],
      [
        'a wrong pin, although it is not verified',
        () => ({ verifyServer: false, pins: [{ kind: 'cert', digest: Buffer.alloc(32) }] }),
        'CERT_PIN_MISMATCH',
      ],
    ];
    for (const [what, parts, code] of rows) {
      it(`${what}: ${code}`, async () => {
        const { root, server: leaf } = certificates;
        const pem = leaf.certificate.pem + root.certificate.pem;
        const identity = { pem, keyPem: secretPrivateKeyPem(leaf.privateKey) };
        const server = await startTlsServer({ identity: identity as never });
        const given = await parts();
        const connection = testConnection({ ...over, port: server.port, material: () => material(given) });
        assert.equal((await failureOf(connection)).code, code);
        assert.equal(server.received().length, 0);
      });
    }
  });

  describe('says with the words of the probe why there is none', () => {
    const target = (port: number): Target => ({ protocol: 'wss', host: '127.0.0.1', port, path: '/mqtt' });
    const rows: {
      what: string;
      options?: BrokerOptions;
      parts?: () => Partial<TlsMaterialParts> | Promise<Partial<TlsMaterialParts>>;
      code: string;
    }[] = [
      { what: 'a port for MQTT without WebSockets', options: { protocol: 'mqtt' }, code: 'NET_CLOSED' },
      { what: 'no client certificate', parts: () => ({ identity: undefined }), code: 'TLS_CLIENT_CERT_REQUIRED' },
      {
        what: 'a client certificate of another CA',
        parts: async () => {
          const other = await makeRoot({ commonName: 'Other' });
          return { identity: asIdentity(await makeLeaf(other, { profile: 'client', commonName: 'x', names: [] })) };
        },
        code: 'TLS_CLIENT_CERT_UNKNOWN_CA',
      },
    ];
    for (const { what, options, parts, code } of rows) {
      it(`${what}: ${code}`, async () => {
        const { port } = await broker(options);
        const given = material(await parts?.());
        const report = await probe(target(port), { material: given });
        assert.equal(report.code, code, report.message);
        const failure = await failureOf(testConnection({ ...over, port, material: () => given }));
        assert.equal(failure.code, code, failure.message);
        assert.equal(failure.message, report.message);
        assert.equal(failure.hint, report.fix);
      });
    }

    it('nothing: the probe comes as far as the connection', async () => {
      const { port } = await broker();
      const report = await probe(formatTarget(target(port)), { material: material() });
      assert.deepEqual([report.code, report.stage], [null, 'done']);
    });
  });

  describe('is made by MQTT.js itself to the embedded server', () => {
    let servers: EmbeddedServers;
    before(async () => {
      servers = await EmbeddedServers.withNewAuthority();
    });
    afterEach(() => servers.stop());
    after(() => servers.release());

    for (const url of ['wss://localhost', 'wss://127.0.0.1']) {
      it(`by ${url}`, async () => {
        const { wsPort } = await servers.start({ wsPort: 0, acl: AccessList.parse('pattern readwrite %u/#') });
        const { certificatePem, secretKey } = await servers.identityOf('device');
        const client = await mqtt.connectAsync(`${url}:${wsPort}/mqtt`, {
          ca: servers.authority.trustAnchorsPem,
          cert: certificatePem,
          key: secretPrivateKeyPem(secretKey),
          clientId: 'MQTT.js',
          reconnectPeriod: 0,
        });
        try {
          const received: string[] = [];
          const done = new Promise<void>((resolve) =>
            client.on('message', (topic, payload) => {
              received.push(`${topic} ${payload.length}`);
              if (received.length === 3) resolve();
            }),
          );
          await client.subscribeAsync('#', { qos: 2 });
          for (const qos of [0, 1, 2] as const) {
            await client.publishAsync('other/refused', 'x', { qos });
            await client.publishAsync(`device/${qos}`, Buffer.alloc(200_000), { qos });
          }
          await done;
          assert.deepEqual(received, ['device/0 200000', 'device/1 200000', 'device/2 200000']);
          assert.equal((await servers.event('connected', 'MQTT.js')).identity, 'device');
        } finally {
          await client.endAsync();
        }
        assert.equal((await servers.event('disconnected', 'MQTT.js')).code, undefined);
      });
    }
  });
});
