import { ByteCursor } from './byte-cursor';

/** Content types of RFC 8446 §5.1. */
export const CONTENT_TYPE = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export interface TlsRecord {
  type: number;
  /** The five bytes in front, which are the additional data of the TLS 1.3 encryption. */
  header: Buffer;
  fragment: Buffer;
}

/** RFC 8446 §5.2: 2^14 + 256; TLS 1.2 allows 2^14 + 2048. */
const LONGEST_FRAGMENT = 2 ** 14 + 2048;

/** True when the bytes can be the beginning of a TLS record (also when fewer than five are there). */
export function looksLikeTls(bytes: Buffer): boolean {
  const [type, major, minor] = bytes;
  if (type === undefined) return false;
  if (type < CONTENT_TYPE.changeCipherSpec || type > CONTENT_TYPE.applicationData) return false;
  return (major === undefined || major === 3) && (minor === undefined || minor <= 4);
}

/**
 * Cut received bytes into TLS records.
 *
 * @param bytes everything the server sent, from the first byte on
 * @returns the complete records before the first one that is cut off or malformed
 */
export function readRecords(bytes: Buffer): TlsRecord[] {
  const records: TlsRecord[] = [];
  let rest = bytes;
  while (rest.length >= 5 && looksLikeTls(rest)) {
    const cursor = new ByteCursor(rest);
    const header = cursor.take(5);
    const length = header.readUInt16BE(3);
    if (length > LONGEST_FRAGMENT) break;
    const fragment = cursor.take(length);
    if (cursor.failed) break;
    records.push({ type: header[0] as number, header, fragment });
    rest = rest.subarray(5 + length);
  }
  return records;
}
