import assert from 'node:assert/strict';
import type { Warning } from '../../../src/model/errors';
import { asPromise, MOST_PACED, Outbox, type Sender } from '../../../src/mqtt/outbox';
import type { OutgoingPublish } from '../../../src/mqtt/outgoing-message';

const message = (topic: string): OutgoingPublish => ({ topic, payload: '', qos: 1, retain: false });

class Recorder implements Sender {
  readonly sent: string[] = [];
  room = Infinity;

  mayPublish(): boolean {
    return this.sent.length < this.room;
  }

  publish({ topic }: OutgoingPublish, settled: () => void): void {
    this.sent.push(topic);
    settled();
  }
}

const published = (outbox: Outbox, topic: string) => asPromise((settled) => outbox.publish(message(topic), settled));

describe('Outbox', () => {
  it('keeps messages until there is a sender, and their order', async () => {
    const outbox = new Outbox(10, () => assert.fail('nothing to warn of'));
    const outcomes = ['a', 'b'].map((topic) => published(outbox, topic));
    assert.equal(outbox.waiting, 2);
    const sender = new Recorder();
    outbox.open(sender);
    outcomes.push(published(outbox, 'c'));
    assert.deepEqual(sender.sent, ['a', 'b', 'c']);
    assert.deepEqual(await Promise.all(outcomes), ['sent', 'sent', 'sent']);
  });

  it('waits for room without dropping, and does not overtake', () => {
    const outbox = new Outbox(1, () => assert.fail('nothing is dropped'));
    const sender = new Recorder();
    sender.room = 1;
    outbox.open(sender);
    for (const topic of ['a', 'b', 'c', 'd']) void published(outbox, topic);
    assert.deepEqual(sender.sent, ['a']);
    sender.room = 3;
    outbox.flush();
    assert.deepEqual(sender.sent, ['a', 'b', 'c']);
    sender.room = 5;
    void published(outbox, 'e');
    assert.equal(outbox.waiting, 2, 'e comes after d');
    outbox.flush();
    assert.deepEqual(sender.sent, ['a', 'b', 'c', 'd', 'e']);
  });

  it('drops the oldest, fails the first of a row and says how many there were', async () => {
    const warnings: Warning[] = [];
    const outbox = new Outbox(2, (warning) => warnings.push(warning));
    const outcomes = ['a', 'b', 'c', 'd', 'e'].map((topic) => published(outbox, topic));
    await assert.rejects(outcomes[0] as Promise<unknown>, { code: 'MQTT_QUEUE_FULL', cause: { topic: 'a', limit: 2 } });
    assert.equal(await outcomes[1], 'dropped');
    assert.equal(await outcomes[2], 'dropped');
    const sender = new Recorder();
    outbox.open(sender);
    assert.deepEqual(sender.sent, ['d', 'e']);
    assert.deepEqual(
      warnings.map(({ code, cause }) => [code, cause.dropped]),
      [
        ['MQTT_QUEUE_FULL', undefined],
        ['MQTT_QUEUE_FULL', 3],
      ],
    );
  });

  it('drops the oldest when a broker that is there takes less than comes, and says when it has caught up', () => {
    const warnings: Warning[] = [];
    const outbox = new Outbox(1, (warning) => warnings.push(warning));
    const sender = new Recorder();
    sender.room = 0;
    outbox.open(sender);
    const settled: (string | undefined)[] = [];
    for (let n = 0; n < MOST_PACED + 3; n += 1) {
      outbox.publish(message(`t${n}`), (error, outcome) => settled.push(error?.code ?? outcome));
    }
    assert.equal(outbox.waiting, MOST_PACED);
    assert.deepEqual(settled, ['MQTT_QUEUE_FULL', 'dropped', 'dropped']);
    sender.room = Infinity;
    outbox.flush();
    assert.deepEqual([sender.sent.length, sender.sent[0]], [MOST_PACED, 't3']);
    assert.match(warnings[0]?.message ?? '', /100000 messages wait for the broker.*to t0, was dropped/);
    assert.match(warnings[1]?.message ?? '', /caught up; 3 messages were dropped/);
    assert.equal(warnings.length, 2);
  });

  it('bounds the bytes that wait, for connection or broker', async () => {
    const warnings: Warning[] = [];
    const outbox = new Outbox(1000, (warning) => warnings.push(warning));
    // One for all: it is counted as often as it waits.
    const payload = Buffer.alloc(32 * 1024 * 1024);
    const outcomes = ['a', 'b', 'c', 'd', 'e'].map((topic) =>
      asPromise((settled) => outbox.publish({ ...message(topic), payload }, settled)),
    );
    const cause = { topic: 'a', limitBytes: 128 * 1024 * 1024 };
    await assert.rejects(outcomes[0] as Promise<unknown>, { code: 'MQTT_QUEUE_FULL', cause });
    assert.equal(outbox.waiting, 3, 'four with their topics are a little more than 128 MiB');
    assert.equal(await outcomes[1], 'dropped');
    const sender = new Recorder();
    outbox.open(sender);
    assert.deepEqual(sender.sent, ['c', 'd', 'e']);
    assert.deepEqual(
      warnings.map(({ cause: { dropped, limitBytes } }) => [dropped, limitBytes]),
      [
        [undefined, 134_217_728],
        [2, 134_217_728],
      ],
    );
  });

  it('fails what waits when it gives up', async () => {
    const outbox = new Outbox(2, () => undefined);
    const outcome = published(outbox, 'a');
    outbox.giveUp();
    await assert.rejects(outcome, { code: 'MQTT_NOT_CONNECTED', cause: { topic: 'a' } });
    assert.equal(outbox.waiting, 0);
  });
});
