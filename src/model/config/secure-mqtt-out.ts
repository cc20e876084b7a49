/** Properties of `secure-mqtt-out` (DESIGN.md §1.4; contract). Names as in the core `mqtt out` node. */
export interface SecureMqttOutConfig {
  version: number;
  name: string;
  /** Id of a secure-mqtt-broker-config. */
  broker: string;
  /** Empty: `msg.topic`. */
  topic: string;
  /** Empty: `msg.qos`, else 0. */
  qos: '' | '0' | '1' | '2';
  /** Empty: `msg.retain`, else false. */
  retain: '' | 'true' | 'false';
  /** MQTT 5 response topic. */
  respTopic: string;
  /** MQTT 5. */
  contentType: string;
  /** MQTT 5, a JSON object of texts. */
  userProps: string;
  /** MQTT 5 correlation data. */
  correl: string;
  /** MQTT 5 message expiry in seconds; empty: none. */
  expiry: string;
}

export const SECURE_MQTT_OUT_DEFAULTS: SecureMqttOutConfig = {
  version: 1,
  name: '',
  broker: '',
  topic: '',
  qos: '',
  retain: '',
  respTopic: '',
  contentType: '',
  userProps: '',
  correl: '',
  expiry: '',
};
