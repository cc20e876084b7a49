import { SECURE_MQTT_BROKER_DEFAULTS, type SecureMqttBrokerConfig } from '../model/config/secure-mqtt-broker-config';
import { TLS_PROBE_DEFAULTS, type TlsProbeConfig } from '../model/config/tls-probe';
import type { DraftType } from './node-draft';

/** Everything that decides who receives what a broker is sent. */
const BROKER_RECIPIENT = [
  'broker',
  'brokerType',
  'port',
  'transport',
  'path',
  'pathType',
  'security',
  'trust',
  'ca',
  'caFile',
  'caFileType',
  'caPem',
  'tlsConfig',
  'verifyServer',
  'verifyHostname',
  'servername',
  'servernameType',
  'pin',
  'pinType',
] as const;

/** A passphrase opens the file or text it was entered for. */
const BROKER_KEY_PLACE = [
  'identity',
  'certFile',
  'certFileType',
  'keyFile',
  'keyFileType',
  'p12File',
  'p12FileType',
  'certPem',
] as const;

const always = () => true;
const showsPastedKey = ({ security, identity }: SecureMqttBrokerConfig) => security === 'mutual' && identity === 'pem';
const opensKey = ({ security, identity }: SecureMqttBrokerConfig) =>
  security === 'mutual' && ['file', 'pkcs12', 'pem'].includes(identity);

export const BROKER_DRAFT: DraftType<SecureMqttBrokerConfig> = {
  type: 'secure-mqtt-broker-config',
  defaults: SECURE_MQTT_BROKER_DEFAULTS,
  secrets: {
    username: { label: 'User', settings: BROKER_RECIPIENT, neededFor: always },
    password: { label: 'Password', settings: BROKER_RECIPIENT, neededFor: always },
    keyPem: { label: 'Private key', settings: BROKER_RECIPIENT, neededFor: showsPastedKey },
    passphrase: { label: 'Passphrase', settings: [...BROKER_RECIPIENT, ...BROKER_KEY_PLACE], neededFor: opensKey },
  },
};

const PROBE_RECIPIENT = ['target', 'targetType', 'broker', 'servername', 'trust', 'ca', 'caFile', 'crlFile'] as const;

const logsIn = ({ broker, mqtt }: TlsProbeConfig) => broker === '' && mqtt !== false;

export const PROBE_DRAFT: DraftType<TlsProbeConfig> = {
  type: 'tls-probe',
  defaults: TLS_PROBE_DEFAULTS,
  secrets: {
    username: { label: 'User', settings: PROBE_RECIPIENT, neededFor: logsIn },
    password: { label: 'Password', settings: PROBE_RECIPIENT, neededFor: logsIn },
    passphrase: {
      label: 'Passphrase',
      settings: [...PROBE_RECIPIENT, 'identity', 'certFile', 'keyFile'],
      neededFor: ({ broker, identity }) => broker === '' && identity === 'file',
    },
  },
};
