import type { NodeModule } from './flows';

const PLACE = { z: 'tab', x: 1, y: 1 };

/** A message of a core mqtt in node. */
export interface CoreMessage {
  topic: string;
  payload: unknown;
  qos: 0 | 1 | 2;
  retain: boolean;
}

/** The core nodes for TLS and MQTT of the Node-RED that runs the tests. */
export function coreMqtt(): NodeModule[] {
  return ['05-tls.js', '10-mqtt.js'].map(
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- core nodes are CommonJS without types
    (file) => require(require.resolve(`@node-red/nodes/core/network/${file}`)) as NodeModule,
  );
}

/**
 * Core's mqtt in and out with a broker that keeps its session, and a tls-config that holds nothing and verifies nothing;
 * ids: core-broker, core-tls, core-in, core-out.
 */
export function coreFlow({ port, core, tls }: { port: number; core?: object; tls?: object }) {
  return [
    {
      id: 'core-tls',
      type: 'tls-config',
      ...{ name: '', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '', servername: '' },
      ...{ verifyservercert: false, alpnprotocol: '' },
      ...tls,
    },
    {
      id: 'core-broker',
      type: 'mqtt-broker',
      ...{
        name: 'Core',
        broker: 'localhost',
        port,
        clientid: 'core-client',
        usetls: true,
        tls: 'core-tls',
        autoConnect: true,
      },
      ...{ protocolVersion: '4', keepalive: '60', cleansession: false, autoUnsubscribe: true, birthTopic: '' },
      ...{ closeTopic: '', willTopic: '', sessionExpiry: '' },
      ...core,
    },
    {
      id: 'core-in',
      type: 'mqtt in',
      ...{ topic: 'a/#', qos: '1', datatype: 'auto-detect', broker: 'core-broker', inputs: 0, wires: [['core-seen']] },
      ...PLACE,
    },
    {
      id: 'core-out',
      type: 'mqtt out',
      ...{ topic: '', qos: '', retain: '', broker: 'core-broker', wires: [] },
      ...PLACE,
    },
    { id: 'core-seen', type: 'helper', ...PLACE },
  ];
}
