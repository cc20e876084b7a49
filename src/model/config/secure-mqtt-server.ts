/** Properties of `secure-mqtt-server` (DESIGN.md §1.7; contract). */
export interface SecureMqttServerConfig {
  version: number;
  name: string;
  port: number;
  bindAddress: string;
  /** Names and addresses for the server's own certificate, separated by commas or lines. */
  hosts: string;
  ca: string;
  security: 'mutual' | 'server';
  /** 0: no WebSocket listener. */
  wsPort: number;
  /** Mosquitto's ACL syntax; empty: every authenticated client may use every topic. */
  acl: string;
}

export const SECURE_MQTT_SERVER_DEFAULTS: SecureMqttServerConfig = {
  version: 1,
  name: '',
  port: 8883,
  bindAddress: '127.0.0.1',
  hosts: 'localhost, 127.0.0.1',
  ca: '',
  security: 'mutual',
  wsPort: 0,
  acl: '',
};
