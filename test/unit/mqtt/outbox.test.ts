import assert from 'node:assert/strict';
import type { Warning } from '../../../src/model/errors';
import { asPromise, Outbox, type Sender } from '../../../src/mqtt/outbox';
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

  it('fails what waits when it gives up', async () => {
    const outbox = new Outbox(2, () => undefined);
    const outcome = published(outbox, 'a');
    outbox.giveUp();
    await assert.rejects(outcome, { code: 'MQTT_NOT_CONNECTED', cause: { topic: 'a' } });
    assert.equal(outbox.waiting, 0);
  });
});
