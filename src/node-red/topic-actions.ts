import { DATATYPES, type Datatype } from '../model/config/secure-mqtt-in';
import { codedError } from '../model/errors';
import { numberOf } from '../model/number-of';
import { shownValue } from '../model/shown-value';
import type { QualityOfService, SubscribeOptions } from '../mqtt/subscriptions';
import { parseTopicFilter } from '../mqtt/topic';

/** A subscription made by a message; the fields of the core `mqtt in` node. */
export interface DynamicSubscription {
  topic: string;
  qos: QualityOfService;
  datatype?: Datatype;
  nl?: boolean;
  rap?: boolean;
  rh?: 0 | 1 | 2;
}

export const IN_ACTIONS = ['connect', 'disconnect', 'subscribe', 'unsubscribe', 'getSubscriptions'] as const;
export const OUT_ACTIONS = ['connect', 'disconnect'] as const;

/** Subscriptions in one message. */
const MOST_TOPICS = 1_000;

/** @throws INPUT_PAYLOAD */
export function readAction<T extends string>(value: unknown, known: readonly T[]): T {
  if (known.includes(value as T)) return value as T;
  throw codedError(
    'INPUT_PAYLOAD',
    `msg.action is ${shownValue(value)}, expected one of ${known.join(', ')}`,
    { field: 'action', value: shownValue(value), expected: known },
    `Set msg.action to ${known.join(' or ')}`,
  );
}

/**
 * The topics of a subscribe or unsubscribe message: a text, an object `{topic, qos, datatype, nl, rap, rh}`, or an
 * array of them. Every one is checked before any is used.
 *
 * @throws INPUT_TOPIC, INPUT_PAYLOAD, INPUT_TOO_MANY
 */
export function readTopics(value: unknown): DynamicSubscription[] {
  const items = Array.isArray(value) ? value : [value];
  if (items.length > MOST_TOPICS) {
    throw codedError(
      'INPUT_TOO_MANY',
      `${items.length} topics in one message, at most ${MOST_TOPICS} are taken`,
      { count: items.length, limit: MOST_TOPICS },
      'Use several messages, or a topic with wildcards',
    );
  }
  return items.map(readTopic);
}

function readTopic(item: unknown): DynamicSubscription {
  const { topic, qos, datatype, nl, rap, rh } = (
    typeof item === 'object' && item !== null ? item : { topic: item }
  ) as Record<string, unknown>;
  if (datatype !== undefined && !(DATATYPES as readonly unknown[]).includes(datatype)) {
    throw codedError(
      'INPUT_PAYLOAD',
      `the datatype ${shownValue(datatype)} is unknown`,
      { field: 'datatype', value: shownValue(datatype), expected: DATATYPES },
      `Use one of ${DATATYPES.join(', ')}`,
    );
  }
  return {
    topic: parseTopicFilter(topic).text,
    qos: level(qos, 2) as QualityOfService,
    ...(datatype === undefined ? {} : { datatype: datatype as Datatype }),
    ...(flag(nl) === undefined ? {} : { nl: flag(nl) as boolean }),
    ...(flag(rap) === undefined ? {} : { rap: flag(rap) as boolean }),
    ...(rh === undefined ? {} : { rh: level(rh, 0) as 0 | 1 | 2 }),
  };
}

/** What the broker is asked for; MQTT 3.1.1 knows only the QoS. */
export function subscribeOptions(
  { qos, nl, rap, rh }: Pick<DynamicSubscription, 'qos' | 'nl' | 'rap' | 'rh'>,
  protocolVersion: 4 | 5,
): SubscribeOptions {
  return protocolVersion === 5 ? { qos, nl: nl ?? false, rap: rap ?? true, rh: rh ?? 0 } : { qos };
}

/** 0, 1 or 2, as number or text; anything else is the default, as in the core nodes. */
export function level(value: unknown, otherwise: 0 | 1 | 2): 0 | 1 | 2 {
  const number = value === '' ? NaN : numberOf(value);
  return number === 0 || number === 1 || number === 2 ? number : otherwise;
}

function flag(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  return undefined;
}
