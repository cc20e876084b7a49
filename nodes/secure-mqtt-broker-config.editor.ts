import { prepareBrokerForm } from '../src/editor/broker-form';
import {
  certificateName,
  certificateText,
  clientId,
  hostName,
  orEnvironment,
  pins,
} from '../src/editor/broker-validators';
import { coreBrokersReady, storeCoreBrokers } from '../src/editor/core-brokers-field';
import { countCoreBrokersAsUsers } from '../src/editor/core-brokers-users';
import { openForm } from '../src/editor/dialog-form';
import { labelText } from '../src/editor/text';
import { needed, neededNode, topicName, wholeNumber } from '../src/editor/validators';
import type {
  SecureMqttBrokerConfig,
  SecureMqttBrokerCredentials,
} from '../src/model/config/secure-mqtt-broker-config';

/** What verifies and identifies applies only while the connection is encrypted; the texts of `data-when`. */
const ENCRYPTED = 'security=mutual|server';

countCoreBrokersAsUsers();

RED.nodes.registerType<SecureMqttBrokerConfig, SecureMqttBrokerCredentials>('secure-mqtt-broker-config', {
  category: 'config',
  color: '#C9B2DE',
  icon: 'secure-mqtt-broker-config.svg',
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    broker: {
      value: '',
      required: true,
      label: labelText('secure-mqtt-broker-config', 'broker'),
      validate: orEnvironment('brokerType', hostName()),
    },
    brokerType: { value: 'str' },
    port: {
      value: 8883,
      label: labelText('secure-mqtt-broker-config', 'port'),
      validate: orEnvironment(undefined, wholeNumber({ min: 1, max: 65535 })),
    },
    transport: { value: 'mqtts' },
    path: { value: '' },
    pathType: { value: 'str' },
    protocolVersion: { value: '4' },
    clientId: { value: '', label: labelText('secure-mqtt-broker-config', 'clientId'), validate: clientId() },
    clientIdType: { value: 'str' },
    keepalive: {
      value: 60,
      label: labelText('secure-mqtt-broker-config', 'keepalive'),
      validate: wholeNumber({ min: 0, max: 65535 }),
    },
    cleanSession: { value: true },
    sessionExpiry: {
      value: 0,
      label: labelText('secure-mqtt-broker-config', 'sessionExpiry'),
      // Node-RED gives a new config node no default that is 0: blank means the same.
      validate: wholeNumber({ min: 0, max: 4294967295, blank: true }),
    },
    birthTopic: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'topic'),
      validate: orEnvironment('birthTopicType', topicName()),
    },
    birthTopicType: { value: 'str' },
    birthPayload: { value: '' },
    birthPayloadType: { value: 'str' },
    birthQos: { value: '0' },
    birthRetain: { value: false },
    closeTopic: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'topic'),
      validate: orEnvironment('closeTopicType', topicName()),
    },
    closeTopicType: { value: 'str' },
    closePayload: { value: '' },
    closePayloadType: { value: 'str' },
    closeQos: { value: '0' },
    closeRetain: { value: false },
    willTopic: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'topic'),
      validate: orEnvironment('willTopicType', topicName()),
    },
    willTopicType: { value: 'str' },
    willPayload: { value: '' },
    willPayloadType: { value: 'str' },
    willQos: { value: '0' },
    willRetain: { value: false },
    security: { value: 'mutual' },
    trust: { value: 'ca' },
    ca: {
      value: '',
      type: 'tls-ca',
      label: labelText('secure-mqtt-broker-config', 'ca'),
      validate: neededNode(`${ENCRYPTED} trust=ca or security=mutual identity=issue|store`),
    },
    caFile: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'caFile'),
      validate: needed(`${ENCRYPTED} trust=file`),
    },
    caFileType: { value: 'str' },
    caPem: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'caPem'),
      validate: certificateText(`${ENCRYPTED} trust=pem`),
    },
    tlsConfig: {
      value: '',
      type: 'tls-config',
      label: labelText('secure-mqtt-broker-config', 'tlsConfig'),
      validate: neededNode(`${ENCRYPTED} trust=tls-config or security=mutual identity=tls-config`),
    },
    identity: { value: 'issue' },
    identityName: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'identityName'),
      validate: certificateName('security=mutual identity=issue|store'),
    },
    identityNameType: { value: 'str' },
    certFile: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'certFile'),
      validate: needed('security=mutual identity=file'),
    },
    certFileType: { value: 'str' },
    keyFile: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'keyFile'),
      validate: needed('security=mutual identity=file'),
    },
    keyFileType: { value: 'str' },
    p12File: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'p12File'),
      validate: needed('security=mutual identity=pkcs12'),
    },
    p12FileType: { value: 'str' },
    certPem: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'certPem'),
      validate: certificateText('security=mutual identity=pem'),
    },
    verifyServer: { value: true },
    verifyHostname: { value: true },
    servername: { value: '' },
    servernameType: { value: 'str' },
    pin: {
      value: '',
      label: labelText('secure-mqtt-broker-config', 'pin'),
      validate: orEnvironment('pinType', pins()),
    },
    pinType: { value: 'str' },
    minVersion: { value: 'TLSv1.2' },
    alpn: { value: '' },
    alpnType: { value: 'str' },
    queueLimit: {
      value: 1000,
      label: labelText('secure-mqtt-broker-config', 'queueLimit'),
      validate: wholeNumber({ min: 0, max: 100000 }),
    },
    coreBrokers: {
      value: [],
      // With a type the editor gives copies and imports new ids here too.
      type: 'mqtt-broker[]',
      label: labelText('secure-mqtt-broker-config', 'coreBrokers'),
      validate: coreBrokersReady(),
    },
  },
  credentials: {
    username: { type: 'password' },
    password: { type: 'password' },
    passphrase: { type: 'password' },
    keyPem: { type: 'password' },
  },
  paletteLabel: 'secure mqtt broker',
  label() {
    if (this.name) return this.name;
    return this.broker
      ? `${this.clientId ? `${this.clientId}@` : ''}${this.broker}:${this.port}`
      : 'secure mqtt broker';
  },
  oneditprepare() {
    prepareBrokerForm(this);
  },
  oneditsave() {
    openForm(this).storeNumbers(this, ['port', 'keepalive', 'sessionExpiry', 'queueLimit']);
    storeCoreBrokers(this);
  },
});
