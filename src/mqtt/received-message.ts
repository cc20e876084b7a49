import { isUtf8 } from 'node:buffer';
import type { Datatype } from '../model/config/secure-mqtt-in';
import { codedError } from '../model/errors';
import { mayBeJson } from './json-text';

/** MQTT 5 properties of a PUBLISH, as far as messages carry them. */
export interface PublishProperties {
  payloadFormatIndicator?: boolean;
  messageExpiryInterval?: number;
  topicAlias?: number;
  responseTopic?: string;
  correlationData?: Buffer;
  userProperties?: Record<string, string | string[]>;
  subscriptionIdentifier?: number | number[];
  contentType?: string;
}

/** A PUBLISH from the broker. */
export interface ReceivedPublish {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
  properties?: PublishProperties;
}

/** What an MQTT library hands over, as ours. */
export function toReceivedPublish(
  topic: string,
  payload: Buffer,
  packet: { qos: 0 | 1 | 2; retain: boolean; properties?: PublishProperties | undefined },
): ReceivedPublish {
  const publish: ReceivedPublish = { topic, payload, qos: packet.qos, retain: packet.retain };
  if (packet.properties) publish.properties = packet.properties;
  return publish;
}

/** The message a flow gets, with the field names of the core `mqtt in` node. */
export interface ReceivedMessage {
  topic: string;
  payload: unknown;
  qos: 0 | 1 | 2;
  retain: boolean;
  responseTopic?: string;
  correlationData?: Buffer;
  contentType?: string;
  messageExpiryInterval?: number;
  payloadFormatIndicator?: boolean;
  userProperties?: Record<string, string | string[]>;
}

const COPIED_PROPERTIES = [
  'responseTopic',
  'correlationData',
  'contentType',
  'messageExpiryInterval',
  'payloadFormatIndicator',
  'userProperties',
] as const;

/** Media types whose payload is text or bytes whatever it looks like; others are judged by their bytes. */
const MEDIA_KINDS: Readonly<Record<string, 'text' | 'json' | 'bytes'>> = {
  'text/css': 'text',
  'text/html': 'text',
  'text/plain': 'text',
  'application/json': 'json',
  'application/octet-stream': 'bytes',
  'application/pdf': 'bytes',
  'application/x-gtar': 'bytes',
  'application/x-gzip': 'bytes',
  'application/x-tar': 'bytes',
  'application/xml': 'text',
  'application/zip': 'bytes',
  'audio/aac': 'bytes',
  'audio/ac3': 'bytes',
  'audio/basic': 'bytes',
  'audio/mp4': 'bytes',
  'audio/ogg': 'bytes',
  'image/bmp': 'bytes',
  'image/gif': 'bytes',
  'image/jpeg': 'bytes',
  'image/tiff': 'bytes',
  'image/png': 'bytes',
};

/**
 * Make the message a flow gets from what the broker sent.
 *
 * @param datatype how to hand on the payload
 * @throws INPUT_PAYLOAD when JSON was asked for, by the node or by the content type, and it is none
 */
export function toReceivedMessage(publish: ReceivedPublish, datatype: Datatype): ReceivedMessage {
  const { topic, qos, retain, properties } = publish;
  const message: ReceivedMessage = { topic, payload: READERS[datatype](publish), qos, retain };
  // MQTT 3.1.1 has none.
  if (properties === undefined) return message;
  for (const name of COPIED_PROPERTIES) {
    if (properties[name] !== undefined) Object.assign(message, { [name]: properties[name] });
  }
  // An object like any other: the library's has no prototype, so a flow could not ask it `hasOwnProperty`.
  if (message.userProperties) message.userProperties = { ...message.userProperties };
  return message;
}

type PayloadReader = (publish: ReceivedPublish) => unknown;

const READERS: Readonly<Record<Datatype, PayloadReader>> = {
  buffer: ({ payload }) => payload,
  base64: ({ payload }) => payload.toString('base64'),
  utf8: ({ payload }) => payload.toString('utf8'),
  json: (publish) => parseJson(publish),
  auto: (publish) => detect(publish, false),
  'auto-detect': (publish) => detect(publish, true),
};

/** By the content type where MQTT 5 gives one we know, else by the bytes: text when they are UTF-8. */
function detect(publish: ReceivedPublish, parse: boolean): unknown {
  const { payload, properties } = publish;
  const kind = properties?.contentType === undefined ? undefined : mediaKind(properties.contentType);
  if (kind === 'bytes') return payload;
  if (kind === 'text') return payload.toString('utf8');
  if (kind === 'json') {
    const value = parseJson(publish);
    return parse ? value : payload.toString('utf8');
  }
  if (properties?.payloadFormatIndicator !== true && !isUtf8(payload)) return payload;
  const text = payload.toString('utf8');
  if (!parse || !mayBeJson(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Parameters as in "application/json; charset=utf-8" do not change the kind. */
function mediaKind(contentType: string): 'text' | 'json' | 'bytes' | undefined {
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return Object.hasOwn(MEDIA_KINDS, mediaType) ? MEDIA_KINDS[mediaType] : undefined;
}

function parseJson({ topic, payload }: ReceivedPublish): unknown {
  try {
    if (!isUtf8(payload)) throw new SyntaxError('it is not UTF-8 text');
    return JSON.parse(payload.toString('utf8')) as unknown;
  } catch (error) {
    throw codedError(
      'INPUT_PAYLOAD',
      `the payload received on ${topic} is no JSON: ${(error as Error).message}`,
      { topic, bytes: payload.length },
      'Choose another output in the node, or have the sender publish JSON',
    );
  }
}
