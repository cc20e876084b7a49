import type { SecureMqttOutConfig } from '../model/config/secure-mqtt-out';
import { codedError } from '../model/errors';
import { numberOf } from '../model/number-of';
import { shownValue } from '../model/shown-value';
import type { PublishProperties } from './received-message';
import type { QualityOfService } from './subscriptions';
import { checkTopicName } from './topic';

/** A PUBLISH to send. */
export interface OutgoingPublish {
  topic: string;
  payload: Buffer | string;
  qos: QualityOfService;
  retain: boolean;
  /** Sent only over MQTT 5. */
  properties?: PublishProperties;
}

/** What a node sets for every message; undefined or empty leaves it to the message. */
export type PublishDefaults = Partial<
  Pick<
    SecureMqttOutConfig,
    'topic' | 'qos' | 'retain' | 'respTopic' | 'contentType' | 'userProps' | 'correl' | 'expiry'
  >
>;

/** Texts and binary data have a length of two bytes (MQTT 5 §1.5.4, §1.5.6). */
const LONGEST_TEXT_BYTES = 65_535;
/** Longest JSON of user properties that is read. */
const LONGEST_USER_PROPERTIES = 100_000;

/**
 * Make a PUBLISH from a flow's message, with the field names of the core `mqtt out` node. What the node sets
 * wins over what the message says.
 *
 * @param protocolVersion MQTT 3.1.1 (4) has no properties, so an answer topic is none either
 * @return undefined when the message has no payload: like the core node nothing is sent then
 * @throws INPUT_TOPIC, INPUT_PAYLOAD, INPUT_CONFIG (user properties of the node that are no JSON object)
 */
export function toOutgoingPublish(
  msg: Record<string, unknown>,
  node: PublishDefaults = {},
  protocolVersion: 4 | 5 = 5,
): OutgoingPublish | undefined {
  if (!Object.hasOwn(msg, 'payload')) return undefined;
  const properties = protocolVersion === 5 ? publishProperties(msg, node) : {};
  // An answer goes where the question asked for (MQTT 5 §4.10.1), when nothing else is said; as the core node.
  const topic = [node.topic, msg.topic, properties.responseTopic].find((each) => each !== undefined && each !== '');
  if (topic === properties.responseTopic && topic !== node.topic && topic !== msg.topic)
    delete properties.responseTopic;
  return {
    topic: checkTopicName(topic),
    payload: checkedPayload(payloadBytes(msg.payload)),
    qos: qualityOfService(node.qos === undefined || node.qos === '' ? msg.qos : node.qos),
    // Unticked it is left to the message; only the choice "false" of the dialog, a text, forbids it. As the core node.
    retain: isTrue(node.retain || msg.retain),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
}

/**
 * @param maximum of the broker (MQTT 5 §3.2.2.3.8); without alias the full topic goes out, so none is lost by leaving it away
 */
export function withTopicAliasUpTo(maximum: number, properties: PublishProperties): PublishProperties {
  if ((properties.topicAlias ?? 0) <= maximum) return properties;
  const rest = { ...properties };
  delete rest.topicAlias;
  return rest;
}

/** Text and bytes as they are, objects as JSON, everything else as its text; null and undefined are an empty payload. */
function payloadBytes(payload: unknown): Buffer | string {
  if (payload === null || payload === undefined) return '';
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) return payload;
  if (payload instanceof Uint8Array) return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (typeof payload !== 'object') return String(payload);
  try {
    // undefined, when the payload's own toJSON says so.
    return JSON.stringify(payload) ?? '';
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : shownValue(error);
    throw codedError(
      'INPUT_PAYLOAD',
      `the payload cannot be written as JSON: ${reason}`,
      { payload: shownValue(payload) },
      'Send a text, a Buffer, or an object without cycles',
    );
  }
}

/** A packet cannot be longer (MQTT 3.1.1 §2.2.3, less what stands before the payload). */
const LONGEST_PAYLOAD = 268_435_455 - 400_000;

