import { codedError } from './errors';
import { normalizeSerialNumber } from './serial-number';
import { shownValue } from './shown-value';

/** How a message names a certificate. */
export interface Selector {
  by: 'serial' | 'name';
  /** A normalised serial number, or a common name. */
  value: string;
}

/** Imported certificates may have longer common names than the 64 characters we allow ourselves. */
const LONGEST_NAME = 256;

/**
 * Read `serial:<hex>`, `name:<common name>`, a bare common name, or an object of which only `serialNumber`, else
 * `commonName` is read (so the output of tls-issue goes in unchanged).
 *
 * @throws INPUT_SELECTOR
 */
export function readSelector(value: unknown): Selector {
  if (typeof value === 'string') return readText(value);
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)) {
    const { serialNumber, commonName } = value as Record<string, unknown>;
    if (serialNumber !== undefined) {
      if (typeof serialNumber !== 'string') throw refuse(serialNumber);
      return { by: 'serial', value: normalizeSerialNumber(serialNumber) };
    }
    if (typeof commonName === 'string') return readName(commonName);
  }
  throw refuse(value);
}

function readText(text: string): Selector {
  if (text.startsWith('serial:')) return { by: 'serial', value: normalizeSerialNumber(text.slice('serial:'.length)) };
  return readName(text.startsWith('name:') ? text.slice('name:'.length) : text);
}

function readName(text: string): Selector {
  if (text.length > LONGEST_NAME) throw refuse(text);
  const name = text.normalize('NFC').trim();
  if (name === '') throw refuse(text);
  return { by: 'name', value: name };
}

function refuse(value: unknown) {
  return codedError(
    'INPUT_SELECTOR',
    `${shownValue(value)} does not name a certificate`,
    { value: shownValue(value) },
    'Write serial:<hex> or name:<common name>, or pass an object with serialNumber or commonName',
  );
}
