import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { OutgoingPublish } from '../../src/mqtt/outgoing-message';
import type { TlsMaterialParts } from '../../src/tls/tls-material';
import {
  asIdentity,
  asTrust,
  makeBrokerCertificates,
  writeForMosquitto,
  type BrokerCertificates,
} from '../support/broker-certificates';
import { inDays, makeLeaf, makeRoot, type KeyedCertificate } from '../support/certificates';
import { closeConnections, failureOf, Inbox, reached, testConnection } from '../support/connection';
import { freePort } from '../support/free-port';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';

const message = (topic: string, payload: string, qos: 0 | 1 | 2 = 1): OutgoingPublish => ({
  topic,
  payload,
  qos,
  retain: false,
});

describe('a connection to Mosquitto', () => {
  let folder: string;
  let certificates: BrokerCertificates;
  const brokers = new Set<RunningMosquitto>();

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connection-'));
    certificates = await makeBrokerCertificates();
  });
  afterEach(async () => {
    await closeConnections();
    await Promise.all([...brokers].map((broker) => broker.stop()));
    brokers.clear();
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function broker(lines: string[], options: { port?: number; listen?: string } = {}): Promise<RunningMosquitto> {
    const started = await startMosquitto({
      port: options.port,
      folder,
      configuration: (port) => [`listener ${port} ${options.listen ?? ''}`, ...lines],
    });
    brokers.add(started);
    return started;
  }
  const tls = (server: KeyedCertificate = certificates.server) => [
    ...writeForMosquitto(folder, certificates.root, server),
    'allow_anonymous true',
    // Else Mosquitto drops what a subscriber cannot take at once.
    'max_queued_messages 0',
  ];
  const mutual = (server?: KeyedCertificate) => [
    ...tls(server),
    'require_certificate true',
    'use_identity_as_username true',
  ];
  const material = (parts: Partial<TlsMaterialParts> = {}): TlsMaterialParts => ({
    trust: asTrust(certificates.root),
    identity: asIdentity(certificates.client),
    ...parts,
  });

  describe('accepts', () => {
    for (const protocolVersion of [4, 5] as const) {
      for (const host of ['localhost', '127.0.0.1', '::1']) {
        it(`MQTT ${protocolVersion} with a client certificate by ${host}`, async () => {
          const { port } = await broker(mutual());
          const connection = testConnection({ host, port, material, session: { protocolVersion } });
          connection.connect();
          assert.equal((await reached(connection, 'connected')).verification, 'verified');
          const inbox = new Inbox();
          await connection.subscribe('a/+', 'test', { qos: 1 }, inbox.receive);
          assert.equal(await connection.publish(message('a/b', 'hello')), 'sent');
          await inbox.count(1);
          assert.deepEqual(inbox.payloads, ['hello']);
        });
      }
    }
  });

  describe('shows how much of the server was verified', () => {
    const rows: [Partial<TlsMaterialParts>, string][] = [
      [{}, 'verified'],
      [{ verifyHostname: false }, 'name-not-verified'],
      [{ verifyServer: false }, 'not-verified'],
      [{ verifyServer: false, verifyHostname: false }, 'not-verified'],
      [{ verifyServer: undefined, verifyHostname: undefined }, 'verified'],
    ];
    for (const [parts, expected] of rows) {
      it(`${JSON.stringify(parts)}: ${expected}`, async () => {
        const { port } = await broker(mutual());
        const connection = testConnection({ port, material: () => material(parts) });
        connection.connect();
        assert.equal((await reached(connection, 'connected')).verification, expected);
      });
    }

    it('and says plain for a connection without TLS', async () => {
      const { port } = await broker(['allow_anonymous true']);
      const connection = testConnection({ port });
      connection.connect();
      assert.equal((await reached(connection, 'connected')).verification, 'plain');
    });
  });

  describe('refuses, and says why', () => {
    interface Refusal {
      what: string;
      code: string;
      configuration?: () => string[] | Promise<string[]>;
      parts?: () => Partial<TlsMaterialParts> | Promise<Partial<TlsMaterialParts>>;
      /** The broker must not have seen a client. */
      silent?: boolean;
    }
    const otherNames = () => makeLeaf(certificates.root, { commonName: 'elsewhere', names: ['dns:elsewhere.example'] });
    const refusals: Refusal[] = [
      {
        what: 'a server certificate for another host',
        code: 'CERT_NAME_MISMATCH',
        configuration: async () => mutual(await otherNames()),
        silent: true,
      },
      {
        what: 'a server of another CA',
        code: 'CERT_ISSUER_UNKNOWN',
        parts: async () => ({ trust: asTrust(await makeRoot({ commonName: 'Another Root' })) }),
        silent: true,
      },
      {
        what: 'a server of a CA that was made again under the same name',
        code: 'CERT_ISSUER_REPLACED',
        parts: async () => ({ trust: asTrust(await makeRoot()) }),
        silent: true,
      },
      {
        what: 'a client certificate used by a server',
        code: 'CERT_PURPOSE',
        configuration: async () =>
          mutual(await makeLeaf(certificates.root, { profile: 'client', commonName: 'localhost' })),
        silent: true,
      },
      {
        what: 'an expired server certificate',
        code: 'CERT_EXPIRED',
        configuration: async () =>
          mutual(
            await makeLeaf(certificates.root, {
              notBefore: inDays(-1.5),
              notAfter: inDays(-1),
            }),
          ),
        silent: true,
      },
      {
        what: 'a server whose certificate is not the pinned one, although it is not verified',
        code: 'CERT_PIN_MISMATCH',
        parts: () => ({ verifyServer: false, pins: [{ kind: 'cert' as const, digest: Buffer.alloc(32) }] }),
        silent: true,
      },
      {
        what: 'nothing when no client certificate is shown',
        code: 'TLS_CLIENT_CERT_REQUIRED',
        parts: () => ({ identity: undefined }),
      },
      {
        what: 'nothing when a server certificate is shown as client',
        code: 'TLS_CLIENT_CERT_PURPOSE',
        parts: () => ({ identity: asIdentity(certificates.server) }),
      },
      {
        what: 'nothing when the client certificate is of another CA',
        code: 'TLS_CLIENT_CERT_UNKNOWN_CA',
        parts: async () => ({
          identity: asIdentity(
            await makeLeaf(await makeRoot({ commonName: 'Another Root' }), {
              profile: 'client',
              commonName: 'dev01',
              names: [],
            }),
          ),
        }),
      },
      {
        what: 'the unencrypted port',
        code: 'TLS_PLAIN_MQTT',
        configuration: () => ['allow_anonymous true'],
      },
      {
        what: 'nothing when user name and password are wrong',
        code: 'MQTT_REFUSED',
        configuration: () => tls().map((line) => line.replace('allow_anonymous true', 'allow_anonymous false')),
      },
    ];
    for (const { what, code, configuration = () => mutual(), parts = () => ({}), silent } of refusals) {
      it(`${what}: ${code}`, async () => {
        const started = await broker(await configuration());
        const given = await parts();
        const connection = testConnection({ port: started.port, material: () => material(given) });
        const failure = await failureOf(connection);
        assert.equal(failure.code, code, `${failure.message} ${JSON.stringify(failure.cause)}`);
        assert.notEqual(failure.hint, '');
        await connection.close();
        if (silent) assert.doesNotMatch(started.log(), /New client connected/);
      });
    }

    it('a port where nothing listens: NET_REFUSED', async () => {
      const connection = testConnection({ port: await freePort(), material });
      assert.equal((await failureOf(connection)).code, 'NET_REFUSED');
    });

    it('the unencrypted port without TLS where nothing listens: NET_REFUSED', async () => {
      const connection = testConnection({ port: await freePort() });
      assert.equal((await failureOf(connection)).code, 'NET_REFUSED');
    });

    it('material that cannot be read, with its own code', async () => {
      const connection = testConnection({
        port: 1,
        material: () =>
          Promise.reject(Object.assign(new Error('no file'), { code: 'STORE_NOT_FOUND', cause: {}, hint: 'x' })),
      });
      assert.equal((await failureOf(connection)).code, 'STORE_NOT_FOUND');
    });
  });

  describe('loses nothing', () => {
    it('of what is published while the broker is away, and in its order', async () => {
      const port = await freePort();
      const connection = testConnection({ port, material });
      const inbox = new Inbox();
      await connection.subscribe('a/#', 'test', { qos: 1 }, inbox.receive);
      const outcomes = ['1', '2', '3'].map((payload) => connection.publish(message('a/b', payload)));
      assert.equal((await failureOf(connection)).code, 'NET_REFUSED');
      assert.equal(connection.state.waiting, 3);
      await broker(mutual(), { port });
      assert.deepEqual(await Promise.all(outcomes), ['sent', 'sent', 'sent']);
      await inbox.count(3);
      assert.deepEqual(inbox.payloads, ['1', '2', '3']);
    });

    it('when the broker restarts, and subscribes again', async () => {
      const first = await broker(mutual());
      const connection = testConnection({ port: first.port, material });
      const inbox = new Inbox();
      connection.connect();
      await connection.subscribe('a', 'test', { qos: 1 }, inbox.receive);
      await reached(connection, 'connected');
      await first.stop();
      const { failure } = await reached(connection, 'waiting');
      assert.match(failure?.code ?? '', /^NET_/);
      const outcome = connection.publish(message('a', 'while away'));
      await broker(mutual(), { port: first.port });
      assert.equal((await reached(connection, 'connected')).failure, undefined);
      assert.equal(await outcome, 'sent');
      await inbox.count(1);
    });

    for (const qos of [1, 2] as const) {
      it(`of 2,000 messages of QoS ${qos} sent at once`, async () => {
        const { port } = await broker(mutual());
        for (const protocolVersion of [4, 5] as const) {
          const connection = testConnection({ port, material, session: { protocolVersion } });
          const inbox = new Inbox();
          connection.connect();
          await reached(connection, 'connected');
          await connection.subscribe(`many/${protocolVersion}`, 'test', { qos }, inbox.receive);
          const outcomes = Array.from({ length: 2000 }, (_, index) =>
            connection.publish(message(`many/${protocolVersion}`, String(index), qos)),
          );
          await Promise.all(outcomes);
          await inbox.count(2000);
          assert.deepEqual(
            inbox.payloads,
            Array.from({ length: 2000 }, (_, index) => String(index)),
          );
          await connection.close();
        }
      });
    }
  });

  describe('delivers once', () => {
    it('to overlapping subscriptions, over MQTT 5', async () => {
      const { port } = await broker(mutual());
      const connection = testConnection({ port, material, session: { protocolVersion: 5 } });
      const [wide, narrow, marker] = [new Inbox(), new Inbox(), new Inbox()];
      connection.connect();
      await reached(connection, 'connected');
      await connection.subscribe('a/#', 'wide', { qos: 1 }, wide.receive);
      await connection.subscribe('a/b', 'narrow', { qos: 1 }, narrow.receive);
      await connection.subscribe('end', 'marker', { qos: 1 }, marker.receive);
      await connection.publish(message('a/b', 'x'));
      await connection.publish(message('end', 'x'));
      await marker.count(1);
      assert.equal(wide.received.length, 1);
      assert.equal(narrow.received.length, 1);
    });
  });

  describe('uses new certificates while it runs', () => {
    for (const protocolVersion of [4, 5] as const) {
      it(`without losing a message of a kept session or sending the will, MQTT ${protocolVersion}`, async () => {
        const started = await broker([...mutual(), 'connection_messages true']);
        const second = await makeLeaf(certificates.root, { profile: 'client', commonName: 'dev01-new', names: [] });
        let identity = asIdentity(certificates.client);
        const rotating = testConnection({
          port: started.port,
          material: () => material({ identity }),
          session: {
            clientId: 'rotating',
            protocolVersion,
            cleanSession: false,
            sessionExpirySeconds: 600,
            will: message('will', 'gone'),
          },
          birth: message('birth', 'here'),
          close: message('close', 'bye'),
        });
        const other = testConnection({ port: started.port, material, session: { clientId: 'other' } });
        const [wills, numbers] = [new Inbox(), new Inbox()];
        other.connect();
        await reached(other, 'connected');
        for (const topic of ['will', 'birth', 'close']) await other.subscribe(topic, 'test', { qos: 1 }, wills.receive);
        rotating.connect();
        await reached(rotating, 'connected');
        await rotating.subscribe('numbers/#', 'test', { qos: 2 }, numbers.receive);
        await wills.count(1);

        const COUNT = 1500;
        const sent: Promise<unknown>[] = [];
        for (let index = 0; index < COUNT; index += 1) {
          sent.push(other.publish(message('numbers/in', String(index), index % 2 === 0 ? 1 : 2)));
          sent.push(rotating.publish(message('numbers/out', String(index), 1)));
          if (index === 500) {
            identity = asIdentity(second);
            rotating.renewMaterial();
          }
          // Now and then, else all would wait in one place while the connection changes.
          if (index % 100 === 0) await Promise.all(sent);
        }
        await Promise.all(sent);
        await numbers.count(2 * COUNT);
        for (const topic of ['numbers/in', 'numbers/out']) {
          const distinct = new Set(
            numbers.received.filter((each) => each.topic === topic).map(({ payload }) => payload.toString()),
          );
          assert.equal(distinct.size, COUNT, topic);
        }
        await started.waitForLog(/New client connected from .* as rotating .*u'dev01-new'/);
        assert.deepEqual(wills.payloads, ['here'], 'only the first birth message');
        await rotating.close();
        await wills.count(2);
        assert.deepEqual(wills.payloads, ['here', 'bye']);
      });
    }

    it('but goes on with the old ones when the new ones cannot be read', async () => {
      const { port } = await broker(mutual());
      let broken = false;
      const connection = testConnection({
        port,
        material: () =>
          broken
            ? Promise.reject(Object.assign(new Error('torn'), { code: 'PEM_MALFORMED', cause: {}, hint: '' }))
            : material(),
      });
      connection.connect();
      await reached(connection, 'connected');
      broken = true;
      const failed = new Promise<{ code: string }>((resolve) => connection.once('failure', resolve));
      connection.renewMaterial();
      assert.equal((await failed).code, 'PEM_MALFORMED');
      assert.equal(connection.connected, true);
      assert.equal(await connection.publish(message('a', 'still here')), 'sent');
    });

    it('and goes on with the old ones when the broker refuses the new client certificate', async () => {
      const started = await broker(mutual());
      let identity = asIdentity(certificates.client);
      const connection = testConnection({
        port: started.port,
        material: () => material({ identity }),
        session: { clientId: 'stays' },
      });
      connection.connect();
      await reached(connection, 'connected');
      const foreign = await makeRoot({ commonName: 'Another Root' });
      identity = asIdentity(await makeLeaf(foreign, { profile: 'client', commonName: 'dev01', names: [] }));
      const failed = new Promise<{ code: string; message: string }>((resolve) => connection.once('failure', resolve));
      connection.renewMaterial();
      const { code, message: words } = await failed;
      assert.equal(code, 'TLS_CLIENT_CERT_UNKNOWN_CA');
      assert.match(words, /goes on as it is/);
      assert.equal(connection.connected, true);
      assert.equal(await connection.publish(message('a', 'still here')), 'sent');
      assert.doesNotMatch(started.log(), /Client stays (disconnected|closed)/);
    });

    it('and leaves a server that is not trusted any more', async () => {
      const { port } = await broker(mutual());
      let trust = asTrust(certificates.root);
      const connection = testConnection({ port, material: () => material({ trust }) });
      connection.connect();
      await reached(connection, 'connected');
      trust = asTrust(await makeRoot({ commonName: 'Another Root' }));
      connection.renewMaterial();
      assert.equal((await reached(connection, 'waiting')).failure?.code, 'CERT_ISSUER_UNKNOWN');
    });
  });

  it('keeps two clients of one id from fighting as fast as they can', async () => {
    const { port } = await broker(mutual());
    const session = { clientId: 'twin', protocolVersion: 5 as const };
    const [one, two] = [1, 2].map(() =>
      testConnection({ port, material, session, firstRetryMs: 50, longestRetryMs: 100_000 }),
    );
    one?.connect();
    await reached(one as never, 'connected');
    two?.connect();
    const { failure } = await reached(one as never, 'waiting');
    assert.equal(failure?.code, 'NET_CLOSED');
    assert.match(failure?.hint ?? '', /same client id/);
  });

  it('says disconnected after the close message and keeps nothing open', async () => {
    const started = await broker(mutual());
    const connection = testConnection({ port: started.port, material, session: { clientId: 'leaving' } });
    connection.connect();
    await reached(connection, 'connected');
    await connection.disconnect();
    assert.equal(connection.state.phase, 'disconnected');
    await started.waitForLog(/Client leaving disconnected/);
    connection.connect();
    await reached(connection, 'connected');
    const waiting = connection.publish(message('a', 'x', 0));
    assert.equal(await waiting, 'sent');
  });
});
