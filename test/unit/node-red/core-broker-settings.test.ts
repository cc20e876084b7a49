import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { coreBrokerSettings, coreTarget } from '../../../src/node-red/core-broker-settings';

const TAB = { id: 'tab', type: 'tab' };
const TLS = { id: 'tls', type: 'tls-config' };
const CORE = { id: 'core', type: 'mqtt-broker', broker: 'host', port: 8883, usetls: true, tls: 'tls' };
const OURS = { id: 'ours', type: 'secure-mqtt-broker-config', coreBrokers: ['core'] };

type Stored = Record<string, unknown>;

function settings(...nodes: Stored[]) {
  const RED = { nodes: { eachNode: (each: (node: Stored) => void) => nodes.forEach(each) } } as unknown as NodeAPI;
  return coreBrokerSettings(RED, 'core', 'ours');
}

describe('the settings of a core broker', () => {
  it('are taken when it uses TLS and has a tls-config', () => {
    assert.deepEqual(settings(TAB, TLS, CORE, OURS), { id: 'core', label: 'host:8883', tls: 'tls' });
    assert.equal(settings(TLS, { ...CORE, name: 'Named' }, OURS).label, 'Named');
  });

  const refused: [string, Stored[], string][] = [
    ['missing', [TLS, OURS], 'MQTT_CORE_SETTINGS'],
    ['disabled', [TLS, { ...CORE, d: true }, OURS], 'MQTT_CORE_SETTINGS'],
    ['on a disabled tab', [{ ...TAB, disabled: true }, TLS, { ...CORE, z: 'tab' }, OURS], 'MQTT_CORE_SETTINGS'],
    ['something else', [TLS, { ...CORE, type: 'tls-ca' }, OURS], 'MQTT_CORE_SETTINGS'],
    ['without TLS', [TLS, { ...CORE, usetls: false }, OURS], 'MQTT_CORE_SETTINGS'],
    ['with TLS as a text', [TLS, { ...CORE, usetls: 'false' }, OURS], 'MQTT_CORE_SETTINGS'],
    ['without tls-config', [TLS, { ...CORE, tls: '' }, OURS], 'MQTT_CORE_SETTINGS'],
    ['with a deleted tls-config', [CORE, OURS], 'MQTT_CORE_SETTINGS'],
    ['ticked by settings that come first', [TLS, CORE, { ...OURS, id: 'first' }, OURS], 'MQTT_CORE_CLAIMED'],
  ];
  for (const [what, nodes, code] of refused) {
    it(`${what}: ${code}`, () => {
      assert.throws(
        () => settings(...nodes),
        (error: { code?: string; hint?: string }) => error.code === code && Boolean(error.hint),
      );
    });
  }

  it('count settings that come later, are disabled, or have a broken list as no claim', () => {
    const others = [
      { ...OURS, id: 'disabled', d: true },
      { ...OURS, id: 'broken', coreBrokers: 'core' },
      OURS,
      { ...OURS, id: 'later' },
    ];
    assert.equal(settings(TLS, CORE, ...others).id, 'core');
  });
});

describe('where a core broker connects to', () => {
  const secure: [string, string, string, number][] = [
    ['mqtts://host:8884', 'mqtts', 'host', 8884],
    ['tls://host', 'mqtts', 'host', 8883],
    ['ssl://host:1', 'mqtts', 'host', 1],
    ['mqtts://[2001:db8::1]:8883', 'mqtts', '2001:db8::1', 8883],
    ['wss://host/mqtt', 'wss', 'host', 443],
  ];
  for (const [url, protocol, host, port] of secure) {
    it(url, () => {
      const target = coreTarget(url);
      assert.deepEqual([target.protocol, target.host, target.port], [protocol, host, port]);
    });
  }

  for (const url of ['mqtt://host', 'tcp://host', 'ws://host', 'https://host', 'nonsense://host', '', 'mqtts://']) {
    it(`not "${url}", which core opens without TLS or not at all`, () => {
      assert.throws(() => coreTarget(url), { code: 'MQTT_CORE_SETTINGS' });
    });
  }
});
