import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { WriteDelay } from '../../../src/mqtt/write-delay';

/** Keeps what it is told. */
class Socket extends PassThrough {
  readonly told: boolean[] = [];

  setNoDelay(noDelay: boolean): this {
    this.told.push(noDelay);
    return this;
  }
}

describe('WriteDelay', () => {
  it('sends single messages at once', () => {
    const socket = new Socket();
    const delay = new WriteDelay(socket);
    for (const inFlight of [1, 0, 23, 12, 0]) delay.look(inFlight);
    assert.deepEqual(socket.told, [true]);
  });

  it('lets writes wait for each other while many messages are on their way', () => {
    const socket = new Socket();
    const delay = new WriteDelay(socket);
    for (const inFlight of [23, 24, 1000, 24, 13]) delay.look(inFlight);
    assert.deepEqual(socket.told, [true, false]);
    delay.look(12);
    assert.deepEqual(socket.told, [true, false, true]);
    delay.look(23);
    assert.deepEqual(socket.told, [true, false, true], 'not to and fro with every message');
  });

  it('leaves streams alone that are no sockets', () => {
    const delay = new WriteDelay(new PassThrough());
    assert.doesNotThrow(() => delay.look(100));
  });
});
