import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import secureMqttBroker = require('../../nodes/secure-mqtt-broker-config');
import secureMqttIn = require('../../nodes/secure-mqtt-in');
import type { SecureMqttBrokerConfig } from '../../src/model/config/secure-mqtt-broker-config';
import type { SecureMqttBrokerNode } from '../../src/node-red/broker-node';
import { secretKeyStore } from '../../src/pki/key-store';
import { handmadeClient, handmadeRoot, handmadeServer } from '../support/certificates-fixture';
import { Flows } from '../support/flows';
import { callsOf, nodes, reports, shows } from '../support/mqtt-flow';
import { temporaryFolder } from '../support/temporary-folder';
import { closeServers, mqttConversation, startTlsServer } from '../support/tls-servers';

const PASSPHRASE = 'nothing but a test';
/** Of this process, which is the one that runs the flows. */
const VARIABLE = 'SECURE_MQTT_TEST_VALUE';

describe('the settings of secure-mqtt-broker-config', () => {
  let flows: Flows;
  const broker = () => flows.node<SecureMqttBrokerNode>('broker');

  async function start(
    config: Partial<SecureMqttBrokerConfig>,
    {
      env = [],
      credentials = {},
    }: { env?: { name: string; value: string; type: string }[]; credentials?: object } = {},
  ): Promise<void> {
    flows = await Flows.start(
      [secureMqttBroker, secureMqttIn],
      [{ ...nodes.tab(), env } as never, { ...nodes.broker(config), z: 'tab' } as never, nodes.in(), nodes.seen('in')],
      { broker: credentials },
    );
  }

  afterEach(async () => {
    delete process.env[VARIABLE];
    await flows.stop();
    await closeServers();
  });

  describe('come from the environment', () => {
    const plain = { security: 'none', port: 1 } as const;

    it('of the process', async () => {
      process.env[VARIABLE] = 'host.of.the.process';
      await start({ ...plain, broker: VARIABLE, brokerType: 'env' });
      assert.equal((await broker().probeOptions()).target.host, 'host.of.the.process');
    });

    it('of the flow, also as a part of a text', async () => {
      const env = [{ name: VARIABLE, value: 'site-7', type: 'str' }];
      await start({ ...plain, broker: `mqtt.\${${VARIABLE}}.example`, brokerType: 'env' }, { env });
      assert.equal((await broker().probeOptions()).target.host, 'mqtt.site-7.example');
    });

    it('as ${NAME} in any field, numbers too', async () => {
      process.env[VARIABLE] = '8884';
      await start({ ...plain, port: `\${${VARIABLE}}` as never });
      assert.equal((await broker().probeOptions()).target.port, 8884);
    });

    it('but never as nothing: a variable that is not set is an error', async () => {
      // An empty server name would mean "the host", an empty pin "none".
      await start({ ...plain, pin: VARIABLE, pinType: 'env' });
      const { code, message, cause } = await reports(broker());
      assert.equal(code, 'INPUT_CONFIG');
      assert.match(message, /"SECURE_MQTT_TEST_VALUE", which pin is taken from, is not set/);
      assert.equal(cause.field, 'pin');
    });

    for (const value of ['', '   ']) {
      for (const field of ['pin', 'servername', 'caFile', 'caPem', 'certFile'] as const) {
        it(`not as nothing in ${field} where the variable holds ${JSON.stringify(value)}`, async () => {
          process.env[VARIABLE] = value;
          await start({ ...plain, [field]: `\${${VARIABLE}}` });
          const { code, cause } = await reports(broker());
          assert.deepEqual([code, cause.field], ['INPUT_CONFIG', field]);
        });
      }

      it(`not as nothing from a source "env" that holds ${JSON.stringify(value)}`, async () => {
        process.env[VARIABLE] = value;
        await start({ ...plain, pin: VARIABLE, pinType: 'env' });
        assert.equal((await reports(broker())).code, 'INPUT_CONFIG');
      });
    }
  });

  it('with a TLS version that is none are refused, not taken for the lower one', async () => {
    const trusted = { trust: 'system', security: 'server', port: 1 } as const;
    await start({ ...trusted, minVersion: 'TLSv1.4' as never });
    await assert.rejects(broker().probeOptions(), /minVersion is "TLSv1.4"/);
  });

  it('with a weak key store work, and say so once', async () => {
    const root = handmadeRoot();
    const client = handmadeClient(root);
    const entry = { alias: 'dev01', ...client, chain: [] };
    const p12File = join(temporaryFolder(), 'old.p12');
    writeFileSync(p12File, await secretKeyStore([entry], { secretPassphrase: PASSPHRASE, legacy: true }));
    const names: unknown[] = [];
    const server = await startTlsServer({
      identity: handmadeServer(root),
      requestCert: true,
      ca: root.pem,
      conversation: (socket) => {
        names.push((socket as TLSSocket).getPeerCertificate().subject.CN);
        mqttConversation()(socket);
      },
    });
    const material = { trust: 'pem', caPem: root.pem, identity: 'pkcs12', p12File } as const;
    await start({ port: server.port, ...material }, { credentials: { passphrase: PASSPHRASE } });
    await shows(flows.node('in'), /^connected$/);
    await broker().disconnectByMessage();
    await broker().connectByMessage(undefined);
    assert.deepEqual(names, ['dev01', 'dev01']);
    const warnings = callsOf(broker(), 'warn').map(([text]) => String(text));
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0] ?? '', /^P12_WEAK: the PKCS#12 file .*old\.p12: .*3DES/);
  });
});
