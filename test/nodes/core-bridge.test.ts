import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Node } from 'node-red';
import helper from 'node-red-node-test-helper';
import secureMqttBroker = require('../../nodes/secure-mqtt-broker-config');
import secureMqttServer = require('../../nodes/secure-mqtt-server');
import tlsCa = require('../../nodes/tls-ca');
import type { SecureMqttBrokerConfig } from '../../src/model/config/secure-mqtt-broker-config';
import type { SecureMqttServerConfig } from '../../src/model/config/secure-mqtt-server';
import type { ServerEvent } from '../../src/mqtt/server-event';
import type { TlsCaNode } from '../../src/node-red/authority-node';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { formatPin, pinsOf } from '../../src/tls/pin';
import { makeLeaf, makeRoot } from '../support/certificates';
import { coreFlow, coreMqtt, leave, streamThrough, type CoreMessage } from '../support/core-mqtt';
import { Flows } from '../support/flows';
import { freePort } from '../support/free-port';
import { callsOf, nodes, reports, sends, shows } from '../support/mqtt-flow';

const MODULES = [tlsCa, secureMqttBroker, secureMqttServer, ...coreMqtt()];
/** Core's statuses are keys where no catalogue is loaded. */
const CONNECTED = /status\.connected$/;

interface Settings {
  broker?: Partial<SecureMqttBrokerConfig>;
  server?: Partial<SecureMqttServerConfig>;
  core?: Record<string, unknown>;
  tls?: Record<string, unknown>;
  more?: ({ id: string; type: string } & Record<string, unknown>)[];
  credentials?: Record<string, unknown>;
}

