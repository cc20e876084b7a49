import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, type Duplex } from 'node:stream';
import { RelayStream } from '../../../src/tls/relay-stream';

class Relay extends RelayStream {
  connect(inner: Duplex): void {
    this.attach(inner);
  }
}

describe('relay stream', () => {
  it('holds everything back until it is attached, then passes it on in order', async () => {
    const relay = new Relay();
    const inner = new PassThrough();
    const seen: string[] = [];
    inner.on('data', (chunk: Buffer) => seen.push(String(chunk)));
    relay.cork();
    relay.write('a');
    relay.write('b');
    relay.uncork();
    relay.write('c');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(seen, []);
    relay.connect(inner);
    relay.end('d');
    await once(relay, 'finish');
    assert.equal(seen.join(''), 'abcd');
  });

  it('passes backpressure on', async () => {
    const relay = new Relay();
    const inner = new PassThrough({ highWaterMark: 16 });
    relay.connect(inner);
    let accepted = 0;
    while (relay.write(Buffer.alloc(4096)) && accepted < 1000) accepted += 1;
    assert.ok(accepted < 100, 'a slow other side is felt');
    relay.destroy();
  });

  it('a stream behind that closes without an end ends the reading', async () => {
    const relay = new Relay();
    const inner = new PassThrough();
    relay.connect(inner);
    relay.resume();
    inner.destroy();
    await once(relay, 'end');
  });

  it('an error behind is an error here; destroying here destroys behind', async () => {
    const relay = new Relay();
    const inner = new PassThrough();
    relay.connect(inner);
    inner.destroy(new Error('reset'));
    const [error] = (await once(relay, 'error')) as [Error];
    assert.equal(error.message, 'reset');

    const other = new Relay();
    const behind = new PassThrough();
    other.connect(behind);
    other.destroy();
    assert.equal(behind.destroyed, true);
  });

  it('lets go of what is attached after it was destroyed', () => {
    const relay = new Relay();
    relay.destroy();
    const late = new PassThrough();
    relay.connect(late);
    assert.equal(late.destroyed, true);
  });
});
