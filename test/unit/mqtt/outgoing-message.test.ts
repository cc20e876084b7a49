import assert from 'node:assert/strict';
import { toOutgoingPublish, withTopicAliasUpTo, type PublishDefaults } from '../../../src/mqtt/outgoing-message';

describe('toOutgoingPublish', () => {
  const cases: [string, Record<string, unknown>, PublishDefaults, Record<string, unknown>][] = [
    ['the message alone', { topic: 'a', payload: 'x' }, {}, { topic: 'a', payload: 'x', qos: 0, retain: false }],
    ['qos and retain as texts', { topic: 'a', payload: 'x', qos: '2', retain: 'true' }, {}, { qos: 2, retain: true }],
    ['nonsense as qos', { topic: 'a', payload: 'x', qos: 7 }, {}, { qos: 0 }],
    [
      'the node wins',
      { topic: 'a', payload: 'x', qos: 2, retain: true },
      { topic: 'n', qos: '1', retain: 'false' },
      { topic: 'n', qos: 1, retain: false },
    ],
    ['an object', { topic: 'a', payload: { b: [1] } }, {}, { payload: '{"b":[1]}' }],
    ['a number', { topic: 'a', payload: 0 }, {}, { payload: '0' }],
    ['a boolean', { topic: 'a', payload: false }, {}, { payload: 'false' }],
    ['null', { topic: 'a', payload: null }, {}, { payload: '' }],
    ['bytes', { topic: 'a', payload: Buffer.from([1]) }, {}, { payload: Buffer.from([1]) }],
    [
      'an answer',
      { payload: 'x', responseTopic: 'r', correlationData: Buffer.from('c') },
      {},
      { topic: 'r', properties: { correlationData: Buffer.from('c') } },
    ],
    [
      'MQTT 5 properties of the message',
      {
        topic: 'a',
        payload: 'x',
        responseTopic: 'r',
        contentType: 'text/plain',
        messageExpiryInterval: '30',
        userProperties: { s: 's', n: 1, u: undefined },
        topicAlias: 3,
        payloadFormatIndicator: true,
      },
      {},
      {
        properties: {
          responseTopic: 'r',
          contentType: 'text/plain',
          messageExpiryInterval: 30,
          userProperties: { s: 's', n: '1' },
          topicAlias: 3,
          payloadFormatIndicator: true,
        },
      },
    ],
    [
      'MQTT 5 properties of the node',
      { topic: 'a', payload: 'x', contentType: 'other', userProperties: { a: 'message' } },
      { contentType: 'text/plain', userProps: '{"a":"node"}', correl: 'c', expiry: '5', respTopic: 'r' },
      {
        properties: {
          responseTopic: 'r',
          correlationData: Buffer.from('c'),
          contentType: 'text/plain',
          messageExpiryInterval: 5,
          userProperties: { a: 'node' },
        },
      },
    ],
  ];
  for (const [what, msg, node, expected] of cases) {
    it(what, () => {
      const publish = toOutgoingPublish(msg, node) as unknown as Record<string, unknown>;
      for (const [field, value] of Object.entries(expected)) assert.deepEqual(publish[field], value, field);
    });
  }

  it('sends nothing without a payload, as the core node', () => {
    assert.equal(toOutgoingPublish({ topic: 'a' }), undefined);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const refused: [string, Record<string, unknown>, PublishDefaults, string][] = [
    ['no topic', { payload: 'x' }, {}, 'INPUT_TOPIC'],
    ['a wildcard', { payload: 'x', topic: 'a/#' }, {}, 'INPUT_TOPIC'],
    ['an object as topic', { payload: 'x', topic: { a: 1 } }, {}, 'INPUT_TOPIC'],
    ['a cyclic payload', { payload: cyclic, topic: 'a' }, {}, 'INPUT_PAYLOAD'],
    [
      'user properties without end',
      { payload: 'x', topic: 'a', userProperties: { a: 'x'.repeat(100_001) } },
      {},
      'INPUT_PAYLOAD',
    ],
    // One such message ended Node-RED: MQTT.js threw in the middle of the packet, and again when it was sent anew.
    ...(
      [
        ['contentType', { contentType: 'ü'.repeat(32_768) }],
        ['responseTopic', { responseTopic: 'x'.repeat(65_536) }],
        ['correlationData', { correlationData: Buffer.alloc(65_536) }],
        ['a user property', { userProperties: { a: 'x'.repeat(65_536) } }],
        ['the name of a user property', { userProperties: { ['x'.repeat(65_536)]: 'a' } }],
        ['two user properties of one name', { userProperties: { a: ['x'.repeat(40_000), 'y'.repeat(40_000)] } }],
      ] as const
    ).map(([what, more]): [string, Record<string, unknown>, PublishDefaults, string] => [
      `more than 65,535 bytes in ${what}`,
      { payload: 'x', topic: 'a', ...more },
      {},
      'INPUT_PAYLOAD',
    ]),
    [
      'a payload that throws what is no error',
      {
        payload: {
          toJSON() {
            throw null;
          },
        },
        topic: 'a',
      },
      {},
      'INPUT_PAYLOAD',
    ],
    [
      'user properties of the node that are no JSON',
      { payload: 'x', topic: 'a' },
      { userProps: 'a=b' },
      'INPUT_CONFIG',
    ],
  ];
  for (const [what, msg, node, code] of refused) {
    it(`refuses ${what}`, () => assert.throws(() => toOutgoingPublish(msg, node), { code }));
  }
});

it('texts of exactly 65,535 bytes are sent', () => {
  const longest = 'x'.repeat(65_535);
  const publish = toOutgoingPublish({ payload: 'x', topic: 'a', contentType: longest, userProperties: { a: longest } });
  assert.equal(publish?.properties?.contentType, longest);
});

describe('withTopicAliasUpTo', () => {
  it('leaves an alias away that the broker does not take, and changes nothing of what it was given', () => {
    const properties = { topicAlias: 5, contentType: 'text/plain' };
    assert.deepEqual(withTopicAliasUpTo(4, properties), { contentType: 'text/plain' });
    assert.equal(withTopicAliasUpTo(5, properties), properties);
    assert.equal(properties.topicAlias, 5);
  });
});
