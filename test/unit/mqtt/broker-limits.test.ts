import assert from 'node:assert/strict';
import type { IConnackPacket } from 'mqtt';
import { brokerLimits, NO_BROKER_LIMITS } from '../../../src/mqtt/broker-limits';

const connack = (properties?: IConnackPacket['properties']): IConnackPacket =>
  ({ cmd: 'connack', sessionPresent: false, reasonCode: 0, ...(properties && { properties }) }) as IConnackPacket;

describe('the limits of a broker', () => {
  it('are none over MQTT 3.1.1, which has no words for them', () => {
    assert.deepEqual(brokerLimits(connack(), 4), NO_BROKER_LIMITS);
  });

  it('let subscription identifiers be used over MQTT 5 unless the broker forbids them', () => {
    assert.deepEqual(brokerLimits(connack({}), 5), { ...NO_BROKER_LIMITS, subscriptionIdentifiers: true });
    assert.deepEqual(brokerLimits(connack({ subscriptionIdentifiersAvailable: false }), 5), NO_BROKER_LIMITS);
  });

  it('are what CONNACK says', () => {
    const properties = { receiveMaximum: 20, maximumPacketSize: 1024, topicAliasMaximum: 10 };
    assert.deepEqual(brokerLimits(connack(properties), 5), {
      receiveMaximum: 20,
      largestPacketBytes: 1024,
      topicAliasMaximum: 10,
      subscriptionIdentifiers: true,
    });
  });
});
