import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { NodeAPI } from 'node-red';
import { systemClock } from '../../../src/model/clock';
import { embeddedBrokerReady } from '../../../src/node-red/embedded-broker';

describe('clients that wait for an embedded broker', () => {
  it('listen once for all: Node warns of more than ten listeners', async () => {
    const events = new EventEmitter();
    const stored = [
      { id: 'tab', type: 'tab' },
      { id: 'server', type: 'secure-mqtt-server', z: 'tab', port: 8883 },
    ];
    let running: object | null = null;
    const nodes = { eachNode: (look: (node: object) => void) => stored.forEach(look), getNode: () => running };
    const RED = { events, nodes } as unknown as NodeAPI;
    const target = { host: 'localhost', port: 8883 };
    const added = once(events, 'newListener');
    const ready = Array.from({ length: 20 }, () => embeddedBrokerReady(RED, target, systemClock));
    await added;
    assert.equal(events.listenerCount('flows:started'), 1);
    running = { listening: () => Promise.resolve() };
    events.emit('flows:started');
    await Promise.all(ready);
    const again = embeddedBrokerReady(RED, target, systemClock);
    await again;
    assert.equal(events.listenerCount('flows:started'), 0);
  });
});
