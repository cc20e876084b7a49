import assert from 'node:assert/strict';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../../src/model/config/secure-mqtt-broker-config';
import type { BrokerOverrides } from '../../../src/node-red/broker-overrides';
import { overridden, sessionOptionsOf } from '../../../src/node-red/broker-settings';
import { refuses } from '../../support/coded-error';

describe('the stored login when a message changes the connection', () => {
  const config = { ...SECURE_MQTT_BROKER_DEFAULTS, broker: 'localhost' };
  const stored = { username: 'anna', password: 'stored', keyPem: 'key', passphrase: 'word' };
  const loginWith = (overrides: BrokerOverrides | undefined) => overridden(config, stored, overrides).credentials;

  const kept: [string, BrokerOverrides | undefined][] = [
    ['nothing is said', undefined],
    ['the same broker is named', { broker: 'LOCALHOST', port: '8883' }],
    ['only the client id is another', { clientid: 'other' }],
  ];
  for (const [what, overrides] of kept) {
    it(`is kept when ${what}`, () => assert.deepEqual(loginWith(overrides), stored));
  }

  const dropped: [string, BrokerOverrides][] = [
    ['another host', { broker: 'elsewhere.test' }],
    ['another port', { port: 8884 }],
    ['another way', { broker: 'wss://localhost' }],
  ];
  for (const [what, overrides] of dropped) {
    it(`does not go to ${what}`, () => {
      const { username, password } = loginWith(overrides);
      assert.deepEqual([username, password], [undefined, undefined]);
    });
  }

  it('is replaced by what the message brings, never mixed with it for another broker', () => {
    const { username, password } = loginWith({ broker: 'elsewhere.test', username: 'berta' });
    assert.deepEqual([username, password], ['berta', undefined]);
    assert.equal(loginWith({ broker: 'elsewhere.test', password: 'own' }).password, 'own');
  });
});

describe('a password without a user name', () => {
  const config = { ...SECURE_MQTT_BROKER_DEFAULTS, broker: 'localhost' };

  it('is refused before MQTT.js throws at it, and allowed in MQTT 5', () => {
    const options = (protocolVersion: '4' | '5') => sessionOptionsOf({ ...config, protocolVersion }, { password: 'x' });
    assert.throws(() => options('4'), { code: 'INPUT_CONFIG', message: /no user name/ });
    assert.equal(options('5').secretPassword, 'x');
  });
});

describe('what does not fit into CONNECT', () => {
  const config = { ...SECURE_MQTT_BROKER_DEFAULTS, broker: 'localhost' };
  const long = 'ä'.repeat(32_768);

  it('is refused at deploy by its name', () => {
    for (const field of ['clientId', 'willPayload'] as const) {
      const error = refuses(() => sessionOptionsOf({ ...config, willTopic: 'w', [field]: long }, {}), 'INPUT_CONFIG');
      assert.equal(error.cause.field, field);
    }
    for (const field of ['username', 'password'] as const) {
      const error = refuses(() => sessionOptionsOf(config, { username: 'u', [field]: long }), 'INPUT_CONFIG');
      assert.equal(error.cause.field, field);
      assert.ok(!error.message.includes('ä'), 'no secret in the message');
    }
  });

  it('65,535 bytes do', () => {
    assert.equal(
      sessionOptionsOf(config, { username: 'u', password: 'p'.repeat(65_535) }).secretPassword?.length,
      65_535,
    );
  });
});
