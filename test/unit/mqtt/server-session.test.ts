import assert from 'node:assert/strict';
import { MOST_SESSIONS, MOST_SESSIONS_OF_ONE } from '../../../src/mqtt/server-kept';
import { KeptMemory, MOST_KEPT, ServerSession, type KeptPacket } from '../../../src/mqtt/server-session';
import { MOST_KEPT_BYTES, ServerSessions, type OutgoingStore } from '../../../src/mqtt/server-sessions';

describe('ServerSession', () => {
  let session: ServerSession;
  const [first, second] = [{}, {}];
  const packet = (brokerCounter: number): KeptPacket => ({
    cmd: 'publish',
    brokerCounter,
    qos: 2,
    payload: String(brokerCounter),
  });
  const countersOf = (packets: Iterable<KeptPacket>): (number | undefined)[] =>
    [...packets].map(({ brokerCounter }) => brokerCounter);
  /** Give it a number, as before it is written. */
  const numbered = (counter: number, proposal: number): number => {
    const written = { ...packet(counter), messageId: proposal };
    session.number(written);
    return written.messageId;
  };

  beforeEach(() => {
    session = new ServerSession();
    for (const counter of [1, 2, 3]) session.keep(packet(counter), 2);
  });

  it('sends what was kept in order, and what comes while it is read', () => {
    const unsent = session.unsent(first);
    assert.equal(unsent.next().value?.brokerCounter, 1);
    session.keep(packet(4), 1);
    assert.deepEqual(countersOf(unsent), [2, 3, 4]);
  });

  it('takes a message from one of its two ways only', () => {
    const unsent = session.unsent(first);
    unsent.next();
    assert.equal(session.takes(first, 1), false, 'sent from here');
    assert.equal(session.takes(first, 2), false, 'will be sent from here');
    assert.deepEqual(countersOf(unsent), [2, 3]);
    session.keep(packet(4), 2);
    assert.equal(session.takes(first, 4), true);
    assert.equal(session.takes(first, 4), false, 'the copy for an overlapping filter');
    assert.equal(session.takes(first, 3), false, 'sent from here before its publisher handed it over');
    assert.equal(session.takes(first, 99), true, 'one that is not kept');
  });

  it('does not send a message again that was acknowledged before its publisher handed it over', () => {
    assert.deepEqual(countersOf(session.unsent(first)), [1, 2, 3]);
    session.forget(numbered(1, 10));
    assert.equal(session.takes(first, 1), false);
  });

  it('sends again on the next connection what was not acknowledged, with the same number and marked', () => {
    assert.deepEqual(countersOf(session.unsent(first)), [1, 2, 3]);
    assert.equal(numbered(1, 10), 10);
    assert.equal(numbered(2, 11), 11);
    assert.equal(session.forget(10)?.brokerCounter, 1);
    const again = [...session.unsent(second)];
    assert.deepEqual(
      again.map(({ brokerCounter, messageId, dup }) => [brokerCounter, messageId, dup]),
      [
        [2, 11, true],
        [3, undefined, true],
      ],
    );
  });

  it('sends the release of a message that has arrived, not the message', () => {
    assert.deepEqual(countersOf(session.unsent(first)), [1, 2, 3]);
    numbered(1, 10);
    session.number({ cmd: 'pubrel', messageId: 10 });
    const [release] = session.unsent(second);
    assert.deepEqual(release, { cmd: 'pubrel', messageId: 10, brokerCounter: 1 });
    session.number(release as KeptPacket);
    session.forget(10);
    assert.equal(session.size, 2);
  });

  it('gives no number twice that waits for its acknowledgement', () => {
    assert.equal(numbered(1, 65_535), 65_535);
    assert.equal(numbered(2, 65_535), 1);
    assert.equal(numbered(3, 1), 2);
    session.forget(1);
    session.keep(packet(4), 1);
    assert.equal(numbered(4, 1), 1);
  });

  it('keeps one copy for overlapping filters, with the highest QoS', () => {
    session.keep(packet(4), 1);
    session.keep(packet(4), 2);
    session.keep(packet(4), 1);
    const written = { ...packet(4), messageId: 7 };
    session.number(written);
    assert.equal(session.size, 4);
    assert.equal(written.qos, 2);
  });

  it('lowers the QoS to what was granted', () => {
    session.keep(packet(4), 1);
    const written = { ...packet(4), messageId: 7 };
    session.number(written);
    assert.equal(written.qos, 1);
  });

  it('knows nothing of numbers that were never given', () => {
    assert.equal(session.forget(77), undefined);
    session.number({ cmd: 'pubrel', messageId: 77 });
    assert.equal(session.size, 3);
  });

  it('keeps a bounded number', () => {
    for (let counter = 4; counter <= MOST_KEPT; counter += 1) assert.equal(session.keep(packet(counter), 1), true);
    assert.equal(session.keep(packet(MOST_KEPT + 1), 1), false);
    assert.equal(session.size, MOST_KEPT);
  });
});

