import { freePort } from '../../test/support/free-port';
import { NodeRedProcess } from '../../test/support/node-red-process';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { SECURE_MQTT_SERVER_DEFAULTS } from '../../src/model/config/secure-mqtt-server';

/** A client certificate with its key; PEM. */
export interface Identity {
  commonName: string;
  certificate: string;
  privateKeyPem: string;
  trustAnchors: string;
}

/** What a Node-RED says of itself, since it was asked last. */
export interface Condition {
  rssMiB: number;
  /** Of the event loop, beyond 10 ms; milliseconds. */
  delayP99: number;
  delayMost: number;
  /** Ticks of a flow each 100 ms that came, of those that should have come. */
  ticks: number;
  /** Open sockets and timers. */
  sockets: number;
  timers: number;
  /** Events of the server. */
  events: Record<string, number>;
}

/** In the Node-RED under attack: what the flow and the measurement share. */
const SETTINGS = `functionGlobalContext: { load: (() => {
  const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const load = { ticks: 0, events: {}, asked: Date.now() };
  load.condition = () => {
    const ms = (ns) => Math.max(0, ns / 1e6 - 10);
    const kinds = process.getActiveResourcesInfo();
    const count = (kind) => kinds.filter((each) => each === kind).length;
    const condition = {
      rssMiB: process.memoryUsage.rss() / 2 ** 20,
      delayP99: ms(delay.percentile(99)), delayMost: ms(delay.max),
      ticks: load.ticks / Math.max(1, (Date.now() - load.asked) / 100),
      sockets: count('TCPSocketWrap'), timers: count('Timeout'), events: load.events,
    };
    delay.reset();
    Object.assign(load, { ticks: 0, events: {}, asked: Date.now() });
    return condition;
  };
  return load;
})() },`;

const tab = { z: 'tab', x: 10, y: 10 };

function flowsOn(port: number, wsPort: number): Record<string, unknown>[] {
  const code = (id: string, func: string, wires: string[][] = [[]]) => ({
    ...{
      ...tab,
      id,
      type: 'function',
      func,
      wires,
      outputs: 1,
      timeout: 0,
      noerr: 0,
      initialize: '',
      finalize: '',
      libs: [],
    },
  });
  return [
    { id: 'tab', type: 'tab', label: 'load' },
    { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'Load CA', folder: 'pki/load' },
    { ...SECURE_MQTT_SERVER_DEFAULTS, ...tab, id: 'server', type: 'secure-mqtt-server', ca: 'ca', port, wsPort, hosts: 'localhost, 127.0.0.1', wires: [['events']] }, // prettier-ignore
    code('events', "const { events } = global.get('load'); events[msg.topic] = (events[msg.topic] ?? 0) + 1;"),
    { ...tab, id: 'tick', type: 'inject', repeat: '0.1', once: true, onceDelay: 0.1, props: [], topic: '', payload: '', payloadType: 'date', crontab: '', wires: [['count']] }, // prettier-ignore
    code('count', "global.get('load').ticks += 1;"),
    { ...tab, id: 'ask', type: 'http in', url: '/condition', method: 'get', wires: [['condition']] },
    code('condition', "msg.payload = global.get('load').condition(); return msg;", [['answer']]),
    { ...tab, id: 'order', type: 'http in', url: '/issue', method: 'post', wires: [['issue']] },
    { ...TLS_ISSUE_DEFAULTS, ...tab, id: 'issue', type: 'tls-issue', ca: 'ca', profile: 'client', privateKeyTo: 'message', wires: [['answer']] }, // prettier-ignore
    { ...tab, id: 'answer', type: 'http response', wires: [] },
  ];
}

/** A real Node-RED with the embedded server, a flow that ticks beside it, and somebody who asks how it is. */
export class AttackedNodeRed {
  private constructor(
    private readonly nodeRed: NodeRedProcess,
    readonly port: number,
    readonly wsPort: number,
  ) {}

  static async start(): Promise<AttackedNodeRed> {
    const [port, wsPort] = [await freePort(), await freePort()];
    const nodeRed = await NodeRedProcess.start({ flows: flowsOn(port, wsPort), settings: SETTINGS });
    return new AttackedNodeRed(nodeRed, port, wsPort);
  }

  get logLines(): number {
    return this.nodeRed.log.split('\n').length;
  }

  async condition(): Promise<Condition> {
    return (await (await fetch(`${this.nodeRed.url}condition`)).json()) as Condition;
  }

  async issue(names: string[]): Promise<Identity[]> {
    const body = JSON.stringify(names.map((commonName) => ({ commonName })));
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${this.nodeRed.url}issue`, { method: 'POST', headers, body });
    return (await answer.json()) as Identity[];
  }

  stop(): Promise<void> {
    return this.nodeRed.stop();
  }
}
