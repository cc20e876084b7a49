import { Writable, type Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../model/clock';

/** DISCONNECT with normal reason is the same two bytes in MQTT 3.1.1 (§3.14) and 5 (§3.14.2.1). */
const DISCONNECT = Buffer.from([0xe0, 0x00]);

/** A broker may take this long to close after DISCONNECT. */
const CLOSE_GRACE_MS = 2_000;

/**
 * End a stream that an MQTT client library reads and writes, so that DISCONNECT is the last the broker hears: it then
 * does not publish the will.
 *
 * A library that answers a message after the end would destroy the stream before DISCONNECT has left (write after
 * end). So it gets no more to answer, answers what it has, and then writes nowhere.
 *
 * @param established CONNACK has come; before it there is nothing to say
 * @param silence called when the library must not write to the stream any more
 */
export async function leaveStream(
  stream: Duplex,
  { clock, established, silence }: { clock: Clock; established: boolean; silence: () => void },
): Promise<void> {
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  if (established) {
    stream.unpipe();
    await nextTurn();
    silence();
    stream.end(DISCONNECT);
    stream.resume();
  } else {
    stream.destroy();
  }
  const impatience = clock.setTimer(CLOSE_GRACE_MS, () => stream.destroy());
  await closed;
  impatience.cancel();
}

/** Swallows what is written. */
export class Nowhere extends Writable {
  override _write(_chunk: unknown, _encoding: string, callback: () => void): void {
    callback();
  }
}

/**
 * MQTT.js 5.16 leaves its timer for CONNACK running when the answer is no MQTT; when it fires after the end, it begins an
 * interval of 24 days that keeps the process alive.
 */
export function stopTimers(client: object): void {
  const { connackTimer, reconnectTimer } = client as Record<string, NodeJS.Timeout | null | undefined>;
  clearTimeout(connackTimer ?? undefined);
  clearInterval(reconnectTimer ?? undefined);
}
