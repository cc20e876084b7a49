/** What a payload may hold in memory beside itself: less is not worth a copy. */
const SLACK_BYTES = 512;

/**
 * A packet that is kept for longer than the bytes it came in. Its payload is a view of what was read from the network,
 * up to 16 KiB for a single byte: kept as it is, ten thousand small messages would hold 160 MB that nobody counts.
 *
 * @returns the packet itself, or one with a copy of the payload
 */
export function withOwnPayload<P extends { payload?: Buffer | string }>(packet: P): P {
  const { payload } = packet;
  if (payload === undefined || typeof payload === 'string') return packet;
  if (payload.buffer.byteLength <= payload.length + SLACK_BYTES) return packet;
  // Not `Buffer.from`: its small buffers are views of a pool of 8 KiB.
  const own = Buffer.allocUnsafeSlow(payload.length);
  payload.copy(own);
  return { ...packet, payload: own };
}
