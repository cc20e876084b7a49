import assert from 'node:assert/strict';
import { splitBrokerAddress, type BrokerAddress } from '../../../src/editor/broker-address';

const ROWS: [text: string, parts: BrokerAddress | undefined][] = [
  ['mqtts://mosquitto.local:8884', { broker: 'mosquitto.local', port: 8884, transport: 'mqtts' }],
  ['mqtts://mosquitto.local', { broker: 'mosquitto.local', port: 8883, transport: 'mqtts' }],
  ['ssl://mosquitto.local', { broker: 'mosquitto.local', port: 8883, transport: 'mqtts' }],
  ['  MQTTS://Broker:1 ', { broker: 'Broker', port: 1, transport: 'mqtts' }],
  ['mosquitto.local:8884', { broker: 'mosquitto.local', port: 8884 }],
  ['192.168.0.147:8883', { broker: '192.168.0.147', port: 8883 }],
  ['[2001:db8::1]:8883', { broker: '2001:db8::1', port: 8883 }],
  ['mqtts://[::1]', { broker: '::1', port: 8883, transport: 'mqtts' }],
  ['wss://example.org/mqtt', { broker: 'example.org', port: 443, transport: 'wss', path: '/mqtt' }],
  ['wss://example.org:9001', { broker: 'example.org', port: 9001, transport: 'wss' }],
  // Encryption is never switched off by an address.
  ['mqtt://example.org', { broker: 'example.org', plainScheme: 'mqtt' }],
  ['tcp://example.org:1883', { broker: 'example.org', port: 1883, plainScheme: 'tcp' }],
  ['mosquitto.local', undefined],
  ['2001:db8::1', undefined],
  ['', undefined],
  ['https://example.org', undefined],
  ['mqtts://user:secret@example.org', undefined],
  ['host:99999', undefined],
  ['a b', undefined],
];

describe('a broker address', () => {
  for (const [text, parts] of ROWS) {
    it(`${JSON.stringify(text)} is taken apart`, () => assert.deepEqual(splitBrokerAddress(text), parts));
  }
});
