import { randomBytes } from 'node:crypto';
import { MAX_SERIAL_OCTETS } from '../model/serial-number';

/**
 * A new serial number: 20 octets from the CSPRNG, the first 01 to 7F, so that it is positive, never loses a leading
 * zero and is unique without a counter (RFC 5280 §4.1.2.2 allows no more octets; 158 bits are random).
 *
 * @param random as `crypto.randomBytes`
 * @returns 40 upper-case hex digits
 */
export function newSerialNumber(random: (size: number) => Buffer = randomBytes): string {
  const octets = Buffer.from(random(MAX_SERIAL_OCTETS));
  octets[0] = 1 + ((octets[0] ?? 0) % 0x7f);
  return octets.toString('hex').toUpperCase();
}
