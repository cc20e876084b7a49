import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_IN_DEFAULTS } from '../../src/model/config/secure-mqtt-in';
import { SECURE_MQTT_OUT_DEFAULTS } from '../../src/model/config/secure-mqtt-out';
import { SECURE_MQTT_SERVER_DEFAULTS } from '../../src/model/config/secure-mqtt-server';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_INVENTORY_DEFAULTS } from '../../src/model/config/tls-inventory';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_PROBE_DEFAULTS } from '../../src/model/config/tls-probe';
import { TLS_REVOKE_DEFAULTS } from '../../src/model/config/tls-revoke';
import { TLS_WATCH_DEFAULTS } from '../../src/model/config/tls-watch';

/** The contract of every node: its properties with their defaults (DESIGN.md §1). A new node is a new row. */
export const CONTRACTS: Record<string, object> = {
  'tls-ca': TLS_CA_DEFAULTS,
  'tls-issue': TLS_ISSUE_DEFAULTS,
  'tls-export': TLS_EXPORT_DEFAULTS,
  'tls-revoke': TLS_REVOKE_DEFAULTS,
  'tls-inventory': TLS_INVENTORY_DEFAULTS,
  'tls-watch': TLS_WATCH_DEFAULTS,
  'tls-probe': TLS_PROBE_DEFAULTS,
  'secure-mqtt-broker-config': SECURE_MQTT_BROKER_DEFAULTS,
  'secure-mqtt-in': SECURE_MQTT_IN_DEFAULTS,
  'secure-mqtt-out': SECURE_MQTT_OUT_DEFAULTS,
  'secure-mqtt-server': SECURE_MQTT_SERVER_DEFAULTS,
};
