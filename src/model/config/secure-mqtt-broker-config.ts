export type ConnectionSecurity = 'mutual' | 'server' | 'none';
export type TrustSource = 'ca' | 'system' | 'file' | 'pem' | 'tls-config';
export type IdentitySource = 'issue' | 'store' | 'file' | 'pkcs12' | 'pem' | 'tls-config' | 'none';
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** Properties of `secure-mqtt-broker-config` (DESIGN.md §1.4; contract). */
export interface SecureMqttBrokerConfig {
  version: number;
  name: string;
  broker: string;
  port: number;
  transport: 'mqtts' | 'wss';
  path: string;
  protocolVersion: '4' | '5';
  clientId: string;
  /** Seconds, as in MQTT. */
  keepalive: number;
  cleanSession: boolean;
  /** Seconds, as in MQTT 5. */
  sessionExpiry: number;
  birthTopic: string;
  birthPayload: string;
  birthQos: string;
  birthRetain: boolean;
  closeTopic: string;
  closePayload: string;
  closeQos: string;
  closeRetain: boolean;
  willTopic: string;
  willPayload: string;
  willQos: string;
  willRetain: boolean;
  security: ConnectionSecurity;
  trust: TrustSource;
  ca: string;
  caFile: string;
  caPem: string;
  tlsConfig: string;
  identity: IdentitySource;
  identityName: string;
  certFile: string;
  keyFile: string;
  p12File: string;
  certPem: string;
  verifyServer: boolean;
  verifyHostname: boolean;
  servername: string;
  /** `cert:<64 hex>` or `spki:<base64>`, several separated by commas or lines. */
  pin: string;
  minVersion: TlsVersion;
  alpn: string;
  queueLimit: number;
  /** Ids of core `mqtt-broker` nodes. */
  coreBrokers: string[];
}

export const SECURE_MQTT_BROKER_DEFAULTS: SecureMqttBrokerConfig = {
  version: 1,
  name: '',
  broker: '',
  port: 8883,
  transport: 'mqtts',
  path: '',
  protocolVersion: '4',
  clientId: '',
  keepalive: 60,
  cleanSession: true,
  sessionExpiry: 0,
  birthTopic: '',
  birthPayload: '',
  birthQos: '0',
  birthRetain: false,
  closeTopic: '',
  closePayload: '',
  closeQos: '0',
  closeRetain: false,
  willTopic: '',
  willPayload: '',
  willQos: '0',
  willRetain: false,
  security: 'mutual',
  trust: 'ca',
  ca: '',
  caFile: '',
  caPem: '',
  tlsConfig: '',
  identity: 'issue',
  identityName: '',
  certFile: '',
  keyFile: '',
  p12File: '',
  certPem: '',
  verifyServer: true,
  verifyHostname: true,
  servername: '',
  pin: '',
  minVersion: 'TLSv1.2',
  alpn: '',
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
