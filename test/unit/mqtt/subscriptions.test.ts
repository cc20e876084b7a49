import assert from 'node:assert/strict';
import { Subscriptions, strongestOptions } from '../../../src/mqtt/subscriptions';
import { levelsMatch, parseTopicFilter } from '../../../src/mqtt/topic';

function filled(...filters: string[]): Subscriptions<string> {
  const subscriptions = new Subscriptions<string>();
  for (const filter of filters) subscriptions.add(filter, `owner of ${filter}`, { qos: 0 }, filter);
  return subscriptions;
}

describe('Subscriptions', () => {
  it('finds every filter that matches, shared ones too', () => {
    const subscriptions = filled('#', 'a/#', 'a/+', 'a/b', '$share/g/a/b', 'b', '+/b/c');
    assert.deepEqual(subscriptions.receiversOf('a/b').sort(), ['#', '$share/g/a/b', 'a/#', 'a/+', 'a/b']);
    assert.deepEqual(subscriptions.receiversOf('$SYS/b'), []);
  });

  it('agrees with comparing each filter on 20,000 made-up pairs', () => {
    const words = ['', 'a', 'b', '$SYS', 'c'];
    let seed = 7;
    const pick = <T>(from: readonly T[]): T => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      // The low digits of such a sequence repeat soon; the high ones do not.
      return from[Math.floor((seed / 2 ** 31) * from.length)] as T;
    };
    const path = (alphabet: readonly string[]): string =>
      Array.from({ length: 1 + pick([0, 1, 2, 3]) }, () => pick(alphabet)).join('/');
    const filters = new Set<string>();
    while (filters.size < 200) {
      const filter = path([...words, '+', '+']) + pick(['', '', '/#']);
      if (filter !== '') filters.add(filter);
    }
    const subscriptions = filled(...filters);
    for (let round = 0; round < 100; round += 1) {
      const topic = path(words);
      const expected = [...filters].filter((each) => levelsMatch(parseTopicFilter(each).levels, topic.split('/')));
      assert.deepEqual(subscriptions.receiversOf(topic).sort(), expected.sort(), topic);
    }
  });

  it('goes by the identifiers of the broker when it sends them', () => {
    const subscriptions = filled('a/#', 'a/b');
    const second = subscriptions.get('a/b')?.identifier as number;
    assert.deepEqual(subscriptions.receiversOf('a/b', [second, second]), ['a/b']);
    assert.deepEqual(subscriptions.receiversOf('a/b', [99]), [], 'one of a session before');
    assert.equal(subscriptions.receiversOf('a/b', []).length, 2);
  });

  it('keeps a filter until its last owner has gone, and nothing after', () => {
    const subscriptions = new Subscriptions<string>();
    subscriptions.add('a/b', 'one', { qos: 0 }, '1');
    subscriptions.add('a/b', 'two', { qos: 1 }, '2');
    subscriptions.add('a/b', 'two', { qos: 1 }, '2 again');
    assert.deepEqual(subscriptions.receiversOf('a/b'), ['1', '2 again']);
    assert.equal(subscriptions.remove('a/b', 'one'), false);
    assert.equal(subscriptions.remove('a/b', 'nobody'), false);
    assert.equal(subscriptions.remove('a/b', 'two'), true);
    assert.deepEqual(subscriptions.receiversOf('a/b'), []);
    assert.equal(subscriptions.size, 0);
  });

  it('does not lose a longer filter when a shorter one is removed', () => {
    const subscriptions = filled('a', 'a/b', 'a/b/c');
    subscriptions.remove('a/b', 'owner of a/b');
    assert.deepEqual(subscriptions.receiversOf('a/b/c'), ['a/b/c']);
    assert.deepEqual(subscriptions.receiversOf('a'), ['a']);
  });

  it('refuses a malformed filter and keeps nothing of it', () => {
    const subscriptions = filled();
    assert.throws(() => subscriptions.add('a#', 'one', { qos: 0 }, '1'), { code: 'INPUT_TOPIC' });
    assert.equal(subscriptions.size, 0);
  });
});

describe('strongestOptions', () => {
  it('asks for the most anyone wants', () => {
    assert.deepEqual(strongestOptions([{ qos: 0 }, { qos: 2 }, { qos: 1 }]), { qos: 2 });
    assert.deepEqual(
      strongestOptions([
        { qos: 0, nl: true, rap: false, rh: 2 },
        { qos: 0, nl: false, rap: true, rh: 1 },
      ]),
      { qos: 0, nl: false, rap: true, rh: 1 },
    );
  });
});
