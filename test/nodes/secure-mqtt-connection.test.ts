import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { Node } from 'node-red';
import secureMqttBroker = require('../../nodes/secure-mqtt-broker-config');
import secureMqttIn = require('../../nodes/secure-mqtt-in');
import secureMqttOut = require('../../nodes/secure-mqtt-out');
import secureMqttServer = require('../../nodes/secure-mqtt-server');
import tlsCa = require('../../nodes/tls-ca');
import type { SecureMqttBrokerConfig } from '../../src/model/config/secure-mqtt-broker-config';
import type { SecureMqttInConfig } from '../../src/model/config/secure-mqtt-in';
import type { SecureMqttOutConfig } from '../../src/model/config/secure-mqtt-out';
import type { SecureMqttServerConfig } from '../../src/model/config/secure-mqtt-server';
import type { ReceivedMessage } from '../../src/mqtt/received-message';
import type { ServerEvent } from '../../src/mqtt/server-event';
import type { TlsCaNode } from '../../src/node-red/authority-node';
import type { SecureMqttBrokerNode } from '../../src/node-red/broker-node';
import { Flows } from '../support/flows';
import { freePort } from '../support/free-port';
import { callsOf, nodes, reports, sends, shows } from '../support/mqtt-flow';

interface ServerMessage {
  topic: string;
  payload: ServerEvent;
}

const MODULES = [tlsCa, secureMqttBroker, secureMqttIn, secureMqttOut, secureMqttServer];

interface FlowSettings {
  broker?: Partial<SecureMqttBrokerConfig>;
  in?: Partial<SecureMqttInConfig>;
  out?: Partial<SecureMqttOutConfig>;
  server?: Partial<SecureMqttServerConfig> | false;
  credentials?: Record<string, unknown>;
}

