import { codedError, type CodedError } from '../model/errors';

/** How a network connection ended that had reached CONNACK. */
export interface SessionClosed {
  /** Said by the broker or found by the keep alive; undefined when the stream just closed. */
  reason?: CodedError;
  /** What the stream reported. */
  streamError?: Error;
}

/** The stream ended before the broker answered CONNECT; only its owner can say why. */
export class StreamClosed extends Error {
  constructor(readonly streamError: Error | undefined) {
    super(streamError?.message ?? 'the stream was closed');
  }
}

export function notConnected(): CodedError {
  return codedError(
    'MQTT_NOT_CONNECTED',
    'the connection was ended before the broker acknowledged the message',
    {},
    'Send the message again after the connection is back',
  );
}

export function connackTimeout(timeoutMs: number): CodedError {
  return codedError(
    'MQTT_TIMEOUT',
    `the broker did not answer the MQTT CONNECT within ${timeoutMs} ms`,
    { timeoutMs },
    'Is this an MQTT broker? The TLS connection is fine; look into its log',
  );
}

export function keepaliveTimeout(keepaliveSeconds: number): CodedError {
  return codedError(
    'NET_TIMEOUT',
    `the broker did not answer a ping (keep alive ${keepaliveSeconds} s)`,
    { keepaliveSeconds },
    'The broker hangs or the network is interrupted; it is tried again',
  );
}

export function notMqtt(error: Error): CodedError {
  return codedError(
    'MQTT_PROTOCOL',
    `the other side sent no valid MQTT: ${error.message}`,
    {},
    'Is this the port of an MQTT broker, and the right MQTT version?',
  );
}
