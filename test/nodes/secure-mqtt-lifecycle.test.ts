import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Node } from 'node-red';
import secureMqttBroker = require('../../nodes/secure-mqtt-broker-config');
import secureMqttIn = require('../../nodes/secure-mqtt-in');
import secureMqttOut = require('../../nodes/secure-mqtt-out');
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import type { SecureMqttBrokerNode } from '../../src/node-red/broker-node';
import type { SecureMqttBrokerConfig } from '../../src/model/config/secure-mqtt-broker-config';
import { makeBrokerCertificates, writeForMosquitto, type BrokerCertificates } from '../support/broker-certificates';
import { Flows } from '../support/flows';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { callsOf, nodes, shows } from '../support/mqtt-flow';
import { temporaryFolder } from '../support/temporary-folder';

const CONNECTED = /^connected$/;
type FlowNode = { id: string; type: string } & Record<string, unknown>;

describe('secure-mqtt nodes from deploy to deploy', () => {
  const folder = temporaryFolder();
  let certificates: BrokerCertificates;
  let mosquitto: RunningMosquitto;
  let flows: Flows;
  let openBefore: string[];

  before(async () => {
    certificates = await makeBrokerCertificates();
    mosquitto = await startMosquitto({
      folder,
      configuration: (port) => [
        `listener ${port} 127.0.0.1`,
        ...writeForMosquitto(folder, certificates.root, certificates.server),
        'allow_anonymous true',
        'require_certificate true',
      ],
    });
  });
  beforeEach(async () => {
    // Mocha's own timer runs only while it waits for a promise.
    await new Promise((resolve) => setImmediate(resolve));
    openBefore = openResources();
  });
  afterEach(async () => {
    await flows.stop();
    // What was destroyed last is gone a turn later.
    while (openResources().length > openBefore.length) await new Promise((resolve) => setImmediate(resolve));
  });
  after(() => mosquitto.stop());

  const secrets = (): Record<string, unknown> => {
    const keyPem = secretPrivateKeyPem(certificates.client.privateKey);
    return { broker: { keyPem }, second: { keyPem } };
  };
  const broker = (config: Partial<SecureMqttBrokerConfig> = {}): FlowNode =>
    nodes.broker({
      port: mosquitto.port,
      trust: 'pem',
      caPem: certificates.root.certificate.pem,
      identity: 'pem',
      certPem: certificates.client.certificate.pem,
      ca: '',
      ...config,
    });
  const flow = (...others: FlowNode[]): FlowNode[] => [
    nodes.tab(),
    broker(),
    nodes.in(),
    nodes.out(),
    nodes.seen('in'),
    ...others,
  ];
  const start = async (deployed = flow()): Promise<void> => {
    flows = await Flows.start([secureMqttBroker, secureMqttIn, secureMqttOut], deployed, secrets());
  };
  const node = <T extends Node = Node>(id: string): T => flows.node<T>(id);

  /** Clients of this broker, by its log. */
  const clients = (clientId: string): { came: number; went: number } => {
    const count = (pattern: RegExp): number => mosquitto.log().match(pattern)?.length ?? 0;
    return {
      came: count(new RegExp(`New client connected from \\S+ as ${clientId} `, 'g')),
      went: count(
        new RegExp(`Client ${clientId} (disconnected|closed its connection)|${clientId} already connected`, 'g'),
      ),
    };
  };
  const allGone = async (clientId: string): Promise<void> => {
    for (;;) {
      const { came, went } = clients(clientId);
      if (came > 0 && came === went) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  /** A message goes out and comes back, once. */
  async function roundTrip(payload: string): Promise<void> {
    await shows(node('in'), CONNECTED);
    await shows(node('out'), CONNECTED);
    const received = once(node('in-seen'), 'input') as Promise<[{ payload: unknown }]>;
    node('out').receive({ topic: 'a/b', payload, qos: 1 } as never);
    assert.equal((await received)[0].payload, payload);
  }

  for (const kind of ['full', 'flows', 'nodes'] as const) {
    it(`go on after each of several deploys of kind ${kind}, and leave nothing open`, async () => {
      await start();
      await roundTrip('first');
      for (let round = 1; round <= 3; round += 1) {
        const changed = flow().map((each) => (each.id === 'in' ? { ...each, name: `round ${round}` } : each));
        await flows.deploy(changed, kind, secrets());
        await roundTrip(`round ${round}`);
      }
      const { came, went } = clients('dev01');
      assert.equal(came - went, 1, 'one connection');
    });
  }

  it('keep their connection when a node of another broker changes', async () => {
    await start(flow(secondBroker(), secondIn('one'), nodes.seen('second')));
    await roundTrip('first');
    const { came } = clients('dev01');
    await flows.deploy(flow(secondBroker(), secondIn('two'), nodes.seen('second')), 'nodes', secrets());
    await shows(node('second-in'), CONNECTED);
    await roundTrip('second');
    assert.equal(clients('dev01').came, came, 'not even disturbed');
  });

  it('take a changed broker at once', async () => {
    await start();
    await roundTrip('first');
    const changed = flow().map((each) => (each.id === 'broker' ? { ...each, clientId: 'renamed' } : each));
    await flows.deploy(changed, 'nodes', secrets());
    await roundTrip('second');
    await allGone('dev01');
  });

  it('take a broker that was chosen instead, and leave the first', async () => {
    await start(flow(secondBroker()));
    await roundTrip('first');
    const moved = flow(secondBroker()).map((each) =>
      each.type === 'secure-mqtt-in' || each.type === 'secure-mqtt-out' ? { ...each, broker: 'second' } : each,
    );
    await flows.deploy(moved, 'nodes', secrets());
    await roundTrip('second');
  });

  const without: [string, (deployed: FlowNode[]) => FlowNode[]][] = [
    ['removed', (deployed) => deployed.filter(({ type }) => !/-(in|out)$/.test(type))],
    ['disabled', (deployed) => deployed.map((each) => (/-(in|out)$/.test(each.type) ? { ...each, d: true } : each))],
    [
      'on a disabled tab',
      (deployed) => deployed.map((each) => (each.id === 'tab' ? { ...each, disabled: true } : each)),
    ],
  ];
  for (const [what, change] of without) {
    it(`disconnect when the last one is ${what}, and come back`, async () => {
      await start();
      await roundTrip('first');
      await flows.deploy(change(flow()), 'nodes', secrets());
      await allGone('dev01');
      await flows.deploy(flow(), 'nodes', secrets());
      await roundTrip('second');
    });
  }

  it('say which broker is missing when it is removed or disabled', async () => {
    await start();
    await roundTrip('first');
    await flows.deploy(
      flow().map((each) => (each.id === 'broker' ? { ...each, d: true } : each)),
      'full',
      secrets(),
    );
    const { fill } = await shows(node('in'), /./);
    assert.equal(fill, 'red');
    const [error] = callsOf(node('in'), 'error').at(-1) as [{ code: string; message: string }];
    assert.equal(error.code, 'INPUT_CONFIG');
  });

  it('stop while they connect', async () => {
    await start();
    assert.equal(node<SecureMqttBrokerNode & Node>('broker').state.phase, 'connecting');
  });

  it('stop with messages on their way and messages that wait', async () => {
    await start();
    await shows(node('out'), CONNECTED);
    for (let index = 0; index < 500; index += 1) {
      node('out').receive({ topic: 'a/b', payload: String(index), qos: index % 3 } as never);
    }
  });

  it('two configurations to one broker each have a connection', async () => {
    await start(flow(secondBroker(), secondIn('one'), nodes.seen('second')));
    await shows(node('second-in'), CONNECTED);
    const both = once(node('second-seen'), 'input') as Promise<[{ payload: unknown }]>;
    await roundTrip('for both');
    assert.equal((await both)[0].payload, 'for both');
  });

  const secondBroker = (): FlowNode => ({ ...broker({ clientId: 'dev02' }), id: 'second' });
  const secondIn = (name: string): FlowNode => ({
    ...nodes.in({ broker: 'second', name }),
    id: 'second-in',
    wires: [['second-seen']],
  });
});

/** Sockets and timers that keep the process alive. */
function openResources(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|Timeout/.test(kind));
}
