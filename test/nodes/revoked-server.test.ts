import assert from 'node:assert/strict';
import type { Node } from 'node-red';
import secureMqttBroker = require('../../nodes/secure-mqtt-broker-config');
import secureMqttIn = require('../../nodes/secure-mqtt-in');
import secureMqttOut = require('../../nodes/secure-mqtt-out');
import secureMqttServer = require('../../nodes/secure-mqtt-server');
import tlsCa = require('../../nodes/tls-ca');
import type { ReceivedMessage } from '../../src/mqtt/received-message';
import type { ServerEvent } from '../../src/mqtt/server-event';
import type { TlsCaNode } from '../../src/node-red/authority-node';
import { Flows } from '../support/flows';
import { freePort } from '../support/free-port';
import { callsOf, nodes, sends, shows } from '../support/mqtt-flow';

describe('a server whose certificate is renewed or revoked', () => {
  let flows: Flows;
  let port: number;
  const node = <T extends Node = Node>(id: string): T => flows.node<T>(id);
  const authority = () => node<TlsCaNode & Node>('ca').authority();
  const serverSerials = async (): Promise<string[]> =>
    (await authority()).list({ profile: 'server', status: 'valid' }).items.map(({ serialNumber }) => serialNumber);

  beforeEach(async () => {
    port = await freePort();
    flows = await Flows.start(
      [tlsCa, secureMqttBroker, secureMqttIn, secureMqttOut, secureMqttServer],
      [
        nodes.tab(),
        nodes.ca(),
        nodes.broker({ port, cleanSession: false }),
        nodes.in(),
        nodes.out(),
        nodes.seen('in'),
        nodes.server({ port }),
        nodes.seen('server'),
      ],
    );
    await shows(node('in'), /^connected$/);
  });
  afterEach(() => flows.stop());

  const events = (kind: string): ServerEvent[] =>
    callsOf(node('server'), 'send')
      .map(([msg]) => (msg as { payload: ServerEvent }).payload)
      .filter(({ event }) => event === kind);
  async function roundTrip(payload: string): Promise<void> {
    node('out').receive({ topic: 'a/b', payload, qos: 1 } as never);
    await sends<ReceivedMessage>(node('in'), (msg) => msg.payload === payload);
  }

  it('goes on with its clients when it is renewed', async () => {
    const [serial] = await serverSerials();
    await (await authority()).renew({ by: 'serial', value: serial as string });
    await roundTrip('after');
    assert.equal(events('disconnected').length, 0);
  });

  it('takes another one when it is revoked, and its clients, who must not have the old one, come to that', async () => {
    const [revoked] = await serverSerials();
    await (await authority()).revoke({ by: 'serial', value: revoked as string }, { reason: 'keyCompromise' });
    await sends<{ payload: ServerEvent }>(
      node('server'),
      ({ payload }) => payload.event === 'connected' && events('disconnected').length > 0,
    );
    await shows(node('in'), /^connected$/);
    await roundTrip('after');
    const now = await serverSerials();
    assert.equal(now.length, 1);
    assert.notEqual(now[0], revoked);
  });
});
