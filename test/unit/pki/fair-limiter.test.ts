import assert from 'node:assert/strict';
import { FairLimiter } from '../../../src/pki/fair-limiter';

/** A task that ends when told, and a record of what has started. */
class Tasks {
  readonly started: string[] = [];
  private readonly open = new Map<string, (error?: Error) => void>();

  task(name: string): () => Promise<string> {
    return () => {
      this.started.push(name);
      return new Promise((resolve, reject) => {
        this.open.set(name, (error) => (error ? reject(error) : resolve(name)));
      });
    };
  }

  async finish(name: string, error?: Error): Promise<void> {
    this.open.get(name)?.(error);
    await new Promise(setImmediate);
  }
}

describe('fair limiter', () => {
  it('runs at most so many at once, in order', async () => {
    const limiter = new FairLimiter(2);
    const tasks = new Tasks();
    const results = ['a', 'b', 'c', 'd'].map((name) => limiter.run(tasks.task(name)));
    assert.deepEqual(tasks.started, ['a', 'b']);
    await tasks.finish('b');
    assert.deepEqual(tasks.started, ['a', 'b', 'c']);
    await tasks.finish('a');
    assert.deepEqual(tasks.started, ['a', 'b', 'c', 'd']);
    await tasks.finish('c');
    await tasks.finish('d');
    assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd']);
  });

  it('lets owners take turns: one key does not wait behind a batch', async () => {
    const limiter = new FairLimiter(1);
    const tasks = new Tasks();
    const [batch, single] = [{}, {}];
    for (const name of ['b1', 'b2', 'b3']) void limiter.run(tasks.task(name), batch);
    void limiter.run(tasks.task('s1'), single);
    for (const name of ['b1', 'b2', 's1', 'b3']) await tasks.finish(name);
    assert.deepEqual(tasks.started, ['b1', 'b2', 's1', 'b3']);
  });

  it('gives the place on after a failure', async () => {
    const limiter = new FairLimiter(1);
    const tasks = new Tasks();
    const failing = limiter.run(tasks.task('a'));
    const next = limiter.run(tasks.task('b'));
    const refused = assert.rejects(failing, /broken/);
    await tasks.finish('a', new Error('broken'));
    await refused;
    await tasks.finish('b');
    assert.equal(await next, 'b');
    const again = limiter.run(tasks.task('c'));
    await tasks.finish('c');
    assert.equal(await again, 'c');
  });
});
