import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import { codedError } from '../../../src/model/errors';
import type { LeafProfile } from '../../../src/model/profile-name';
import { AccessList } from '../../../src/mqtt/acl';
import type { SecureMqttConnection } from '../../../src/mqtt/connection';
import type { OutgoingPublish } from '../../../src/mqtt/outgoing-message';
import { SecureMqttServer, type MqttServerOptions } from '../../../src/mqtt/server';
import { Users } from '../../../src/mqtt/server-admission';
import { parseHosts } from '../../../src/mqtt/server-certificate';
import type { ServerEvent } from '../../../src/mqtt/server-event';
import type { SessionOptions } from '../../../src/mqtt/session-options';
import type { ClientIdentity } from '../../../src/tls/client-identity';
import type { TlsMaterialParts } from '../../../src/tls/tls-material';
import { asIdentity } from '../../support/broker-certificates';
import { makeLeaf, makeRoot } from '../../support/certificates';
import { closeConnections, failureOf, Inbox, reached, testConnection } from '../../support/connection';
import { EmbeddedServers } from '../../support/embedded-server';
import { MemoryClock } from '../../support/memory-clock';

const message = (topic: string, payload = 'x', qos: 0 | 1 | 2 = 1): OutgoingPublish => ({
  topic,
  payload,
  qos,
  retain: false,
});

