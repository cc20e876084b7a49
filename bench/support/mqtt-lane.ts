import { performance } from 'node:perf_hooks';
import type { Node, NodeMessage } from 'node-red';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_IN_DEFAULTS } from '../../src/model/config/secure-mqtt-in';
import { SECURE_MQTT_OUT_DEFAULTS } from '../../src/model/config/secure-mqtt-out';
import type { EmbeddedNodeRed } from './embedded-node-red';

export const SIDES = ['core', 'ours'] as const;
export type Side = (typeof SIDES)[number];

/** What a lane carries. */
export interface Traffic {
  payload: string;
  qos: 0 | 1;
}

/** In steps of 50 ms until a side must be connected. */
const MOST_QUESTIONS = 400;

const PLACE = { z: 'tab', x: 1, y: 1 };

/** Brokers, one mqtt out and the mqtt ins of a side and number of subscriptions, and one node behind them all. */
export function flowOf(side: Side, subscriptions: number, port: number, caFile: string): Record<string, unknown>[] {
  const name = `${side}${subscriptions}`;
  const [tls, broker] = [`${name}tls`, `${name}broker`];
  const ins = Array.from({ length: subscriptions }, (_, index) => ({
    ...SECURE_MQTT_IN_DEFAULTS,
    ...PLACE,
    id: `${name}in${index}`,
    type: side === 'core' ? 'mqtt in' : 'secure-mqtt-in',
    broker,
    topic: `${name}/${index}/value`,
    qos: '1',
    datatype: 'auto-detect',
    wires: [[`${name}sink`]],
  }));
  const out = {
    ...SECURE_MQTT_OUT_DEFAULTS,
    ...PLACE,
    id: `${name}out`,
    type: side === 'core' ? 'mqtt out' : 'secure-mqtt-out',
    broker,
    wires: [],
  };
  const brokers =
    side === 'core'
      ? [
          {
            id: tls,
            type: 'tls-config',
            cert: '',
            key: '',
            ca: caFile,
            verifyservercert: true,
            servername: 'localhost',
          },
          {
            id: broker,
            type: 'mqtt-broker',
            broker: 'localhost',
            port: String(port),
            tls,
            usetls: true,
            clientid: name,
            protocolVersion: '4',
            keepalive: '60',
            cleansession: true,
            autoConnect: true,
          },
        ]
      : [
          {
            ...SECURE_MQTT_BROKER_DEFAULTS,
            id: broker,
            type: 'secure-mqtt-broker-config',
            broker: 'localhost',
            port,
            clientId: name,
            security: 'server',
            trust: 'file',
            caFile,
            identity: 'none',
          },
        ];
  return [...brokers, out, ...ins, { id: `${name}sink`, type: 'junction', ...PLACE, wires: [] }];
}

/** One side with one number of subscriptions: messages go in at mqtt out and are counted behind mqtt in. */
export class Lane {
  private readonly out: Node;
  private arrived: () => void = () => undefined;

  constructor(
    nodeRed: EmbeddedNodeRed,
    private readonly name: string,
    private readonly subscriptions: number,
  ) {
    this.out = nodeRed.node(`${name}out`);
    nodeRed.node(`${name}sink`).on('input', (_msg, _send, done) => {
      done();
      this.arrived();
    });
  }

  /** Resolves when messages go through: every subscription is at the broker. */
  async ready(): Promise<void> {
    for (let index = 0; index < this.subscriptions; index += 1) {
      await new Promise<void>((resolve, reject) => {
        let asked = 0;
        const ask = (): void => {
          asked += 1;
          if (asked < MOST_QUESTIONS) return this.send(index, 'ready?', 1);
          clearInterval(again);
          reject(new Error(`nothing arrives through ${this.name}`));
        };
        const again = setInterval(ask, 50);
        this.arrived = () => {
          clearInterval(again);
          resolve();
        };
        ask();
      });
    }
    // Questions that were asked twice.
    await new Promise((resolve) => setTimeout(resolve, 300));
  }

  /** @returns seconds until the last of `count` messages has arrived, with at most `window` on their way */
  run(count: number, window: number, { payload, qos }: Traffic): Promise<number> {
    return new Promise((resolve) => {
      let [sent, received] = [0, 0];
      const start = performance.now();
      const fill = (): void => {
        while (sent < count && sent - received < window) this.send(sent++, payload, qos);
      };
      this.arrived = () => {
        received += 1;
        if (received === count) resolve((performance.now() - start) / 1000);
        // One for one: several at a time would leave the kernel's late acknowledgements (40 ms, RFC 1122 §4.2.3.2) to
        // decide the rate, because Mosquitto waits for them (Nagle).
        else fill();
      };
      fill();
    });
  }

  /** @returns milliseconds of each message, one after the other */
  async latencies(count: number, { payload, qos }: Traffic): Promise<number[]> {
    const found: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const start = performance.now();
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
        this.send(index, payload, qos);
      });
      found.push(performance.now() - start);
      // The acknowledgement and the next message are no part of it.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return found;
  }

  private send(index: number, payload: string, qos: 0 | 1): void {
    const topic = `${this.name}/${index % this.subscriptions}/value`;
    this.out.receive({ topic, payload, qos } as NodeMessage);
  }
}