describe('core mqtt nodes that are driven', () => {
  let flows: Flows;
  let port: number;

  function flow({ broker, server, core, tls, more = [] }: Settings = {}) {
    return [
      nodes.tab(),
      nodes.ca(),
      nodes.broker({ port, coreBrokers: ['core-broker'], ...broker }),
      nodes.server({ port, ...server }),
      nodes.seen('server'),
      ...coreFlow({ port, core, tls }),
      ...more,
    ];
  }
  async function start(settings?: Settings): Promise<void> {
    port = await freePort();
    flows = await Flows.start(MODULES, flow(settings), settings?.credentials);
  }
  afterEach(async () => {
    await leave(helper.getNode('core-broker') as unknown as Node);
    await flows.stop();
  });

  const node = <T extends Node = Node>(id: string): T => flows.node<T>(id);
  const events = (): ServerEvent[] =>
    callsOf(node('server'), 'send').map(([msg]) => (msg as { payload: ServerEvent }).payload);
  const connectedWith = (serialNumber: string) =>
    sends<{ payload: ServerEvent }>(
      node('server'),
      ({ payload }) => payload.event === 'connected' && payload.serialNumber === serialNumber,
    );
  const authority = () => node<TlsCaNode>('ca').authority();

  it('talk with a certificate of the CA, from their first connection on', async () => {
    await start();
    await shows(node('core-in'), CONNECTED);
    const received = sends<CoreMessage>(node('core-in'));
    node('core-out').receive({ topic: 'a/b', payload: 'hello', qos: 1 } as never);
    assert.equal((await received).payload, 'hello');
    assert.deepEqual(
      events().map(({ event, identity, clientId }) => [event, identity, clientId]),
      [['connected', 'dev01', 'core-client']],
      'no attempt with settings of their own before',
    );
  });

  it('go on with a renewed certificate, every message of QoS 1 and 2 arrives', async () => {
    await start({ core: { willTopic: 'a/will', willPayload: 'gone', willQos: '1' } });
    await shows(node('core-in'), CONNECTED);
    const stream = streamThrough(node('core-out'), node('core-in'), { topic: 'a/b', qos: [1, 2] });
    for (let rotation = 0; rotation < 3; rotation += 1) {
      const { serialNumber } = await (await authority()).renew({ by: 'name', value: 'dev01' });
      await connectedWith(serialNumber);
    }
    const { sent, received } = await stream.stop();
    assert.deepEqual(
      sent.filter((number) => !received.includes(number)),
      [],
    );
    assert.equal(events().filter(({ event }) => event === 'refused').length, 0);
    const wills = callsOf(node('core-in'), 'send').filter(([msg]) => (msg as CoreMessage).topic === 'a/will');
    assert.equal(wills.length, 0, 'a rotation is no death');
  });

  describe('are refused as our own nodes are, whatever their tls-config says', () => {
    const rows: [string, Settings, string][] = [
      ['a server of an unknown CA', { broker: { trust: 'system' } }, 'CERT_ISSUER_UNKNOWN'],
      ['the wrong host name', { server: { hosts: 'elsewhere.test' } }, 'CERT_NAME_MISMATCH'],
      ['a pin of another server', { broker: { pin: `cert:${'00'.repeat(32)}` } }, 'CERT_PIN_MISMATCH'],
      ['no client certificate', { broker: { security: 'server' } }, 'TLS_CLIENT_CERT_REQUIRED'],
    ];
    for (const [what, settings, code] of rows) {
      it(`${what}: ${code}, and a Catch node hears it`, async () => {
        await start(settings);
        const error = await reports(node('core-in'));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, /core broker "Core"/);
        assert.deepEqual(
          events().filter(({ event }) => event === 'connected'),
          [],
        );
      });
    }

    it('a client certificate of another CA', async () => {
      const other = await makeLeaf(await makeRoot(), { profile: 'client', commonName: 'dev01', names: [] });
      await start({
        broker: { identity: 'pem', certPem: other.certificate.pem },
        credentials: { broker: { keyPem: secretPrivateKeyPem(other.privateKey) } },
      });
      assert.match((await reports(node('core-in'))).code, /^TLS_CLIENT_CERT_(UNKNOWN_CA|REFUSED)$/);
    });
  });

  describe('get what the settings say', () => {
    const rows: [string, Settings][] = [
      ['no verification of the host name', { broker: { verifyHostname: false }, server: { hosts: 'elsewhere.test' } }],
      ['a server name', { broker: { servername: 'elsewhere.test' }, server: { hosts: 'elsewhere.test' } }],
      ['a server name of their own', { tls: { servername: 'elsewhere.test' }, server: { hosts: 'elsewhere.test' } }],
      ['no verification', { broker: { verifyServer: false, trust: 'system' } }],
      ['TLS 1.3 at least', { broker: { minVersion: 'TLSv1.3' } }],
      ['MQTT 3.1.1 by address', { core: { broker: '127.0.0.1' } }],
    ];
    for (const [what, settings] of rows) {
      it(what, async () => {
        await start(settings);
        await shows(node('core-in'), CONNECTED);
      });
    }

    it('a warning when the server is not verified', async () => {
      await start({ broker: { verifyServer: false } });
      await shows(node('core-in'), CONNECTED);
      const warnings = callsOf(node('broker'), 'warn').map(String);
      assert.equal(warnings.length, 1);
      assert.match(String(warnings), /^core broker "Core": MQTT_NOT_VERIFIED: .*the server is not verified/);
    });

    it('not our server name for another host: each broker is verified by its own', async () => {
      await start({
        broker: { broker: 'localhost', servername: 'elsewhere.test' },
        core: { broker: '127.0.0.1' },
        server: { hosts: 'elsewhere.test' },
      });
      const { code, cause } = await reports(node('core-in'));
      assert.equal(code, 'CERT_NAME_MISMATCH');
      assert.equal(cause.host, '127.0.0.1');
    });
  });

  describe('say what is missing and leave core alone', () => {
    const rows: [string, Settings, string, RegExp][] = [
      ['no such core broker', { broker: { coreBrokers: ['nowhere'] } }, 'MQTT_CORE_SETTINGS', /missing or disabled/],
      ['TLS not ticked', { core: { usetls: false } }, 'MQTT_CORE_SETTINGS', /does not use TLS/],
      ['no tls-config', { core: { tls: '' } }, 'MQTT_CORE_SETTINGS', /no TLS configuration/],
      ['another type of node', { broker: { coreBrokers: ['ca'] } }, 'MQTT_CORE_SETTINGS', /tls-ca/],
      ['nothing to carry', { broker: { security: 'none' } }, 'MQTT_CORE_SETTINGS', /none/],
      ['a disabled core broker', { core: { d: true } }, 'MQTT_CORE_SETTINGS', /missing or disabled/],
    ];
    for (const [what, settings, code, message] of rows) {
      it(`${what}: ${code}`, async () => {
        await start(settings);
        const error = await reports(node('broker'));
        assert.equal(error.code, code);
        assert.match(error.message, message);
      });
    }

    it('a core broker that is written mqtt://, which core opens in clear', async () => {
      await start({ core: { broker: 'mqtt://localhost' } });
      const error = await reports(node('core-in'));
      assert.equal(error.code, 'MQTT_CORE_SETTINGS');
      assert.match(error.message, /without TLS/);
    });

    it('a pin that core cannot enforce', async () => {
      await start({ broker: { verifyServer: false, pin: `cert:${'00'.repeat(32)}` } });
      assert.equal((await reports(node('core-in'))).code, 'INPUT_PIN');
    });

    it('two settings for one core broker: the first drives it', async () => {
      const second = { ...nodes.broker({ port, coreBrokers: ['core-broker'] }), id: 'second', clientId: 'dev02' };
      await start({ more: [second] });
      assert.equal((await reports(node('second'))).code, 'MQTT_CORE_CLAIMED');
      await shows(node('core-in'), CONNECTED);
      assert.deepEqual(
        events().map(({ identity }) => identity),
        ['dev01'],
      );
    });

    it('core nodes of an unknown kind', async () => {
      const unknown = (RED: { nodes: { createNode: unknown; registerType: (...args: unknown[]) => void } }) =>
        RED.nodes.registerType('mqtt-broker', function (this: Node, config: never) {
          (RED.nodes.createNode as (node: Node, config: never) => void)(this, config);
        });
      port = await freePort();
      const withoutCoreNodes = flow().filter(({ id }) => !/^core-(in|out|seen)$/.test(id));
      const modules = [tlsCa, secureMqttBroker, secureMqttServer, coreMqtt()[0] as never, unknown as never];
      flows = await Flows.start(modules, withoutCoreNodes);
      const error = await reports(node('broker'));
      assert.equal(error.code, 'MQTT_CORE_UNKNOWN');
      assert.deepEqual(error.cause.lacking, [
        ...['options', 'setOptions', 'connect', 'disconnect', 'brokerurl', 'connected', 'connecting', 'users'],
      ]);
    });
  });

  describe('with a pin that cannot be checked do not connect', () => {
    const pin = `cert:${'00'.repeat(32)}`;
    const rows: [string, Settings, string, string][] = [
      ['trust unreadable', { broker: { trust: 'file', caFile: 'missing.pem', pin } }, 'core-in', 'STORE_NOT_FOUND'],
      ['verification off', { broker: { trust: 'system', verifyServer: false, pin } }, 'core-in', 'INPUT_PIN'],
      ['not a pin', { broker: { pin: 'rubbish' } }, 'core-in', 'INPUT_PIN'],
      ['no TLS ticked', { broker: { pin }, core: { usetls: false } }, 'broker', 'MQTT_CORE_SETTINGS'],
      ['a variable that is empty', { broker: { pin: '${SECURE_MQTT_TEST_EMPTY}' } }, 'broker', 'INPUT_CONFIG'],
    ];
    for (const [what, settings, teller, code] of rows) {
      it(`${what}: ${code}, and nothing reaches the server`, async () => {
        process.env.SECURE_MQTT_TEST_EMPTY = '';
        await start(settings);
        assert.equal((await reports(node(teller))).code, code);
        node('core-out').receive({ action: 'connect', broker: { force: true } } as never);
        await new Promise(setImmediate);
        const core = node<Node & { client?: object; connecting: boolean }>('core-broker');
        assert.deepEqual([core.client, core.connecting], [undefined, true]);
        assert.deepEqual(events(), []);
        delete process.env.SECURE_MQTT_TEST_EMPTY;
      });
    }

    it('and connect as soon as it can be', async () => {
      await start({ broker: { trust: 'file', caFile: 'late.pem' } });
      await shows(node('server'), /^port/);
      const { certificatePem } = node<Node & { certificatePem: string }>('server');
      const own = {
        trust: 'file',
        caFile: 'late.pem',
        pin: formatPin(pinsOf(new X509Certificate(certificatePem).raw).cert),
      };
      await helper.setFlows(flow({ broker: own } as never) as never, 'nodes' as never);
      assert.deepEqual(
        events().filter(({ event }) => event === 'connected'),
        [],
      );
      await writeFile(path.join(flows.userDir, 'late.pem'), (await authority()).trustAnchorsPem);
      await shows(node('core-in'), CONNECTED);
    });

    it('and leave a connection that was made without it', async () => {
      await start();
      await shows(node('core-in'), CONNECTED);
      await helper.setFlows(flow({ broker: { pin } }) as never, 'nodes' as never);
      await sends<{ payload: ServerEvent }>(node('server'), ({ payload }) => payload.event === 'disconnected');
      assert.equal((await reports(node('core-in'))).code, 'CERT_PIN_MISMATCH');
    });
  });

  describe('when our material cannot be read', () => {
    it('keep what is their own, but not with less verification', async () => {
      await start({ broker: { trust: 'file', caFile: 'missing.pem' } });
      assert.equal((await reports(node('broker'))).code, 'STORE_NOT_FOUND');
      // Its tls-config verifies nothing and holds no CA: without the floor it would ask the server for a client certificate.
      const { options } = node<Node & { options: Record<string, unknown> }>('core-broker');
      assert.equal(options.rejectUnauthorized, true);
      assert.equal('secureContext' in options, false);
    });

    it('go on with the connection they have when the broker would refuse the new certificate', async () => {
      await start();
      await shows(node('core-in'), CONNECTED);
      const { stream } = clientOf(node('core-broker'));
      const other = await makeLeaf(await makeRoot(), { profile: 'client', commonName: 'dev01', names: [] });
      const file = path.join(flows.userDir, 'own.pem');
      await writeFile(file, other.certificate.pem + secretPrivateKeyPem(other.privateKey));
      await helper.setFlows(flow({ broker: { identity: 'file', certFile: 'own.pem' } }) as never, 'nodes' as never);
      const { code, message } = await reports(node('core-in'));
      assert.match(code, /^TLS_CLIENT_CERT_/);
      assert.match(message, /the running connection goes on/);
      assert.equal(clientOf(node('core-broker')).stream, stream);
    });

    it('go on as soon as it can be read', async () => {
      await start({ broker: { trust: 'file', caFile: 'late.pem' } });
      await reports(node('broker'));
      await writeFile(path.join(flows.userDir, 'late.pem'), (await authority()).trustAnchorsPem);
      await shows(node('core-in'), CONNECTED);
    });
  });

  describe('after a deploy', () => {
    const deploy = (type: string, settings?: Settings) => helper.setFlows(flow(settings) as never, type as never);

    for (const type of ['full', 'flows', 'nodes']) {
      it(`of kind ${type} are driven again, and nobody listens twice`, async () => {
        await start();
        await shows(node('core-in'), CONNECTED);
        const before = listeners();
        for (let round = 1; round <= 3; round += 1) {
          await leave(node('core-broker'));
          await deploy(type, { broker: { name: `round ${round}` }, core: { name: `Core ${round}` } });
          await shows(node('core-in'), CONNECTED);
        }
        assert.equal(listeners(), before);
        assert.deepEqual([...new Set(events().map(({ identity }) => identity))], ['dev01']);
        const { serialNumber } = await (await authority()).renew({ by: 'name', value: 'dev01' });
        await connectedWith(serialNumber);
      });
    }

    it('of our settings alone keep their connection', async () => {
      await start();
      await shows(node('core-in'), CONNECTED);
      const { stream } = clientOf(node('core-broker'));
      await deploy('nodes', { broker: { name: 'renamed' } });
      assert.equal(node('broker').name, 'renamed');
      assert.equal(clientOf(node('core-broker')).stream, stream);
      const { serialNumber } = await (await authority()).renew({ by: 'name', value: 'dev01' });
      await connectedWith(serialNumber);
    });

    it('of their own broker alone are driven again', async () => {
      await start();
      await shows(node('core-in'), CONNECTED);
      await deploy('nodes', { core: { clientid: 'changed' } });
      await sends<{ payload: ServerEvent }>(
        node('server'),
        ({ payload: { event, clientId, identity } }) =>
          event === 'connected' && clientId === 'changed' && identity === 'dev01',
      );
    });

    it('that ticks them are driven, although they were already trying', async () => {
      await start({ broker: { coreBrokers: [] } });
      await shows(node('server'), /^port/);
      await deploy('nodes');
      await shows(node('core-in'), CONNECTED);
    });

    it('that removes the tick get their own settings back at their next connection', async () => {
      await start();
      await shows(node('core-in'), CONNECTED);
      const { stream } = clientOf(node('core-broker'));
      await deploy('nodes', { broker: { coreBrokers: [] } });
      assert.equal(clientOf(node('core-broker')).stream, stream, 'the connection goes on');
      const { options, setOptions } = node<Node & { options: object; setOptions: object }>('core-broker');
      assert.equal('secureContext' in options || 'checkServerIdentity' in options, false);
      assert.equal((options as { rejectUnauthorized: boolean }).rejectUnauthorized, false, 'as in its tls-config');
      assert.match(String(setOptions), /birthTopic/, 'its own function again');
    });

    it('are driven by the settings that have them now', async () => {
      await start();
      await shows(node('core-in'), CONNECTED);
      const second = { ...nodes.broker({ port, coreBrokers: ['core-broker'], clientId: 'dev02' }), id: 'second' };
      await deploy('nodes', { broker: { coreBrokers: [] }, more: [second] });
      await sends<{ payload: ServerEvent }>(node('server'), ({ payload }) => payload.identity === 'dev02');
    });
  });

  it('stay driven when a message makes them connect anew', async () => {
    await start();
    await shows(node('core-in'), CONNECTED);
    node('core-out').receive({ action: 'connect', broker: { force: true, clientid: 'by-message' } } as never);
    const { payload } = await sends<{ payload: ServerEvent }>(
      node('server'),
      (msg) => msg.payload.event === 'connected' && msg.payload.clientId === 'by-message',
    );
    assert.equal(payload.identity, 'dev01');
  });

  it('that are to connect by message only wait for it', async () => {
    await start({ core: { autoConnect: false } });
    await (await authority()).crl();
    await once(node('server'), 'call:status');
    assert.equal(clientOf(node('core-broker')), undefined);
    node('core-out').receive({ action: 'connect' } as never);
    await shows(node('core-in'), CONNECTED);
  });

  it('tell no secret', async () => {
    await start();
    await shows(node('core-in'), CONNECTED);
    const { options } = node<Node & { options: Record<string, unknown> }>('core-broker');
    assert.doesNotMatch(JSON.stringify(options), /PRIVATE KEY/);
    assert.equal('key' in options || 'cert' in options, false);
  });

  function listeners(): number {
    return (helper as unknown as { _events: NodeJS.EventEmitter })._events.listenerCount('flows:started');
  }
});

interface CoreClient {
  stream: object;
}

function clientOf(core: Node): CoreClient {
  return (core as unknown as { client: CoreClient }).client;
}