/** Work on the disk takes as long as it takes. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('SecureMqttServer', () => {
  let servers: EmbeddedServers;
  let authority: CertificateAuthority;

  before(async () => {
    servers = await EmbeddedServers.withNewAuthority();
    authority = servers.authority;
  });
  afterEach(async () => {
    await closeConnections();
    await servers.stop();
  });
  after(() => servers.release());

  const start = (options?: Partial<MqttServerOptions>) => servers.start(options);
  const event = (kind: ServerEvent['event'], clientId?: string) => servers.event(kind, clientId);
  const identityOf = (commonName: string, profile?: LeafProfile) => servers.identityOf(commonName, profile);
  const trust = () => servers.trust;

  function connectionTo(
    { port }: SecureMqttServer,
    identity: ClientIdentity | undefined,
    session: Partial<SessionOptions> = {},
    parts: Partial<TlsMaterialParts> = {},
  ): SecureMqttConnection {
    return testConnection({
      host: '127.0.0.1',
      port,
      material: () => ({ trust: trust(), identity, ...parts }),
      session,
    });
  }

  it('lets a client of its CA in, by name and by address, and tells of it', async () => {
    const running = await start();
    const identity = await identityOf('dev01');
    for (const host of ['localhost', '127.0.0.1']) {
      const connection = testConnection({
        host,
        port: running.port,
        material: () => ({ trust: trust(), identity }),
        session: { clientId: `client by ${host}` },
      });
      const inbox = new Inbox();
      connection.connect();
      assert.equal((await reached(connection, 'connected')).verification, 'verified');
      await connection.subscribe('a/#', 'test', { qos: 2 }, inbox.receive);
      for (const qos of [0, 1, 2] as const) await connection.publish(message('a/b', `qos ${qos}`, qos));
      await inbox.count(3);
      assert.deepEqual(inbox.payloads, ['qos 0', 'qos 1', 'qos 2']);
      const { serialNumber } = authority.find({ by: 'name', value: 'dev01' });
      const { address, ...told } = await event('connected', `client by ${host}`);
      assert.deepEqual(told, { event: 'connected', clientId: `client by ${host}`, identity: 'dev01', serialNumber });
      assert.equal(address, '127.0.0.1');
      await connection.close();
      assert.equal((await event('disconnected', `client by ${host}`)).code, undefined);
    }
    assert.equal(running.connectedClients, 0);
  });

  describe('refuses', () => {
    interface Refusal {
      what: string;
      identity: () => ClientIdentity | undefined | Promise<ClientIdentity | undefined>;
      /** What the server tells. */
      told: string;
      /** What the client says; Node sends no alert for a certificate it refuses. */
      client: string;
    }
    const refusals: Refusal[] = [
      {
        what: 'a client without certificate',
        identity: () => undefined,
        told: 'TLS_CLIENT_CERT_REQUIRED',
        client: 'TLS_CLIENT_CERT_REQUIRED',
      },
      {
        what: 'a certificate of another CA',
        identity: async () =>
          asIdentity(await makeLeaf(await makeRoot(), { profile: 'client', commonName: 'dev01', names: [] })),
        told: 'CERT_ISSUER_UNKNOWN',
        client: 'TLS_CLIENT_CERT_UNKNOWN_CA',
      },
      {
        what: 'a server certificate',
        identity: () => identityOf('srv', 'server'),
        told: 'CERT_PURPOSE',
        client: 'TLS_CLIENT_CERT_PURPOSE',
      },
      {
        what: 'a revoked certificate',
        identity: async () => {
          const identity = await identityOf('gone');
          await authority.revoke({ by: 'name', value: 'gone' });
          return identity;
        },
        told: 'CERT_REVOKED',
        client: 'TLS_CLIENT_CERT_REFUSED',
      },
      {
        what: 'a certificate that the CA key has signed but the inventory does not know',
        identity: async () => {
          const issuer = { certificate: authority.certificate, privateKey: await authority.secretAuthorityKey() };
          return asIdentity(await makeLeaf(issuer, { profile: 'client', commonName: 'smuggled', names: [] }));
        },
        told: 'CERT_NOT_FOUND',
        client: 'TLS_CLIENT_CERT_REFUSED',
      },
    ];
    for (const { what, identity, told, client } of refusals) {
      it(`${what}: ${told}`, async () => {
        const running = await start();
        const connection = connectionTo(running, await identity());
        const failure = await failureOf(connection);
        assert.equal((await event('refused')).code, told);
        assert.match(failure.code, new RegExp(`^(${client}|TLS_CLIENT_CERT_REFUSED)$`), failure.message);
        assert.equal(running.connectedClients, 0);
      });
    }

    it('plain MQTT on its port', async () => {
      const running = await start();
      const socket = net.connect(running.port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
      socket.on('error', () => undefined);
      assert.equal((await event('refused')).code, 'TLS_NOT_TLS');
      socket.destroy();
    });

    it('MQTT 5, saying that it speaks 3.1.1', async () => {
      const running = await start();
      const connection = connectionTo(running, await identityOf('dev01'), { protocolVersion: 5 });
      connection.connect();
      const refused = await event('refused');
      assert.equal(refused.code, 'MQTT_REFUSED');
      assert.match(refused.message ?? '', /3\.1\.1/);
    });

    it('a packet announced larger than allowed, before it is there', async () => {
      const running = await start();
      const { certificatePem, secretKey } = await identityOf('dev01');
      const socket = tls.connect({
        host: '127.0.0.1',
        port: running.port,
        servername: 'localhost',
        ca: authority.trustAnchorsPem,
        cert: certificatePem,
        key: secretKey.export({ type: 'pkcs8', format: 'pem' }),
      });
      socket.on('error', () => undefined);
      await once(socket, 'secureConnect');
      // CONNECT with 268,435,455 bytes.
      socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0x00]));
      await once(socket, 'close');
    });
  });

  it('disconnects a client the moment its certificate is revoked, and only that one', async () => {
    const running = await start();
    const [first, second] = await Promise.all([identityOf('first'), identityOf('second')]);
    const one = connectionTo(running, first, { clientId: 'one' });
    const two = connectionTo(running, second, { clientId: 'two' });
    one.connect();
    two.connect();
    await Promise.all([event('connected', 'one'), event('connected', 'two')]);
    await authority.revoke({ by: 'name', value: 'first' });
    assert.equal((await event('disconnected', 'one')).code, 'CERT_REVOKED');
    assert.equal((await event('refused')).code, 'CERT_REVOKED', 'and it does not come back');
    await two.publish(message('still', 'here'));
    assert.equal(two.connected, true);
  });

  it('does not let a client take over the id of another', async () => {
    const running = await start();
    const owner = connectionTo(running, await identityOf('owner'), { clientId: 'owner', cleanSession: false });
    owner.connect();
    await event('connected', 'owner');
    const thief = connectionTo(running, await identityOf('thief'), { clientId: 'owner', cleanSession: false });
    assert.equal((await failureOf(thief)).code, 'MQTT_REFUSED');
    await owner.close();
    await event('disconnected', 'owner');
    // The session is kept, so the id is still its own.
    await thief.close();
    const again = connectionTo(running, await identityOf('thief'), { clientId: 'owner', cleanSession: false });
    assert.equal((await failureOf(again)).code, 'MQTT_REFUSED');
  });

  it('keeps to the access rules: messages against them vanish, as with Mosquitto', async () => {
    const running = await start({
      acl: AccessList.parse('pattern readwrite %c/status\npattern readwrite all\nuser reader\ntopic read #'),
    });
    const reader = connectionTo(running, await identityOf('reader'), { clientId: 'reader' });
    const device = connectionTo(running, await identityOf('device'), { clientId: 'device' });
    const [everything, foreign] = [new Inbox(), new Inbox()];
    reader.connect();
    device.connect();
    await Promise.all([reached(reader, 'connected'), reached(device, 'connected')]);
    await reader.subscribe('#', 'test', { qos: 1 }, everything.receive);
    await device.subscribe('#', 'test', { qos: 1 }, foreign.receive);
    for (const topic of ['device/status', 'other/status', '$SYS/fake', 'all']) await device.publish(message(topic));
    await reader.publish(message('reader/status'));
    await Promise.all([everything.count(3), foreign.count(2)]);
    assert.deepEqual(everything.received.map(({ topic }) => topic).sort(), ['all', 'device/status', 'reader/status']);
    assert.deepEqual(foreign.received.map(({ topic }) => topic).sort(), ['all', 'device/status']);
  });

  it('says of its clients only what a rule lets somebody read', async () => {
    const running = await start({ acl: AccessList.parse('user admin\ntopic read $SYS/#\npattern readwrite all') });
    const [curious, admin] = [new Inbox(), new Inbox()];
    const clients = await Promise.all(
      (['curious', 'admin'] as const).map(async (clientId) => {
        const connection = connectionTo(running, await identityOf(clientId), { clientId });
        connection.connect();
        await reached(connection, 'connected');
        return connection;
      }),
    );
    for (const filter of ['$SYS/#', '$SYS/+/new/clients', 'all']) {
      await clients[0]?.subscribe(filter, 'test', { qos: 0 }, curious.receive);
    }
    await clients[1]?.subscribe('$SYS/#', 'test', { qos: 0 }, admin.receive);
    const third = connectionTo(running, await identityOf('third'), { clientId: 'third' });
    third.connect();
    await event('connected', 'third');
    while (!admin.received.some(({ topic }) => topic.endsWith('/new/clients'))) await admin.next();
    await third.publish(message('all'));
    await curious.count(1);
    assert.deepEqual(
      curious.received.map(({ topic }) => topic),
      ['all'],
    );
  });

  describe('with user names and passwords', () => {
    const users = Users.parse('alice:se:cret\n# comment\n\nbob:b');
    const rows: [string | undefined, string | undefined, boolean][] = [
      ['alice', 'se:cret', true],
      ['alice', 'not-hers', false],
      ['alice', undefined, false],
      ['carol', 'se:cret', false],
      [undefined, undefined, false],
    ];
    for (const [username, secretPassword, accepted] of rows) {
      it(`${accepted ? 'accepts' : 'refuses'} ${username ?? 'nobody'} with ${secretPassword ?? 'no password'}`, async () => {
        const running = await start({ security: 'server', users });
        const connection = connectionTo(running, undefined, {
          ...(username === undefined ? {} : { username }),
          ...(secretPassword === undefined ? {} : { secretPassword }),
        });
        if (accepted) {
          connection.connect();
          assert.equal((await event('connected')).identity, username);
        } else {
          const failure = await failureOf(connection);
          assert.equal(failure.code, 'MQTT_REFUSED');
          assert.equal(failure.cause.reasonCode, 4);
          const refused = await event('refused');
          assert.equal(refused.code, 'MQTT_REFUSED');
          assert.doesNotMatch(JSON.stringify(refused), /se:cret|not-hers/);
        }
      });
    }

    for (const text of ['alice', ':x', 'alice:']) {
      it(`refuses the line ${text} without repeating it`, () =>
        assert.throws(
          () => Users.parse(`ok:ok\n${text}`),
          (error: Error & { code?: string }) => {
            assert.equal(error.code, 'INPUT_CONFIG');
            assert.match(error.message, /line 2/);
            assert.doesNotMatch(error.message, /alice/);
            return true;
          },
        ));
    }
  });

  it('shows a renewed certificate to whoever connects next', async () => {
    const running = await start({ hosts: parseHosts('renewing.test, 127.0.0.1') });
    const identity = await identityOf('dev01');
    const shown = async (): Promise<string> => {
      const connection = connectionTo(running, identity, {}, { verifyHostname: true });
      connection.connect();
      await reached(connection, 'connected');
      await connection.close();
      const probe = tls.connect({ host: '127.0.0.1', port: running.port, rejectUnauthorized: false });
      probe.on('error', () => undefined);
      await once(probe, 'secureConnect');
      const serial = probe.getPeerCertificate().serialNumber;
      probe.destroy();
      return serial;
    };
    const before = await shown();
    const renewed = await authority.renew({ by: 'name', value: 'renewing.test' });
    // The server asks the CA in its next turn.
    for (let turn = 0; turn < 100 && (await shown()) === before; turn += 1);
    assert.equal(await shown(), renewed.serialNumber);
    assert.notEqual(renewed.serialNumber, before);
  });

  describe('renews its own certificate when it is due', () => {
    const DAY_MS = 86_400_000;
    const clock = new MemoryClock(Date.now());
    let own: EmbeddedServers;
    before(async () => {
      own = await EmbeddedServers.withNewAuthority({ clock });
    });
    afterEach(() => own.stop());
    after(() => own.release());

    /** A certificate is good for 397 days, and due when a third of them is left. */
    async function comeDue(): Promise<void> {
      clock.jumpTo(clock.now() + 300 * DAY_MS);
      await clock.advance(600_000);
    }

    it('at once', async () => {
      const running = await own.start({ clock });
      const before = running.certificatePem;
      await comeDue();
      await until(() => running.certificatePem !== before);
    });

    it('and tries again when the disk refuses, telling it once', async () => {
      const running = await own.start({ clock });
      const before = running.certificatePem;
      const failures: string[] = [];
      running.on('failure', ({ code }) => failures.push(code));
      const { authority: ca } = own;
      let asked = 0;
      ca.ensure = () => {
        asked += 1;
        return Promise.reject(codedError('STORE_FULL', 'the disk is full'));
      };
      await comeDue();
      for (const times of [1, 2, 3]) {
        await until(() => asked >= times);
        await clock.advance(600_000);
      }
      assert.deepEqual(failures, ['STORE_FULL']);
      assert.equal(running.certificatePem, before, 'and goes on with the old one');
      delete (ca as Partial<CertificateAuthority>).ensure;
      const mended = once(running, 'certificate');
      await clock.advance(600_000);
      await mended;
      assert.notEqual(running.certificatePem, before);
    });
  });

  it('issues its certificate once and finds it again', async () => {
    const count = () => authority.list({ name: 'localhost' }).total;
    await (await start()).close();
    const first = count();
    await (await start()).close();
    assert.equal(count(), first);
  });

  it('says which port is taken: NET_ADDRESS_IN_USE', async () => {
    const { port } = await start();
    await assert.rejects(
      SecureMqttServer.start({
        authority,
        port,
        bindAddress: '127.0.0.1',
        hosts: parseHosts('localhost'),
        security: 'mutual',
        users: Users.parse(''),
        acl: AccessList.parse(''),
      }),
      {
        code: 'NET_ADDRESS_IN_USE',
        message: new RegExp(`^port ${port} on 127.0.0.1 is taken: .*another Node-RED`),
        hint: /another "Port" here and in the nodes/,
        cause: { port, address: '127.0.0.1', code: 'EADDRINUSE' },
      },
    );
  });

  it('says which address this machine does not have: NET_BIND', async () => {
    await assert.rejects(start({ bindAddress: '192.0.2.1' }), { code: 'NET_BIND' });
  });

  it('lets go of every listener of the CA when it closes', async () => {
    const counts = () => ['revoked', 'issued', 'renewed', 'due'].map((name) => authority.listenerCount(name as never));
    const before = counts();
    const running = await start();
    assert.notDeepEqual(counts(), before);
    await running.close();
    assert.deepEqual(counts(), before);
  });
});

describe('parseHosts', () => {
  it('tells names from addresses', () => {
    assert.deepEqual(parseHosts(' localhost,\n192.168.0.1; ::1'), [
      { type: 'dns', value: 'localhost' },
      { type: 'ip', value: '192.168.0.1' },
      { type: 'ip', value: '::1' },
    ]);
  });
  it('refuses none and nonsense', () => {
    assert.throws(() => parseHosts(' , '), { code: 'INPUT_CONFIG' });
    assert.throws(() => parseHosts('a_b c!'), { code: 'INPUT_SUBJECT_ALT_NAME' });
  });
});
