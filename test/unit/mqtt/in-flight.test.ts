import assert from 'node:assert/strict';
import { InFlight } from '../../../src/mqtt/in-flight';
import type { QualityOfService } from '../../../src/mqtt/subscriptions';

/** How many of a QoS go before there is no room. */
function room(inFlight: InFlight, qos: QualityOfService): number {
  let count = 0;
  while (count < 10_000 && inFlight.hasRoomFor(qos)) {
    inFlight.add(qos);
    count += 1;
  }
  return count;
}

describe('InFlight', () => {
  it('tells how many there are when that changes', () => {
    const counts: number[] = [];
    const inFlight = new InFlight(4, (count) => counts.push(count));
    inFlight.add(1);
    inFlight.add(0);
    inFlight.add(2);
    inFlight.remove(1);
    assert.deepEqual(counts, [1, 2, 1]);
  });

  it('keeps to the receive maximum of an MQTT 5 broker', () => {
    const inFlight = new InFlight(5);
    inFlight.limit(20);
    assert.equal(room(inFlight, 2), 20);
    assert.equal(inFlight.hasRoomFor(1), false);
    inFlight.remove(2);
    assert.equal(inFlight.hasRoomFor(1), true);
  });

  it('keeps one place of 20 free for QoS 1 over MQTT 3.1.1', () => {
    const inFlight = new InFlight(4);
    inFlight.limit();
    assert.equal(room(inFlight, 2), 19);
    assert.equal(inFlight.hasRoomFor(1), true);
  });

  it('holds at most a thousand, and QoS 0 counts for nothing', () => {
    const inFlight = new InFlight(4);
    assert.equal(room(inFlight, 1), 1000);
    const other = new InFlight(4);
    other.add(0);
    assert.equal(other.count, 0);
  });
});
