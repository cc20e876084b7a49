import { codedError, isCodedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { PlainObject } from './payload';

/** What a message asks for, as read from its payload. */
export interface Batch {
  items: readonly (string | PlainObject)[];
  /** False when the payload was no list: then there is no place to tell. */
  batch: boolean;
}

/**
 * Read every item of a batch before anything is done for one of them.
 *
 * @throws what `read` throws, in a batch with `cause` `{index, field, value}` of the first bad item
 */
export function readEach<T>({ items, batch }: Batch, read: (item: string | PlainObject, index: number) => T): T[] {
  return items.map((item, index) => {
    try {
      return read(item, index);
    } catch (error) {
      throw batch ? placed(error, items, index) : error;
    }
  });
}

/** The same facts in an error of the CA, which knows an item only by its index, and of several only. */
export function withPlace(error: unknown, { items, batch }: Batch): unknown {
  if (!batch || !isCodedError(error)) return error;
  const { index } = error.cause;
  if (typeof index === 'number') return placed(error, items, index);
  return items.length === 1 && /^(INPUT|CERT)_/.test(error.code) ? placed(error, items, 0) : error;
}

function placed(error: unknown, items: Batch['items'], index: number): unknown {
  if (!isCodedError(error)) return error;
  const place = `item ${index}: `;
  const message = error.message.startsWith(place) ? error.message : place + error.message;
  const facts = { index, field: 'payload', value: shownValue(items[index]), ...error.cause };
  return codedError(error.code, message, facts, error.hint);
}
