import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { codedError, isCodedError } from '../model/errors';

/** Pack bytes in the thread pool. */
export const gzipped: (bytes: Uint8Array) => Promise<Buffer> = promisify(gzip);

/** A header of ten octets, an empty block, checksum and length (RFC 1952 §2.3). */
const SHORTEST = 18;
const CHUNK = 256 * 1024;

/**
 * Unpack what {@link gzipped} packed, in the thread pool. A megabyte may unpack to a gigabyte, so the length that stands at the end of
 * the file is read first, and no octet beyond it is taken: memory is what the file says it needs, once, or nothing.
 *
 * @param limit of octets
 * @throws STORE_TOO_LARGE with both numbers, STORE_CORRUPT
 */
export async function gunzipped(packed: Buffer, limit: number): Promise<Buffer> {
  if (packed.length < SHORTEST) throw damaged();
  const size = packed.readUInt32LE(packed.length - 4);
  if (size > limit) {
    throw codedError(
      'STORE_TOO_LARGE',
      `the backup would unpack to ${size} bytes, at most ${limit} are taken`,
      { size, limit },
      'Is it a backup of a CA? If it is, unpack it by openssl cms and tar, and import the folder',
    );
  }
  const unpacked = Buffer.allocUnsafe(size);
  let length = 0;
  const stream = createGunzip({ chunkSize: CHUNK });
  stream.end(packed);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (length + chunk.length > size) throw damaged();
      length += chunk.copy(unpacked, length);
      await nextTurn();
    }
  } catch (error) {
    throw isCodedError(error) ? error : damaged();
  }
  if (length !== size) throw damaged();
  return unpacked;
}

function damaged() {
  return codedError('STORE_CORRUPT', 'the backup does not hold what a backup holds', {}, 'Choose the right file');
}
