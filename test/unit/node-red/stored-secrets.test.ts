import assert from 'node:assert/strict';
import type { SecureMqttBrokerConfig } from '../../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../../src/model/config/secure-mqtt-broker-config';
import { TLS_PROBE_DEFAULTS } from '../../../src/model/config/tls-probe';
import { BROKER_DRAFT, PROBE_DRAFT } from '../../../src/node-red/probe-drafts';
import { STORED_SECRET, storedSecretsFor } from '../../../src/node-red/stored-secrets';
import { refuses } from '../../support/coded-error';

const stored = { username: 'u', password: 'p', keyPem: 'k', passphrase: 'w' };
const untouched = { username: STORED_SECRET, password: STORED_SECRET, keyPem: STORED_SECRET };

function broker(
  changes: Partial<SecureMqttBrokerConfig> = {},
  deployed: Partial<SecureMqttBrokerConfig> | undefined = {},
  credentials: Record<string, string> = untouched,
): Record<string, string> {
  const base = { ...SECURE_MQTT_BROKER_DEFAULTS, broker: 'host' };
  return storedSecretsFor(BROKER_DRAFT.secrets, {
    typed: { ...base, ...deployed, ...changes },
    deployed: deployed && { ...base, ...deployed },
    stored,
    credentials,
  });
}

describe('stored secrets', () => {
  it('are used for what is deployed', () => assert.deepEqual(broker(), { username: 'u', password: 'p' }));

  it('are none of a node that is not deployed', () => {
    const typed = { ...SECURE_MQTT_BROKER_DEFAULTS, broker: 'host' };
    const from = { typed, deployed: undefined, stored, credentials: untouched };
    assert.deepEqual(storedSecretsFor(BROKER_DRAFT.secrets, from), {});
  });

  it('are left alone where they were typed or emptied', () => {
    assert.deepEqual(broker({ broker: 'other' }, {}, { username: 'typed', password: '' }), {});
  });

  // A property that is added later and decides who receives must be added there, too.
  const harmless: (keyof SecureMqttBrokerConfig)[] = [
    'version',
    'name',
    'protocolVersion',
    'clientId',
    'clientIdType',
    'keepalive',
    'cleanSession',
    'sessionExpiry',
    'birthTopic',
    'birthTopicType',
    'birthPayload',
    'birthPayloadType',
    'birthQos',
    'birthRetain',
    'closeTopic',
    'closeTopicType',
    'closePayload',
    'closePayloadType',
    'closeQos',
    'closeRetain',
    'willTopic',
    'willTopicType',
    'willPayload',
    'willPayloadType',
    'willQos',
    'willRetain',
    'identity',
    'identityName',
    'identityNameType',
    'certFile',
    'certFileType',
    'keyFile',
    'keyFileType',
    'p12File',
    'p12FileType',
    'certPem',
    'minVersion',
    'alpn',
    'alpnType',
    'queueLimit',
    'coreBrokers',
  ];

  it('are refused for every setting that is not known to be harmless', () => {
    const decisive = (Object.keys(SECURE_MQTT_BROKER_DEFAULTS) as (keyof SecureMqttBrokerConfig)[]).filter(
      (name) => !harmless.includes(name),
    );
    assert.ok(decisive.length > 15);
    for (const name of decisive) {
      const error = refuses(() => broker({ [name]: 'changed' }), 'INPUT_SECRET');
      assert.match(error.message, new RegExp(`\\b${name}\\b`));
    }
    for (const name of harmless) assert.equal(broker({ [name]: 'changed' }).password, 'p', name);
  });

  it('say what to type', () => {
    const error = refuses(() => broker({ broker: 'other', port: 1 }), 'INPUT_SECRET');
    assert.equal(
      error.message,
      'the stored User and Password may go only where the deployed settings lead, and these differ: broker, port',
    );
    assert.equal(error.hint, 'Type User and Password again to try it there, or deploy first');
  });

  it('compare a number with its text in the form', () => assert.equal(broker({ port: '8883' as never }).password, 'p'));

  it('do not take the text "false" for a tick that is removed', () => {
    for (const name of ['verifyServer', 'verifyHostname'] as const) {
      refuses(() => broker({ [name]: false }, { [name]: 'false' as never }), 'INPUT_SECRET');
    }
  });

  it('a key and its passphrase are asked for only where they are of use', () => {
    const pem = { identity: 'pem', certPem: 'c' } as const;
    assert.deepEqual(broker({}, pem), { ...stored });
    assert.deepEqual(broker({ security: 'server' }, { ...pem, security: 'server' }), { username: 'u', password: 'p' });
    const error = refuses(() => broker({ certPem: 'd' }, pem), 'INPUT_SECRET');
    assert.deepEqual(error.cause.secrets, ['Passphrase']);
  });

  it('of tls-probe are for its targets', () => {
    const deployed = { ...TLS_PROBE_DEFAULTS, target: 'host:8883' };
    const from = { deployed, stored, credentials: {} };
    assert.equal(storedSecretsFor(PROBE_DRAFT.secrets, { ...from, typed: deployed }).password, 'p');
    const elsewhere = { ...deployed, target: 'host:8884' };
    refuses(() => storedSecretsFor(PROBE_DRAFT.secrets, { ...from, typed: elsewhere }), 'INPUT_SECRET');
    const harmless = ['version', 'name', 'family', 'mqtt', 'identity', 'identityName', 'certFile', 'keyFile', 'split'];
    const timing = ['warnBefore', 'criticalBefore', 'timeoutMs', 'concurrency', 'repeatSeconds', 'emit'];
    for (const name of Object.keys(TLS_PROBE_DEFAULTS)) {
      if ([...harmless, ...timing, 'broker'].includes(name)) continue;
      const typed = { ...deployed, [name]: 'changed' };
      refuses(() => storedSecretsFor(PROBE_DRAFT.secrets, { ...from, typed }), 'INPUT_SECRET');
    }
    // With a broker its login is used, not that of the node.
    const byBroker = { ...elsewhere, broker: 'id' };
    assert.deepEqual(storedSecretsFor(PROBE_DRAFT.secrets, { ...from, typed: byBroker }), {});
  });
});
