/** How a received payload is handed on, as the core `mqtt in` node. `auto` is core's older form of `auto-detect`. */
export const DATATYPES = ['auto-detect', 'auto', 'utf8', 'buffer', 'json', 'base64'] as const;

export type Datatype = (typeof DATATYPES)[number];

/** Properties of `secure-mqtt-in` (DESIGN.md §1.4; contract). Names as in the core `mqtt in` node. */
export interface SecureMqttInConfig {
  version: number;
  name: string;
  /** Id of a secure-mqtt-broker-config. */
  broker: string;
  /** Topic filter; unused when the node has an input. */
  topic: string;
  qos: '0' | '1' | '2';
  datatype: Datatype;
  /** 1: subscriptions are made by messages with `msg.action`. */
  inputs: 0 | 1;
  /** MQTT 5, no local: own messages are not sent back. */
  nl: boolean;
  /** MQTT 5, retain as published. */
  rap: boolean;
  /** MQTT 5, retain handling: 0 retained messages at each subscribe, 1 only at a new one, 2 never. */
  rh: 0 | 1 | 2;
}

export const SECURE_MQTT_IN_DEFAULTS: SecureMqttInConfig = {
  version: 1,
  name: '',
  broker: '',
  topic: '',
  qos: '2',
  datatype: 'auto-detect',
  inputs: 0,
  nl: false,
  rap: true,
  rh: 0,
};
