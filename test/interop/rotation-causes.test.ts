import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeAPI } from 'node-red';
import {
  SECURE_MQTT_BROKER_DEFAULTS,
  type SecureMqttBrokerConfig,
} from '../../src/model/config/secure-mqtt-broker-config';
import type { CodedError } from '../../src/model/errors';
import type { SecureMqttConnection } from '../../src/mqtt/connection';
import { makeBrokerConnection, type BrokerConnection } from '../../src/node-red/broker-connection';
import { secretKeyStore } from '../../src/pki/key-store';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { makeBrokerCertificates, writeForMosquitto, type BrokerCertificates } from '../support/broker-certificates';
import { makeLeaf, makeRoot, type KeyedCertificate } from '../support/certificates';
import { reached } from '../support/connection';
import { MemoryClock } from '../support/memory-clock';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { temporaryFolder } from '../support/temporary-folder';

const PASSPHRASE = 'open sesame';

describe('a running connection follows', () => {
  const folder = temporaryFolder();
  let certificates: BrokerCertificates;
  let mosquitto: RunningMosquitto;
  let clock: MemoryClock;
  let running: BrokerConnection | undefined;
  let nextClient = 1;

  before(async () => {
    certificates = await makeBrokerCertificates();
    mosquitto = await startMosquitto({
      folder,
      configuration: (port) => [
        `listener ${port} 127.0.0.1`,
        ...writeForMosquitto(folder, certificates.root, certificates.server),
        'require_certificate true',
        'use_identity_as_username true',
      ],
    });
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
    assert.equal(clock.waiting, 0, 'no timer is left');
  });
  after(() => mosquitto.stop());

  /** Replaced by rename, as good tools do. */
  const put = (name: string, bytes: string | Buffer): void => {
    writeFileSync(path.join(folder, `${name}.new`), bytes);
    renameSync(path.join(folder, `${name}.new`), path.join(folder, name));
  };
  const client = (commonName: string, issuer = certificates.root): Promise<KeyedCertificate> =>
    makeLeaf(issuer, { profile: 'client', commonName, names: [] });
  const keyOf = ({ privateKey }: KeyedCertificate): string => secretPrivateKeyPem(privateKey);

  const putPair = async (issuer?: KeyedCertificate): Promise<string> => {
    const name = `pair${nextClient}`;
    const pair = await client(name, issuer);
    put('client.pem', pair.certificate.pem);
    put('client.key', keyOf(pair));
    return name;
  };
  const putBoth = async (): Promise<string> => {
    const pair = await client(`both${nextClient}`);
    put('both.pem', pair.certificate.pem + keyOf(pair));
    return `both${nextClient}`;
  };
  const putStore = async (): Promise<string> => {
    const { certificate, privateKey } = await client(`store${nextClient}`);
    put(
      'client.p12',
      await secretKeyStore([{ alias: 'client', certificate, privateKey, chain: [] }], { secretPassphrase: PASSPHRASE }),
    );
    return `store${nextClient}`;
  };

  /** A connection that shows and trusts what the settings say. */
  async function start(config: Partial<SecureMqttBrokerConfig>): Promise<SecureMqttConnection> {
    const tlsConfig = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') };
    const RED = {
      settings: { userDir: folder },
      nodes: {
        getNode: (id: string) => (id === 'core' ? { addTLSOptions: (options: object) => options } : null),
        eachNode: (look: (node: object) => void) => look({ id: 'core', type: 'tls-config', ...tlsConfig }),
      },
    } as unknown as NodeAPI;
    const settings: SecureMqttBrokerConfig = {
      ...SECURE_MQTT_BROKER_DEFAULTS,
      broker: 'localhost',
      port: mosquitto.port,
      clientId: `client${nextClient}`,
      cleanSession: false,
      trust: 'file',
      caFile: 'ca.pem',
      identity: 'file',
      certFile: 'client.pem',
      keyFile: 'client.key',
      tlsConfig: 'core',
      ...config,
    };
    clock = new MemoryClock(Date.now());
    const credentials = { passphrase: config.p12File ? PASSPHRASE : '' };
    running = makeBrokerConnection(RED, () => ({ config: settings, credentials }), undefined, clock);
    running.connection.connect();
    await reached(running.connection, 'connected');
    return running.connection;
  }
  const file = (name: string): string => path.join(folder, name);

  /** Let the files be looked at three times: a change is told once it stands still. */
  async function whenNoticed<T>(happening: Promise<T>): Promise<T> {
    for (let look = 0; look < 3; look += 1) {
      await clock.advance(5_000);
      // Real files take real turns of the event loop, which the clock does not know.
      while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return happening;
  }
  const again = (connection: SecureMqttConnection) =>
    new Promise<void>((resolve) => {
      connection.on('state', ({ phase }) => phase === 'connected' && resolve());
    });
  const failure = (connection: SecureMqttConnection) =>
    new Promise<CodedError>((resolve) => connection.once('failure', resolve));
  const connectedAs = (user: string) => mosquitto.waitForLog(new RegExp(`as client${nextClient} .*u'${user}'`));

  beforeEach(() => {
    nextClient += 1;
    put('ca.pem', certificates.root.certificate.pem);
  });

  const identities: [string, Partial<SecureMqttBrokerConfig>, () => Promise<string>][] = [
    ['certificate and key files', {}, putPair],
    ['one PEM file that holds both', { certFile: 'both.pem', keyFile: '' }, putBoth],
    ['a PKCS#12 file', { identity: 'pkcs12', p12File: 'client.p12' }, putStore],
    ['the files of a core tls-config', { identity: 'tls-config', trust: 'tls-config' }, putPair],
  ];
  for (const [what, config, replace] of identities) {
    it(`${what} that are replaced`, async () => {
      const first = await replace();
      const connection = await start(config);
      await connectedAs(first);
      nextClient += 1000;
      const second = await replace();
      nextClient -= 1000;
      await whenNoticed(again(connection));
      await connectedAs(second);
    });
  }

  it('a CA file that is extended', async () => {
    await putPair();
    const connection = await start({});
    const other = await makeRoot({ commonName: 'Another Root' });
    put('ca.pem', certificates.root.certificate.pem + other.certificate.pem);
    await whenNoticed(again(connection));
  });

  it('a CA file that names another CA, by leaving the broker: CERT_ISSUER_UNKNOWN', async () => {
    await putPair();
    const connection = await start({});
    put('ca.pem', (await makeRoot({ commonName: 'Another Root' })).certificate.pem);
    assert.equal((await whenNoticed(failure(connection))).code, 'CERT_ISSUER_UNKNOWN');
    assert.equal(connection.connected, false);
    put('ca.pem', certificates.root.certificate.pem);
    await whenNoticed(again(connection));
  });

  const broken: [string, () => void | Promise<unknown>, string][] = [
    ['a certificate file that is rubbish', () => put('client.pem', 'rubbish'), 'PEM_NO_BLOCK'],
    ['a CA file that is empty', () => put('ca.pem', ''), 'PEM_NO_BLOCK'],
    [
      'a key that belongs to another certificate',
      async () => put('client.key', keyOf(await client('x'))),
      'KEY_MISMATCH',
    ],
    [
      'a certificate the broker does not trust',
      async () => putPair(await makeRoot({ commonName: 'Another Root' })),
      'TLS_CLIENT_CERT_UNKNOWN_CA',
    ],
  ];
  for (const [what, damage, code] of broken) {
    it(`not ${what}: ${code}, and goes on`, async () => {
      const first = await putPair();
      const connection = await start({});
      await connectedAs(first);
      await damage();
      const { code: told, message } = await whenNoticed(failure(connection));
      assert.equal(told, code, message);
      assert.match(message, /goes on as it is/);
      assert.equal(connection.connected, true);
      assert.equal(await connection.publish({ topic: 'a', payload: 'x', qos: 1, retain: false }), 'sent');
      // Mended: it is used.
      nextClient += 1000;
      const mended = await putPair();
      nextClient -= 1000;
      put('ca.pem', `${certificates.root.certificate.pem}\n`);
      await whenNoticed(again(connection));
      await connectedAs(mended);
    });
  }
});