describe('secure-mqtt-in, -out, -broker-config and -server in a flow', () => {
  let flows: Flows;
  let port: number;

  async function start({ broker, server, credentials, ...settings }: FlowSettings = {}): Promise<void> {
    port = await freePort();
    flows = await Flows.start(
      MODULES,
      [
        nodes.tab(),
        nodes.ca(),
        nodes.broker({ port, ...broker }),
        nodes.in(settings.in),
        nodes.out(settings.out),
        nodes.seen('in'),
        ...(server === false ? [] : [nodes.server({ port, ...server }), nodes.seen('server')]),
      ],
      credentials,
    );
  }
  afterEach(() => flows.stop());
  const node = <T extends Node = Node>(id: string): T => flows.node<T>(id);

  it('talk over TLS with certificates the CA issues by itself', async () => {
    await start();
    const status = await shows(node('in'), /^connected$/);
    assert.deepEqual([status.fill, status.shape], ['green', 'dot']);
    await shows(node('out'), /^connected$/);
    const received = sends<ReceivedMessage>(node('in'));
    node('out').receive({ topic: 'a/b', payload: { value: 1 }, qos: 1 } as never);
    const { topic, payload, qos, retain } = await received;
    assert.deepEqual({ topic, payload, qos, retain }, { topic: 'a/b', payload: { value: 1 }, qos: 1, retain: false });
  });

  describe('talk over secure WebSockets', () => {
    const rows: [string, Partial<SecureMqttBrokerConfig>, string][] = [
      ['at a path', { path: '/mqtt' }, '/mqtt'],
      ['without a path', {}, '/'],
    ];
    for (const [what, settings, path] of rows) {
      it(what, async () => {
        const wsPort = await freePort();
        await start({ broker: { transport: 'wss', port: wsPort, ...settings }, server: { wsPort } });
        const { fill } = await shows(node('in'), /^connected$/);
        assert.equal(fill, 'green');
        const received = sends<ReceivedMessage>(node('in'));
        node('out').receive({ topic: 'a/b', payload: 'over a WebSocket', qos: 2 } as never);
        assert.equal((await received).payload, 'over a WebSocket');
        assert.deepEqual(callsOf(node('in'), 'error'), [], 'and waited for the server');
        const { target } = await node<SecureMqttBrokerNode & Node>('broker').probeOptions();
        assert.deepEqual(target, { protocol: 'wss', host: 'localhost', port: wsPort, path });
      });
    }

    it('at the path behind the host', async () => {
      const wsPort = await freePort();
      await start({
        broker: { transport: 'wss', broker: `wss://localhost:${wsPort}/at/home?x=1` },
        server: { wsPort },
      });
      await shows(node('in'), /^connected$/);
      const { target } = await node<SecureMqttBrokerNode & Node>('broker').probeOptions();
      assert.equal(target.path, '/at/home?x=1');
    });

    it('but not at the port for MQTT without them: the hint names the transport', async () => {
      await start({ broker: { transport: 'wss' } });
      const error = await reports(node('in'));
      assert.equal(error.code, 'NET_CLOSED');
      assert.match(error.message, /WebSocket/);
    });
  });

  it('tell who connects with what', async () => {
    await start();
    const { topic, payload } = await sends<ServerMessage>(node('server'));
    assert.equal(topic, 'connected');
    assert.equal(payload.identity, 'dev01');
    assert.equal(payload.clientId, 'dev01');
    assert.match(String(payload.serialNumber), /^([0-9A-F]{2})+$/);
    await shows(node('server'), /1 connected/);
  });

  it('deliver what was sent before there was a broker', async () => {
    await start({ server: false });
    node('out').receive({ topic: 'a/early', payload: '1', qos: 1 } as never);
    const { text, fill } = await shows(node('out'), /\(1 waiting\)/);
    assert.equal(fill, 'red');
    assert.doesNotMatch(text, /disconnected/, 'the reason, not only that it is so');
    assert.equal((await reports(node('in'))).code, 'NET_REFUSED');
  });

  describe('show how much is verified', () => {
    const rows: [Partial<SecureMqttBrokerConfig>, string, string][] = [
      [{ verifyHostname: false }, 'connected, host name not verified', 'yellow'],
      [{ verifyServer: false }, 'connected, not verified', 'yellow'],
      [{ verifyServer: undefined, verifyHostname: undefined }, 'connected', 'green'],
    ];
    for (const [broker, text, fill] of rows) {
      it(`${JSON.stringify(broker)}: ${fill} ${text}`, async () => {
        await start({ broker });
        const status = await shows(node('in'), new RegExp(`^${text}$`));
        assert.equal(status.fill, fill);
        const warnings = callsOf(node('broker'), 'warn');
        assert.equal(warnings.length, fill === 'green' ? 0 : 1, 'one warning in the log');
      });
    }
  });

  describe('fail closed, with a code for the Catch node', () => {
    const rows: [string, FlowSettings, string][] = [
      ['the wrong host name', { server: { hosts: 'elsewhere.test' } }, 'CERT_NAME_MISMATCH'],
      ['public roots', { broker: { trust: 'system' } }, 'CERT_ISSUER_UNKNOWN'],
      ['a CA file that is not there', { broker: { trust: 'file', caFile: 'missing.pem' } }, 'STORE_NOT_FOUND'],
      ['a CA text that is none', { broker: { trust: 'pem', caPem: 'garbage' } }, 'PEM_NO_BLOCK'],
      ['no CA text', { broker: { trust: 'pem' } }, 'INPUT_CONFIG'],
      ['a tls-config that is missing', { broker: { trust: 'tls-config' } }, 'INPUT_CONFIG'],
      ['no identity although a client certificate is wanted', { broker: { identity: 'none' } }, 'INPUT_CONFIG'],
      ['nobody to issue the certificate for', { broker: { clientId: '' } }, 'INPUT_CLIENT_ID'],
      ['a name the CA does not know', { broker: { identity: 'store', identityName: 'nobody' } }, 'CERT_NOT_FOUND'],
      ['a pin of another server', { broker: { pin: `cert:${'00'.repeat(32)}` } }, 'CERT_PIN_MISMATCH'],
      ['a pin that is none', { broker: { pin: 'nonsense' } }, 'INPUT_PIN'],
      ['no client certificate', { broker: { security: 'server' } }, 'TLS_CLIENT_CERT_REQUIRED'],
      ['no CA node', { broker: { ca: '' } }, 'INPUT_CONFIG'],
    ];
    for (const [what, settings, code] of rows) {
      it(`${what}: ${code}`, async () => {
        await start(settings);
        const error = await reports(node('in'));
        assert.equal(error.code, code, error.message);
        const { fill, text } = await shows(node('in'), /./);
        assert.notEqual(fill, 'green', text);
      });
    }
  });

  describe('say at deploy what cannot work', () => {
    const rows: [string, Partial<SecureMqttBrokerConfig>, string][] = [
      ['no host', { broker: '' }, 'INPUT_TARGET'],
      ['mqtt:// with a security level', { broker: 'mqtt://localhost' }, 'INPUT_TARGET'],
      ['a security level that is none', { security: 'Mutual' as never }, 'INPUT_CONFIG'],
      ['no security level', { security: '' as never }, 'INPUT_CONFIG'],
      ['a transport that is none', { transport: 'foo' as never }, 'INPUT_CONFIG'],
      ['a path that is none', { transport: 'wss', path: 'a b' }, 'INPUT_TARGET'],
      ['two paths', { transport: 'wss', broker: 'wss://localhost/a', path: '/b' }, 'INPUT_TARGET'],
      ['wss:// with another transport', { broker: 'wss://localhost/mqtt' }, 'INPUT_TARGET'],
      ['a kept session without client id', { clientId: '', cleanSession: false }, 'INPUT_CLIENT_ID'],
      ['a birth message to a wildcard', { birthTopic: 'a/#' }, 'INPUT_TOPIC'],
      ['settings of a newer version', { version: 99 }, 'INPUT_CONFIG_VERSION'],
    ];
    for (const [what, broker, code] of rows) {
      it(`${what}: ${code}`, async () => {
        await start({ broker, server: false });
        assert.equal((await reports(node('broker'))).code, code);
      });
    }
  });

  it('connect as a user with password, and forward neither', async () => {
    await start({
      broker: { security: 'server' },
      server: { security: 'server' },
      credentials: { broker: { username: 'alice', password: 'open sesame' }, server: { users: 'alice:open sesame' } },
    });
    await shows(node('in'), /^connected$/);
    const { payload } = await sends<ServerMessage>(node('server'));
    assert.equal(payload.identity, 'alice');
    assert.doesNotMatch(JSON.stringify(payload), /sesame/);
  });

  it('subscribe and unsubscribe by messages', async () => {
    await start({ in: { inputs: 1, topic: '' } });
    await shows(node('in'), /^connected$/);
    const ask = (msg: Record<string, unknown>): Promise<unknown> =>
      flows
        .send('in', { action: 'getSubscriptions', ...msg } as never, 'in-seen')
        .then(({ payload, error }) => payload ?? error);
    node('in').receive({
      action: 'subscribe',
      topic: ['one', { topic: 'two/#', qos: 1, datatype: 'buffer' }],
    } as never);
    assert.deepEqual(await ask({}), [
      { topic: 'one', qos: 2 },
      { topic: 'two/#', qos: 1, datatype: 'buffer' },
    ]);
    const received = once(node('in-seen'), 'input') as Promise<[ReceivedMessage]>;
    node('out').receive({ topic: 'two/x', payload: 'bytes' } as never);
    assert.deepEqual((await received)[0].payload, Buffer.from('bytes'));
    node('in').receive({ action: 'unsubscribe', topic: 'one' } as never);
    assert.deepEqual(await ask({}), [{ topic: 'two/#', qos: 1, datatype: 'buffer' }]);
    node('in').receive({ action: 'unsubscribe', topic: true } as never);
    assert.deepEqual(await ask({}), []);
    for (const [msg, code] of [
      [{ action: 'dance' }, 'INPUT_PAYLOAD'],
      [{ action: 'subscribe', topic: 'a#' }, 'INPUT_TOPIC'],
      [{ action: 'subscribe', topic: [{ topic: 'x', datatype: 'xml' }] }, 'INPUT_PAYLOAD'],
      [{ action: 'subscribe', topic: Array.from({ length: 1001 }, () => 'x') }, 'INPUT_TOO_MANY'],
    ] as const) {
      assert.equal(((await ask(msg)) as { code: string }).code, code);
    }
  });

  it('disconnect and connect by messages, but let them change nothing that protects', async () => {
    await start();
    const out = node('out');
    await shows(out, /^connected$/);
    out.receive({ action: 'disconnect' } as never);
    await shows(out, /^disconnected$/);
    out.receive({ action: 'connect', broker: { clientid: 'renamed' } } as never);
    await shows(out, /^connected$/);
    const refused = reports(out);
    out.receive({ action: 'connect', broker: { force: true, verifyservercert: false } } as never);
    assert.equal((await refused).code, 'INPUT_OVERRIDE');
  });

  it('stay connected as they are when a message asks for settings that cannot work', async () => {
    await start();
    const out = node('out');
    await shows(out, /^connected$/);
    const statuses = callsOf(out, 'status').length;
    for (const [broker, code] of [
      [{ port: 70_000, force: true }, 'INPUT_PORT'],
      [{ broker: '', force: true }, 'INPUT_TARGET'],
      [{ keepalive: -1, force: true }, 'INPUT_CONFIG'],
    ] as const) {
      const errors = callsOf(out, 'error').length;
      out.receive({ action: 'connect', broker } as never);
      while (callsOf(out, 'error').length === errors) await once(out, 'call:error');
      assert.equal((callsOf(out, 'error').at(-1)?.[0] as { code: string }).code, code);
      assert.equal(node<SecureMqttBrokerNode & Node>('broker').state.phase, 'connected');
    }
    const texts = callsOf(out, 'status').map(([status]) => (status as { text: string }).text);
    assert.ok(!texts.slice(statuses).some((text) => /connecting|disconnected/.test(text)), texts.join());
    out.receive({ action: 'connect', broker: { port, force: true } } as never);
    await shows(out, /^connecting$/);
    await shows(out, /^connected$/);
  });

  for (const [what, msg, code] of [
    ['a topic with a wildcard', { topic: 'a/#', payload: 'x' }, 'INPUT_TOPIC'],
    ['no topic', { payload: 'x' }, 'INPUT_TOPIC'],
    ['an unknown action', { action: 'dance' }, 'INPUT_PAYLOAD'],
  ] as const) {
    it(`refuse ${what}: ${code}, and go on showing the connection`, async () => {
      await start();
      await shows(node('out'), /^connected$/);
      const error = reports(node('out'));
      node('out').receive(msg as never);
      assert.equal((await error).code, code);
      await shows(node('out'), /^connected$/);
    });
  }

  it('report a payload that is not the JSON it should be, with its bytes', async () => {
    await start({ in: { datatype: 'json' } });
    await shows(node('out'), /^connected$/);
    const error = reports(node('in'));
    node('out').receive({ topic: 'a/b', payload: '{' } as never);
    assert.equal((await error).code, 'INPUT_PAYLOAD');
    await shows(node('in'), /^connected$/);
  });

  it('reconnect with a renewed certificate by themselves', async () => {
    await start();
    await shows(node('in'), /^connected$/);
    const authority = await node<TlsCaNode & Node>('ca').authority();
    const renewed = await authority.renew({ by: 'name', value: 'dev01' });
    await sends<ServerMessage>(
      node('server'),
      ({ payload }) => payload.event === 'connected' && payload.serialNumber === renewed.serialNumber,
    );
  });

  it('give the probe what they connect with, but not their client id', async () => {
    await start({ credentials: { broker: { username: 'u', password: 'p' } } });
    const { target, material, mqtt } = await node<SecureMqttBrokerNode & Node>('broker').probeOptions();
    assert.deepEqual(target, { protocol: 'mqtts', host: 'localhost', port, path: '' });
    assert.ok(material.identity);
    assert.deepEqual(mqtt, { username: 'u', password: 'p', protocolVersion: 4 });
  });

  for (const which of ['port', 'wsPort']) {
    it(`say that ${which} is taken`, async () => {
      const other = net.createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const taken = (other.address() as net.AddressInfo).port;
      try {
        await start({ server: { [which]: taken } });
        const error = await reports(node('server'));
        assert.equal(error.code, 'NET_ADDRESS_IN_USE');
        assert.equal(error.cause.port, taken);
        assert.equal((await shows(node('server'), /./)).fill, 'red');
      } finally {
        other.close();
      }
    });
  }

  describe('the server refuses settings', () => {
    const rows: [string, Partial<SecureMqttServerConfig>, string][] = [
      ['without users where clients show a password', { security: 'server' }, 'INPUT_CONFIG'],
      ['with rules that cannot be read', { acl: 'topic read\nfoo' }, 'INPUT_CONFIG'],
      ['without names', { hosts: '' }, 'INPUT_CONFIG'],
      ['with a name that is none', { hosts: 'a b!c' }, 'INPUT_SUBJECT_ALT_NAME'],
      ['with a port that is none', { port: 70_000 }, 'INPUT_PORT'],
      ['without CA', { ca: '' }, 'INPUT_CONFIG'],
      ['with a WebSocket port that is none', { wsPort: 70_000 }, 'INPUT_PORT'],
      ['with one port for both', { port: 18_883, wsPort: 18_883 }, 'INPUT_CONFIG'],
    ];
    for (const [what, server, code] of rows) {
      it(`${what}: ${code}`, async () => {
        await start({ server });
        assert.equal((await reports(node('server'))).code, code);
      });
    }
  });
});
