import assert from 'node:assert/strict';
import {
  connectFailed,
  connectionRefused,
  disconnectedByBroker,
  publishFailed,
  publishRefused,
  subscriptionFailed,
  subscriptionRefused,
} from '../../../src/mqtt/reason-codes';
import { notConnected } from '../../../src/mqtt/session-errors';

/** As MQTT.js reports what went wrong. */
const libraryError = (message: string, code?: unknown): Error => Object.assign(new Error(message), { code });

describe('what a broker says', () => {
  const cases = [
    [connectionRefused(4), 'MQTT_REFUSED', /bad user name or password \(4\)/, /password/],
    [connectionRefused(5), 'MQTT_REFUSED', /not authorised \(5\)/, /acl_file/],
    [connectionRefused(0x86), 'MQTT_REFUSED', /bad user name or password \(0x86\)/, /password/],
    [connectionRefused(0x8a, 'go away'), 'MQTT_REFUSED', /banned \(0x8a\), it says: "go away"/, /./],
    [connectionRefused(99), 'MQTT_REFUSED', /does not know \(99\)/, /^$/],
    [disconnectedByBroker(0x8e), 'NET_CLOSED', /session taken over \(0x8e\)/, /same client id/],
    [disconnectedByBroker(0), 'NET_CLOSED', /normal disconnection/, /^$/],
    [publishRefused('a', 0x87, ''), 'MQTT_PUBLISH', /message to a: not authorised/, /./],
    [publishRefused('a', undefined, 'boom'), 'MQTT_PUBLISH', /boom/, /^$/],
    [subscriptionRefused('a/#', 0xa2), 'MQTT_SUBSCRIBE', /wildcard/, /\+ and #/],
    [subscriptionRefused('a/#', 0x80), 'MQTT_SUBSCRIBE', /subscription to a\/#/, /Allow this topic/],
    [connectFailed(libraryError('Connection refused: Not authorized', 5), 10), 'MQTT_REFUSED', /\(5\)/, /TLS/],
    [connectFailed(libraryError('connack timeout'), 10), 'MQTT_TIMEOUT', /within 10 ms/, /MQTT broker/],
    [connectFailed(libraryError('Invalid header flag bits'), 10), 'MQTT_PROTOCOL', /flag bits/, /port/],
    [publishFailed('a', libraryError('', 0x95)), 'MQTT_PUBLISH', /packet too large/, /smaller/],
    [publishFailed('a', libraryError('gone', 'ECONNRESET')), 'MQTT_PUBLISH', /: gone/, /^$/],
    [publishFailed('a', notConnected()), 'MQTT_NOT_CONNECTED', /before the broker acknowledged/, /again/],
    [subscriptionFailed('a', { message: '', packet: { granted: [0x87] } }), 'MQTT_SUBSCRIBE', /not auth/, /TLS/],
    [subscriptionFailed('a', libraryError('client disconnecting')), 'MQTT_SUBSCRIBE', /disconnecting/, /./],
  ] as const;
  for (const [error, code, message, hint] of cases) {
    it(`${code}: ${error.message}`, () => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.match(error.hint, hint);
    });
  }

  it('is cut when it is long, and stays in one line', () => {
    const { message } = connectionRefused(0x87, `a\n${'x'.repeat(10_000)}`);
    assert.ok(message.length < 250);
    assert.doesNotMatch(message, /\n/);
  });
});
