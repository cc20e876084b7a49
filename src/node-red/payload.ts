import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/** The most items one message may carry. */
export const MAX_BATCH = 10_000;

/** What a payload asks for: the configured values, or items of its own. */
export type Payload = { kind: 'configured' } | { kind: 'items'; batch: boolean; items: (string | PlainObject)[] };

export type PlainObject = Record<string, unknown>;

/**
 * The payload rule of DESIGN.md §1, the same for every certificate node.
 *
 * Nothing, `""`, a boolean or a number (the time stamp of an inject node) means: use the configured
 * values. An array is a batch.
 *
 * @throws INPUT_PAYLOAD for a Buffer, function or other object that is no plain object
 * @throws INPUT_TOO_MANY for more than {@link MAX_BATCH} items
 */
export function readPayload(payload: unknown): Payload {
  if (isUnset(payload)) return { kind: 'configured' };
  if (!Array.isArray(payload)) return { kind: 'items', batch: false, items: [readItem(payload)] };
  if (payload.length > MAX_BATCH) {
    throw codedError(
      'INPUT_TOO_MANY',
      `${payload.length} items in one message, at most ${MAX_BATCH} are taken`,
      { found: payload.length, limit: MAX_BATCH },
      'Split the list, for example with a split node set to groups of 1000',
    );
  }
  return { kind: 'items', batch: true, items: Array.from(payload, (item, index) => readItem(item, index)) };
}

function isUnset(payload: unknown): boolean {
  return payload === undefined || payload === null || payload === '' || ['boolean', 'number'].includes(typeof payload);
}

function readItem(item: unknown, index?: number): string | PlainObject {
  if (typeof item === 'string' && (item !== '' || index === undefined)) return item;
  if (isPlainObject(item)) return item;
  const place = index === undefined ? 'the payload' : `item ${index} of the payload`;
  throw codedError(
    'INPUT_PAYLOAD',
    `${place} is ${shownValue(item)}, expected a common name, an object or a list of these`,
    { ...(index === undefined ? {} : { index }), field: 'payload', value: shownValue(item) },
    'Send a string such as "dev01", an object such as {"commonName":"dev01"}, or an array of them',
  );
}

/** True for objects written as `{…}`: no Buffer, date, map or class instance. */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  // A message may come from another realm (function node), so the prototype is judged by its depth.
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
