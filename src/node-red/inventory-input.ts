import { codedError } from '../model/errors';
import { readInventoryQuery, type InventoryQuery } from '../model/inventory-query';
import { readSelector, type Selector } from '../model/selector';
import { shownValue } from '../model/shown-value';
import { isPlainObject, type PlainObject } from './payload';

/** One question to the inventory: for a certificate, or for all that match. */
export type Lookup = { selector: Selector } | { query: InventoryQuery };

/**
 * What one item of a message asks. Text, and an object with `serialNumber` or `commonName` (the output of tls-issue),
 * stand for one certificate; any other object is a query, whose fields count more than those of the node.
 *
 * @throws INPUT_SELECTOR, INPUT_QUERY
 */
export function toLookup(item: string | PlainObject, configured: PlainObject): Lookup {
  if (typeof item === 'string' || item.serialNumber !== undefined || item.commonName !== undefined) {
    return { selector: readSelector(item) };
  }
  return { query: readInventoryQuery({ ...configured, ...item }) };
}

/**
 * The query of the node as its typed input gives it; an environment variable gives JSON text.
 *
 * @throws INPUT_QUERY
 */
export function readConfiguredQuery(value: unknown): PlainObject {
  const found = typeof value === 'string' && value.trim() !== '' ? parse(value) : value;
  // The value of a message may be missing, as a payload may.
  if (found === undefined || found === null || found === '') return {};
  if (isPlainObject(found)) return found;
  throw codedError(
    'INPUT_QUERY',
    `the query of the node is ${shownValue(found)}, expected an object`,
    { field: 'query', value: shownValue(found) },
    'Open the node and correct the query, for example {"status":"expiring"}',
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
