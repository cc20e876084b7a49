import assert from 'node:assert/strict';
import type { Datatype } from '../../../src/model/config/secure-mqtt-in';
import { toReceivedMessage, type PublishProperties } from '../../../src/mqtt/received-message';

const BINARY = Buffer.from([0xff, 0x00]);

describe('toReceivedMessage', () => {
  const cases: [Datatype, Buffer | string, PublishProperties | undefined, unknown][] = [
    ['utf8', '{"a":1}', undefined, '{"a":1}'],
    ['buffer', 'x', undefined, Buffer.from('x')],
    ['base64', BINARY, undefined, '/wA='],
    ['json', '{"a":1}', undefined, { a: 1 }],
    ['auto', '{"a":1}', undefined, '{"a":1}'],
    ['auto', BINARY, undefined, BINARY],
    ['auto-detect', '{"a":1}', undefined, { a: 1 }],
    ['auto-detect', 'hello', undefined, 'hello'],
    ['auto-detect', '', undefined, ''],
    ['auto-detect', BINARY, undefined, BINARY],
    ['auto-detect', '12', { contentType: 'text/plain' }, '12'],
    ['auto-detect', '12', { contentType: 'application/octet-stream' }, Buffer.from('12')],
    ['auto-detect', '12', { contentType: 'Application/JSON; charset=utf-8' }, 12],
    ['auto', '12', { contentType: 'application/json' }, '12'],
    ['auto-detect', '12', { contentType: 'constructor' }, 12],
    ['auto-detect', '[1]', { payloadFormatIndicator: true }, [1]],
  ];
  for (const [datatype, payload, properties, expected] of cases) {
    it(`${datatype} of ${JSON.stringify(payload.toString())} ${JSON.stringify(properties ?? {})}`, () => {
      const message = toReceivedMessage(
        { topic: 't', payload: Buffer.from(payload), qos: 1, retain: true, ...(properties ? { properties } : {}) },
        datatype,
      );
      assert.deepEqual(message.payload, expected);
      assert.deepEqual([message.topic, message.qos, message.retain], ['t', 1, true]);
    });
  }

  it('hands on the MQTT 5 fields under the names of the core node', () => {
    const properties = {
      responseTopic: 'r',
      correlationData: Buffer.from('c'),
      contentType: 'text/plain',
      messageExpiryInterval: 5,
      payloadFormatIndicator: true,
      userProperties: { a: 'b' },
    };
    const message = toReceivedMessage(
      { topic: 't', payload: Buffer.from('p'), qos: 0, retain: false, properties },
      'utf8',
    );
    assert.deepEqual(message, { topic: 't', payload: 'p', qos: 0, retain: false, ...properties });
  });

  for (const [datatype, payload, contentType] of [
    ['json', Buffer.from('{'), undefined],
    ['json', BINARY, undefined],
    ['auto-detect', Buffer.from('{'), 'application/json'],
  ] as const) {
    it(`refuses ${payload.toString('hex')} as ${datatype} ${contentType ?? ''}`, () =>
      assert.throws(
        () =>
          toReceivedMessage(
            { topic: 't', payload, qos: 0, retain: false, ...(contentType ? { properties: { contentType } } : {}) },
            datatype,
          ),
        { code: 'INPUT_PAYLOAD' },
      ));
  }
});
