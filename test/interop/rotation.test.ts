import assert from 'node:assert/strict';
import { acquireAuthority, type AuthorityLease } from '../../src/ca/authority-registry';
import { AccessList } from '../../src/mqtt/acl';
import type { SecureMqttConnection } from '../../src/mqtt/connection';
import type { OutgoingPublish } from '../../src/mqtt/outgoing-message';
import { SecureMqttServer } from '../../src/mqtt/server';
import { Users } from '../../src/mqtt/server-admission';
import { parseHosts } from '../../src/mqtt/server-certificate';
import type { ClientIdentity } from '../../src/tls/client-identity';
import type { TlsMaterialParts } from '../../src/tls/tls-material';
import { asIdentity, asTrust, makeBrokerCertificates, writeForMosquitto } from '../support/broker-certificates';
import { makeLeaf, type KeyedCertificate } from '../support/certificates';
import { closeConnections, Inbox, reached, testConnection } from '../support/connection';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { temporaryFolder } from '../support/temporary-folder';
import { authorityOptions } from '../support/test-authority';

/** A broker under test, and new certificates for its clients. */
interface Broker {
  readonly port: number;
  trust: () => TlsMaterialParts['trust'];
  identity(commonName: string): Promise<ClientIdentity>;
  close(): Promise<void>;
}

async function mosquitto(folder: string): Promise<Broker> {
  const certificates = await makeBrokerCertificates();
  const running: RunningMosquitto = await startMosquitto({
    folder,
    configuration: (port) => [
      `listener ${port} 127.0.0.1`,
      ...writeForMosquitto(folder, certificates.root, certificates.server),
      'allow_anonymous true',
      'require_certificate true',
      'max_queued_messages 0',
    ],
  });
  return {
    port: running.port,
    trust: () => asTrust(certificates.root),
    identity: async (commonName) => {
      const leaf: KeyedCertificate = await makeLeaf(certificates.root, { profile: 'client', commonName, names: [] });
      return asIdentity(leaf);
    },
    close: () => running.stop(),
  };
}

async function embedded(folder: string): Promise<Broker> {
  const lease: AuthorityLease = await acquireAuthority(authorityOptions({ userDir: folder }));
  const { authority } = lease;
  const server = await SecureMqttServer.start({
    authority,
    port: 0,
    bindAddress: '127.0.0.1',
    hosts: parseHosts('localhost, 127.0.0.1'),
    security: 'mutual',
    users: Users.parse(''),
    acl: AccessList.parse(''),
  });
  return {
    port: server.port,
    trust: () => ({ kind: 'anchors', pem: authority.trustAnchorsPem, label: 'the test CA' }),
    identity: async (commonName) => {
      const [issued] = await authority.issue([{ profile: 'client', subject: { commonName } }]);
      return {
        certificatePem: issued?.certificate.pem ?? '',
        secretKey: issued?.secretPrivateKey as ClientIdentity['secretKey'],
      };
    },
    close: async () => {
      await server.close();
      await lease.release();
    },
  };
}

const BROKERS = [
  ['Mosquitto', mosquitto, [4, 5]],
  ['the embedded broker', embedded, [4]],
] as const;

const MESSAGES = 4_000;
const ROTATIONS = 5;
/** On their way at the same time. */
const WINDOW = 400;

for (const [name, start, versions] of BROKERS) {
  describe(`a rotation under traffic, at ${name}`, () => {
    const folder = temporaryFolder();
    let broker: Broker;
    before(async () => {
      broker = await start(folder);
    });
    afterEach(closeConnections);
    after(() => broker.close());

    /** A connection with a kept session, and a function that gives it another certificate. */
    async function rotating(clientId: string, protocolVersion: 4 | 5) {
      let identity = await broker.identity(clientId);
      const will: OutgoingPublish = { topic: 'will', payload: clientId, qos: 1, retain: false };
      const connection = testConnection({
        port: broker.port,
        material: () => ({ trust: broker.trust(), identity }),
        session: { clientId, protocolVersion, cleanSession: false, sessionExpirySeconds: 600, will },
        close: { ...will, topic: 'close' },
      });
      connection.on('failure', (failure) => failures.push(`${clientId}: ${failure.code} ${failure.message}`));
      const failures: string[] = [];
      connection.connect();
      await reached(connection, 'connected');
      let rotations = 0;
      connection.on('state', ({ phase }) => (rotations += phase === 'connected' ? 1 : 0));
      const rotate = async (): Promise<void> => {
        identity = await broker.identity(clientId);
        connection.renewMaterial();
      };
      return { connection, rotate, failures, rotations: () => rotations };
    }

    for (const protocolVersion of versions) {
      for (const qos of [1, 2] as const) {
        it(`of both sides, several times, loses nothing of QoS ${qos} over MQTT ${protocolVersion}`, async () => {
          const kind = `${protocolVersion}-${qos}`;
          const publisher = await rotating(`publisher-${kind}`, protocolVersion);
          const subscriber = await rotating(`subscriber-${kind}`, protocolVersion);
          const witness = await rotating(`witness-${kind}`, protocolVersion);
          const [inbox, farewells] = [new Inbox(), new Inbox()];
          await subscriber.connection.subscribe(`numbers/${kind}/+`, 'test', { qos }, inbox.receive);
          for (const topic of ['will', 'close'])
            await witness.connection.subscribe(topic, 'test', { qos: 1 }, farewells.receive);

          await publishMany(publisher.connection, `numbers/${kind}/a`, qos, async (sent) => {
            if (sent % Math.floor(MESSAGES / ROTATIONS) !== 0) return;
            await Promise.all([publisher.rotate(), subscriber.rotate()]);
          });
          while (inbox.distinct.size < MESSAGES) await inbox.next();
          if (qos === 2) {
            assert.deepEqual(
              inbox.payloads,
              Array.from({ length: MESSAGES }, (_, index) => String(index)),
            );
          }
          assert.deepEqual([...publisher.failures, ...subscriber.failures], []);
          // Those asked for while one is under way are one.
          for (const side of [publisher, subscriber]) assert.ok(side.rotations() >= 2, String(side.rotations()));
          assert.deepEqual(farewells.payloads, [], 'neither will nor close message');
        });
      }
    }
  });
}

/** Publish {@link MESSAGES} numbers, {@link WINDOW} at a time; `told` before each. */
async function publishMany(
  connection: SecureMqttConnection,
  topic: string,
  qos: 1 | 2,
  told: (sent: number) => Promise<void>,
): Promise<void> {
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (sent < MESSAGES) {
      const number = sent;
      sent += 1;
      const outcome = connection.publish({ topic, payload: String(number), qos, retain: false });
      await told(number);
      assert.equal(await outcome, 'sent');
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, lane));
}