describe('the memory of all sessions', () => {
  const packet = (brokerCounter: number, bytes: number): KeptPacket => ({
    cmd: 'publish',
    brokerCounter,
    qos: 1,
    payload: Buffer.alloc(bytes),
  });

  it('is shared, bounded, and given back by what is acknowledged or forgotten', () => {
    const memory = new KeptMemory(10_000);
    const [one, other] = [new ServerSession(memory), new ServerSession(memory)];
    assert.equal(one.keep(packet(1, 5_000), 1), true);
    assert.equal(other.keep(packet(1, 5_000), 1), false, 'no room left');
    const written = { ...packet(1, 5_000), messageId: 7 };
    one.number(written);
    one.forget(7);
    assert.equal(other.keep(packet(2, 5_000), 1), true);
    assert.equal(one.keep(packet(2, 5_000), 1), false);
    other.clear();
    assert.equal(other.size, 0);
    assert.equal(one.keep(packet(3, 5_000), 1), true);
  });

  it('counts the topics, too: each may have 64 KiB', () => {
    const session = new ServerSession(new KeptMemory(100_000));
    const of = (counter: number): KeptPacket => ({ ...packet(counter, 1), topic: `${counter}${'x'.repeat(60_000)}` });
    assert.equal(session.keep(of(1), 1), true);
    assert.equal(session.keep(of(2), 1), false);
  });

  function sessions() {
    const cleaned: string[] = [];
    const ended: string[] = [];
    const full: string[] = [];
    const all = new ServerSessions({
      mayReceive: () => true,
      ownerOf: (id) => id.replace(/ of.*|\d+$/, ''),
      ended: (id) => ended.push(id),
      full: (id) => full.push(id),
    });
    const store = { cleanSubscriptions: async ({ id }: { id: string }) => cleaned.push(id) };
    all.replaceIn(store as unknown as OutgoingStore);
    return { all, cleaned, ended, full, store: store as unknown as OutgoingStore };
  }
  const nobody = () => false;

  it('the session of an identity that was away for the longest is given up for one too many of its own', async () => {
    const { all, cleaned, ended } = sessions();
    await all.remember('of another', 'victim', nobody);
    for (let n = 0; n < MOST_SESSIONS_OF_ONE; n += 1) await all.remember(`client${n}`, 'attacker', nobody);
    await all.remember('client0', 'attacker', nobody);
    assert.deepEqual(cleaned, []);
    await all.remember('another', 'attacker', nobody);
    assert.deepEqual(cleaned, ['client1'], 'client0 was there later');
    await all.remember('one more', 'attacker', (id) => id === 'client2');
    assert.deepEqual(cleaned, ['client1', 'client3'], 'client2 is connected');
    assert.deepEqual(ended, cleaned);
  });

  it('of too many sessions together one of the identity with the most is given up', async () => {
    const { all, cleaned } = sessions();
    for (let n = 0; n < MOST_SESSIONS - 50; n += 1) await all.remember(`device${n}`, `device${n}`, nobody);
    for (let n = 0; n < 51; n += 1) await all.remember(`client${n}`, 'attacker', nobody);
    assert.deepEqual(cleaned, ['client0']);
  });

  it('holds half for one identity at most, and says once that no more is kept', async () => {
    const { all, full, store } = sessions();
    const tenth = Math.floor(MOST_KEPT_BYTES / 10);
    let counter = 0;
    const keep = (clientId: string) => store.outgoingEnqueue({ clientId }, packet(++counter, tenth));
    for (let n = 0; n < 8; n += 1) await keep(`attacker${n}`);
    assert.equal(all.size, 4, 'less than half, with what each takes beside its payload');
    for (let n = 0; n < 4; n += 1) await keep('victim of attacker');
    assert.equal(all.size, 8, 'the other half is there for others');
    assert.deepEqual(full, ['attacker4', 'attacker5', 'attacker6', 'attacker7']);
    await keep('attacker7');
    assert.equal(full.length, 4, 'told already');
    await all.remember('attacker7', 'attacker', nobody);
    await keep('attacker7');
    assert.equal(full.length, 5, 'it was here meanwhile');

    for (let n = 0; n < 8; n += 1) await store.cleanSubscriptions({ id: `attacker${n}` });
    for (let n = 0; n < 5; n += 1) await keep('attacker again');
    assert.equal(all.size, 8, 'what ended sessions held is free again');
  });

  it('is that of the messages, not of the chunk of the network each came in', async () => {
    const { store } = sessions();
    const chunk = Buffer.alloc(16_384);
    const connection = { id: 'away' };
    await store.outgoingEnqueue({ clientId: 'away' }, { ...packet(1, 0), payload: chunk.subarray(100, 101) });
    const kept = (await store.outgoingStream(connection).toArray()) as KeptPacket[];
    assert.equal((kept[0]?.payload as Buffer).buffer.byteLength, 1);
  });
});
