import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { NodeAPI } from 'node-red';
import { flowsStarted } from '../../../src/node-red/flows-started';

describe('nodes that wait until the flows have started', () => {
  it('listen once for all, and anew for the next deploy: Node warns of more than ten listeners', async () => {
    const events = new EventEmitter();
    const RED = { events } as unknown as NodeAPI;
    const waiting = Array.from({ length: 20 }, () => flowsStarted(RED));
    assert.equal(events.listenerCount('flows:started'), 1);
    events.emit('flows:started');
    await Promise.all(waiting);
    assert.equal(events.listenerCount('flows:started'), 0);
    const next = flowsStarted(RED);
    assert.equal(events.listenerCount('flows:started'), 1);
    events.emit('flows:started');
    await next;
  });
});
