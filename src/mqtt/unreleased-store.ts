import type { Store } from 'mqtt';

/** Of messages of QoS 2 that a broker has sent and not released (MQTT 3.1.1 §4.3.3). Mosquitto has 20 of them on their way. */
export const MOST_UNRELEASED = 1_000;
/** One may have more: a packet is at most 256 MiB. */
export const MOST_UNRELEASED_BYTES = 256 * 1024 * 1024;

/**
 * Bound a store of MQTT.js for messages that wait for their release: without, a broker makes it keep 65,535 messages of any size, over
 * all connections of a session.
 *
 * @param full called instead of keeping one more
 * @returns the same store
 */
export function boundUnreleased(store: Store, full: (error: Error) => void): Store {
  const sizes = new Map<number, number>();
  let bytes = 0;
  const forget = (messageId: number): void => {
    bytes -= sizes.get(messageId) ?? 0;
    sizes.delete(messageId);
  };
  const { put, del } = store;
  store.put = (packet, callback) => {
    const { messageId = 0, payload = '' } = packet as { messageId?: number; payload?: Buffer | string };
    forget(messageId);
    const isFull = sizes.size >= MOST_UNRELEASED || bytes + payload.length > MOST_UNRELEASED_BYTES;
    if (isFull && sizes.size > 0) {
      full(new Error(`${sizes.size + 1} messages of QoS 2, ${bytes + payload.length} bytes, without releasing them`));
      return store;
    }
    sizes.set(messageId, payload.length);
    bytes += payload.length;
    return put.call(store, packet, callback);
  };
  store.del = (packet, callback) => {
    forget(packet.messageId ?? 0);
    return del.call(store, packet, callback);
  };
  return store;
}
