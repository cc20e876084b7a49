import type { TextSource } from './typed-value';

export type ConnectionSecurity = 'mutual' | 'server' | 'none';
export type TrustSource = 'ca' | 'system' | 'file' | 'pem' | 'tls-config';
export type IdentitySource = 'issue' | 'store' | 'file' | 'pkcs12' | 'pem' | 'tls-config' | 'none';
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** Properties of `secure-mqtt-broker-config` (DESIGN.md §1.4; contract). */
export interface SecureMqttBrokerConfig {
  version: number;
  name: string;
  broker: string;
  brokerType: TextSource;
  port: number;
  transport: 'mqtts' | 'wss';
  path: string;
  pathType: TextSource;
  protocolVersion: '4' | '5';
  clientId: string;
  clientIdType: TextSource;
  /** Seconds, as in MQTT. */
  keepalive: number;
  cleanSession: boolean;
  /** Seconds, as in MQTT 5. */
  sessionExpiry: number;
  birthTopic: string;
  birthTopicType: TextSource;
  birthPayload: string;
  birthPayloadType: TextSource;
  birthQos: string;
  birthRetain: boolean;
  closeTopic: string;
  closeTopicType: TextSource;
  closePayload: string;
  closePayloadType: TextSource;
  closeQos: string;
  closeRetain: boolean;
  willTopic: string;
  willTopicType: TextSource;
  willPayload: string;
  willPayloadType: TextSource;
  willQos: string;
  willRetain: boolean;
  security: ConnectionSecurity;
  trust: TrustSource;
  ca: string;
  caFile: string;
  caFileType: TextSource;
  caPem: string;
  tlsConfig: string;
  identity: IdentitySource;
  identityName: string;
  identityNameType: TextSource;
  certFile: string;
  certFileType: TextSource;
  keyFile: string;
  keyFileType: TextSource;
  p12File: string;
  p12FileType: TextSource;
  certPem: string;
  verifyServer: boolean;
  verifyHostname: boolean;
  servername: string;
  servernameType: TextSource;
  /** `cert:<64 hex>` or `spki:<base64>`, several separated by commas or lines. */
  pin: string;
  pinType: TextSource;
  minVersion: TlsVersion;
  alpn: string;
  alpnType: TextSource;
  queueLimit: number;
  /** Ids of core `mqtt-broker` nodes. */
  coreBrokers: string[];
}

export const SECURE_MQTT_BROKER_DEFAULTS: SecureMqttBrokerConfig = {
  version: 1,
  name: '',
  broker: '',
  brokerType: 'str',
  port: 8883,
  transport: 'mqtts',
  path: '',
  pathType: 'str',
  protocolVersion: '4',
  clientId: '',
  clientIdType: 'str',
  keepalive: 60,
  cleanSession: true,
  sessionExpiry: 0,
  birthTopic: '',
  birthTopicType: 'str',
  birthPayload: '',
  birthPayloadType: 'str',
  birthQos: '0',
  birthRetain: false,
  closeTopic: '',
  closeTopicType: 'str',
  closePayload: '',
  closePayloadType: 'str',
  closeQos: '0',
  closeRetain: false,
  willTopic: '',
  willTopicType: 'str',
  willPayload: '',
  willPayloadType: 'str',
  willQos: '0',
  willRetain: false,
  security: 'mutual',
  trust: 'ca',
  ca: '',
  caFile: '',
  caFileType: 'str',
  caPem: '',
  tlsConfig: '',
  identity: 'issue',
  identityName: '',
  identityNameType: 'str',
  certFile: '',
  certFileType: 'str',
  keyFile: '',
  keyFileType: 'str',
  p12File: '',
  p12FileType: 'str',
  certPem: '',
  verifyServer: true,
  verifyHostname: true,
  servername: '',
  servernameType: 'str',
  pin: '',
  pinType: 'str',
  minVersion: 'TLSv1.2',
  alpn: '',
  alpnType: 'str',
  queueLimit: 1000,
  coreBrokers: [],
};

/** Credentials, all of kind `password`: `text` ones are answered in clear by the admin API. */
export interface SecureMqttBrokerCredentials {
  username?: string;
  password?: string;
  passphrase?: string;
  keyPem?: string;
}
