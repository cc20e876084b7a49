import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_IN_DEFAULTS } from '../../src/model/config/secure-mqtt-in';
import { SECURE_MQTT_OUT_DEFAULTS } from '../../src/model/config/secure-mqtt-out';
import { SECURE_MQTT_SERVER_DEFAULTS } from '../../src/model/config/secure-mqtt-server';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_INVENTORY_DEFAULTS } from '../../src/model/config/tls-inventory';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_REVOKE_DEFAULTS } from '../../src/model/config/tls-revoke';

/** Below the user directory. */
export const SOAK_CA_FOLDER = 'pki/soak';
export const SOAK_EXPORT_FOLDER = 'export/soak';
/** Whose certificate the connection of the flow uses; renewing it rotates the connection. */
export const SOAK_CLIENT = 'soak-client';
export const SOAK_CREDENTIALS = { soakca: { passphrase: 'a passphrase that survives' } };

export const PLACE = { z: 'soaktab', x: 1, y: 1 };

/** `POST /soak/<id>` goes through a node, and what comes out of it, or its error code, is the answer. */
export function soakRoute(id: string, node: Record<string, unknown>, answer: string): Record<string, unknown>[] {
  const [entrance, worker, shortened] = [`soak-${id}-entrance`, `soak-${id}-worker`, `soak-${id}-short`];
  return [
    { id: entrance, type: 'http in', url: `/soak/${id}`, method: 'post', upload: false, ...PLACE, wires: [[worker]] },
    { ...node, id: worker, name: '', ...PLACE, wires: [[shortened]] },
    { id: shortened, type: 'function', func: answer, outputs: 1, ...PLACE, wires: [['soak-answer']] },
  ];
}

export const TELL_ISSUED = `const all = [].concat(msg.payload);
msg.payload = all.map(({ serialNumber, commonName }) => ({ serialNumber, commonName }));
return msg;`;
export const TELL_REVOKED = `const { revoked, crlNumber } = msg.payload;
msg.payload = { revoked: revoked.map(({ serialNumber }) => serialNumber), crlNumber };
return msg;`;
export const TELL_LISTED = `msg.payload = msg.payload.items.map(({ serialNumber, commonName, status }) => ({ serialNumber, commonName, status }));
return msg;`;
export const TELL_EXPORTED = `msg.payload = msg.payload.files.map(({ path }) => path);
return msg;`;

/** A request waits in the function until its text came back from the broker. */
const ECHO = `const waiting = context.get('waiting') || new Map();
context.set('waiting', waiting);
if (msg.req) {
  waiting.set(msg.payload.text, msg);
  return [{ topic: 'soak/echo', payload: msg.payload }, null];
}
const request = waiting.get(msg.payload.text);
waiting.delete(msg.payload.text);
return [null, request || null];`;

/**
 * A Node-RED that does everything that writes: issue, renew, revoke, export, and an own broker with a connection that
 * renews its certificate. Every answer is given when the work is durable.
 *
 * @param port of the embedded broker
 */
export function soakFlow(port: number): Record<string, unknown>[] {
  const device = { ...TLS_ISSUE_DEFAULTS, ca: 'soakca', type: 'tls-issue', profile: 'device' };
  return [
    { id: 'soaktab', type: 'tab', label: 'soak' },
    { ...TLS_CA_DEFAULTS, id: 'soakca', type: 'tls-ca', name: 'Soak CA', folder: SOAK_CA_FOLDER },
    ...soakRoute('issue', device, TELL_ISSUED),
    ...soakRoute('renew', { ...device, action: 'renew' }, TELL_ISSUED),
    ...soakRoute(
      'revoke',
      { ...TLS_REVOKE_DEFAULTS, ca: 'soakca', type: 'tls-revoke', reason: 'superseded' },
      TELL_REVOKED,
    ),
    ...soakRoute('inventory', { ...TLS_INVENTORY_DEFAULTS, ca: 'soakca', type: 'tls-inventory' }, TELL_LISTED),
    ...soakRoute(
      'export',
      { ...TLS_EXPORT_DEFAULTS, ca: 'soakca', type: 'tls-export', layout: 'pem', folder: SOAK_EXPORT_FOLDER },
      TELL_EXPORTED,
    ),
    { id: 'soak-answer', type: 'http response', ...PLACE, wires: [] },
    { id: 'soak-caught', type: 'catch', scope: null, ...PLACE, wires: [['soak-refusal']] },
    {
      id: 'soak-refusal',
      type: 'function',
      func: `msg.statusCode = 500; msg.payload = msg.error; return msg.res && msg;`,
      outputs: 1,
      ...PLACE,
      wires: [['soak-answer']],
    },
    {
      ...SECURE_MQTT_SERVER_DEFAULTS,
      id: 'soakserver',
      type: 'secure-mqtt-server',
      ca: 'soakca',
      port,
      ...PLACE,
      wires: [[]],
    },
    {
      ...SECURE_MQTT_BROKER_DEFAULTS,
      id: 'soakbroker',
      type: 'secure-mqtt-broker-config',
      broker: 'localhost',
      port,
      ca: 'soakca',
      clientId: SOAK_CLIENT,
      identityName: SOAK_CLIENT,
    },
    { id: 'soak-echo', type: 'http in', url: '/soak/echo', method: 'post', ...PLACE, wires: [['soak-match']] },
    { id: 'soak-match', type: 'function', func: ECHO, outputs: 2, ...PLACE, wires: [['soak-out'], ['soak-answer']] },
    {
      ...SECURE_MQTT_OUT_DEFAULTS,
      id: 'soak-out',
      type: 'secure-mqtt-out',
      broker: 'soakbroker',
      qos: '1',
      ...PLACE,
      wires: [],
    },
    {
      ...SECURE_MQTT_IN_DEFAULTS,
      id: 'soak-in',
      type: 'secure-mqtt-in',
      broker: 'soakbroker',
      topic: 'soak/echo',
      qos: '1',
      datatype: 'json',
      ...PLACE,
      wires: [['soak-match']],
    },
  ];
}
