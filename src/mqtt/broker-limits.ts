import type { IConnackPacket } from 'mqtt';

/** What a broker takes, as its CONNACK says (MQTT 5 §3.2.2.3). MQTT 3.1.1 has no words for it. */
export interface BrokerLimits {
  /** Messages of QoS 1 and 2 that may wait for an acknowledgement; undefined: as many as there are numbers. */
  receiveMaximum: number | undefined;
  largestPacketBytes: number;
  topicAliasMaximum: number;
  subscriptionIdentifiers: boolean;
}

/** Before the first CONNACK. */
export const NO_BROKER_LIMITS: BrokerLimits = {
  receiveMaximum: undefined,
  largestPacketBytes: Infinity,
  topicAliasMaximum: 0,
  subscriptionIdentifiers: false,
};

export function brokerLimits({ properties = {} }: IConnackPacket, protocolVersion: 4 | 5): BrokerLimits {
  return {
    receiveMaximum: properties.receiveMaximum,
    largestPacketBytes: properties.maximumPacketSize ?? Infinity,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    // Absent means available (§3.2.2.3.12).
    subscriptionIdentifiers: protocolVersion === 5 && properties.subscriptionIdentifiersAvailable !== false,
  };
}