function checkedPayload(payload: Buffer | string): Buffer | string {
  const length = Buffer.byteLength(payload);
  if (length <= LONGEST_PAYLOAD) return payload;
  throw codedError(
    'INPUT_PAYLOAD',
    `the payload has ${length} bytes, at most ${LONGEST_PAYLOAD} fit into an MQTT message`,
    { length, limit: LONGEST_PAYLOAD },
    'Send it in parts',
  );
}

/** 0, 1 or 2; anything else is 0, as in the core node. */
function qualityOfService(value: unknown): QualityOfService {
  const number = numberOf(value);
  return number === 1 || number === 2 ? number : 0;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function publishProperties(msg: Record<string, unknown>, node: PublishDefaults): PublishProperties {
  const properties: PublishProperties = {};
  const responseTopic = text(node.respTopic) ?? text(msg.responseTopic);
  if (responseTopic !== undefined) properties.responseTopic = fitting('responseTopic', responseTopic);
  const correlationData = text(node.correl) ?? msg.correlationData;
  if (Buffer.isBuffer(correlationData) || typeof correlationData === 'string') {
    properties.correlationData = Buffer.from(fitting('correlationData', correlationData));
  }
  const contentType = text(node.contentType) ?? text(msg.contentType);
  if (contentType !== undefined) properties.contentType = fitting('contentType', contentType);
  const expiry = wholeNumber(text(node.expiry) ?? msg.messageExpiryInterval, 0xffff_ffff);
  if (expiry !== undefined) properties.messageExpiryInterval = expiry;
  const userProperties = text(node.userProps) === undefined ? msg.userProperties : nodeUserProperties(node.userProps);
  const texts = userPropertyTexts(userProperties);
  if (texts !== undefined) properties.userProperties = texts;
  const topicAlias = wholeNumber(msg.topicAlias, 0xffff);
  if (topicAlias !== undefined && topicAlias > 0) properties.topicAlias = topicAlias;
  if (msg.payloadFormatIndicator !== undefined) properties.payloadFormatIndicator = isTrue(msg.payloadFormatIndicator);
  return properties;
}

/**
 * A text or binary data that fits its length of two bytes. MQTT.js finds out in the middle of the packet, after which the
 * connection carries nothing more, and throws again where nobody catches it when the message is sent anew.
 */
function fitting<T extends string | Buffer>(field: string, value: T): T {
  const length = Buffer.byteLength(value);
  if (length <= LONGEST_TEXT_BYTES) return value;
  throw codedError(
    'INPUT_PAYLOAD',
    `${field} has ${length} bytes, at most ${LONGEST_TEXT_BYTES} fit into MQTT`,
    { field, length, limit: LONGEST_TEXT_BYTES },
    'Put large values into the payload',
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function wholeNumber(value: unknown, largest: number): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = numberOf(value);
  return Number.isInteger(number) && number >= 0 && number <= largest ? number : undefined;
}

function nodeUserProperties(json: string | undefined): unknown {
  try {
    const value: unknown = JSON.parse(json ?? '');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below, with the text.
  }
  throw codedError(
    'INPUT_CONFIG',
    `the user properties of the node are no JSON object: ${shownValue(json)}`,
    { field: 'userProps', value: shownValue(json) },
    'Write them as {"name": "value"}',
  );
}

/** User properties are pairs of texts (MQTT 5 §3.3.2.3.7): other values become JSON, absent ones are left out. */
function userPropertyTexts(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Buffer.isBuffer(value)) return undefined;
  const texts: Record<string, string> = {};
  let length = 0;
  for (const [name, each] of Object.entries(value)) {
    const shown = typeof each === 'string' ? each : safeJson(each);
    if (shown === undefined) continue;
    length += name.length + shown.length;
    if (length > LONGEST_USER_PROPERTIES) {
      throw codedError(
        'INPUT_PAYLOAD',
        `the user properties are longer than ${LONGEST_USER_PROPERTIES} characters`,
        { limit: LONGEST_USER_PROPERTIES },
        'Put large values into the payload',
      );
    }
    texts[fitting('the name of a user property', name)] = fitting(`userProperties.${name.slice(0, 100)}`, shown);
  }
  return Object.keys(texts).length > 0 ? texts : undefined;
}

function safeJson(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
