import { codedError } from './errors';
import { shownValue } from './shown-value';

/** RFC 5280 §4.1.2.2: at most 20 octets. */
export const MAX_SERIAL_OCTETS = 20;

/** Upper-case hex of a number without needless zeros, with an even number of digits (OpenSSL's index needs that). */
export function evenHex(digits: string): string {
  const short = digits.replace(/^0+(?=.)/, '').toUpperCase();
  return short.length % 2 === 0 ? short : `0${short}`;
}

/**
 * Bring a serial number to the one form used everywhere: upper-case hex with an even number of digits.
 *
 * @param text hex as any tool prints it: any case, with or without colons, leading zeros or `0x`
 * @throws INPUT_SELECTOR
 */
export function normalizeSerialNumber(text: string): string {
  const digits =
    typeof text === 'string' && text.length <= 128 ? text.trim().replace(/^0x/i, '').replaceAll(':', '') : '';
  const normal = /^[0-9a-fA-F]+$/.test(digits) ? evenHex(digits) : '';
  if (normal === '' || normal.length > 2 * MAX_SERIAL_OCTETS) {
    throw codedError(
      'INPUT_SELECTOR',
      `${shownValue(text)} is not a serial number`,
      { value: shownValue(text) },
      `A serial number is up to ${2 * MAX_SERIAL_OCTETS} hexadecimal digits, as in the inventory or in openssl x509 -serial`,
    );
  }
  return normal;
}
