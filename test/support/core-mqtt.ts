import type { Node } from 'node-red';
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

/** Numbers that are on their way. */
const WINDOW = 20;

/**
 * Send numbers through an mqtt out node and an mqtt in node as fast as they come back, until `stop`, which waits for the
 * last one to arrive.
 *
 * @param qos taken in turn
 */
export function streamThrough(out: Node, into: Node, { topic, qos }: { topic: string; qos: readonly number[] }) {
  const sent: number[] = [];
  const received: number[] = [];
  let running = true;
  let finish: () => void = () => undefined;
  const send = (): void => {
    const number = sent.length;
    sent.push(number);
    out.receive({ topic, payload: String(number), qos: qos[number % qos.length] } as never);
  };
  const arrived = new Set<number>();
  const onSend = ({ args: [msg] }: { args: [CoreMessage] }): void => {
    if (msg.topic !== topic) return;
    const number = Number(msg.payload);
    received.push(number);
    if (arrived.has(number)) return;
    arrived.add(number);
    if (running) send();
    else if (arrived.size === sent.length) finish();
  };
  into.on('call:send' as never, onSend as never);
  for (let first = 0; first < WINDOW; first += 1) send();
  return {
    stop: async (): Promise<{ sent: number[]; received: number[] }> => {
      running = false;
      if (arrived.size < sent.length) await new Promise<void>((resolve) => (finish = resolve));
      into.off('call:send' as never, onSend as never);
      return { sent, received };
    },
  };
}

/**
 * End the connection of a core broker before its flows are stopped: core would wait two seconds for the acknowledgement of
 * an unsubscribe that a broker which stops at the same time does not send.
 */
export async function leave(core: Node | undefined): Promise<void> {
  const { disconnect } = (core ?? {}) as { disconnect?: (callback: () => void) => void };
  if (disconnect) await new Promise<void>((resolve) => disconnect(resolve));
}
