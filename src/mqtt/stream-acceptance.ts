import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../model/clock';

/** A server that refuses a client certificate says so within a round trip; some say nothing when they accept it. */
const LIMIT_MS = 1_000;

/** Thrown by {@link accepted}; `reason` is what the stream said. */
export class NotAccepted extends Error {
  constructor(readonly reason: Error | undefined) {
    super('the stream was closed after the handshake');
  }
}

/**
 * Waits until the server has judged the client certificate: in TLS 1.3 the handshake is over for the client before
 * that (RFC 8446 §4.4.4), and only session tickets tell that all went well (the `session` event).
 *
 * @param stop closes the stream when it fires
 * @throws {@link NotAccepted} when the stream is closed
 */
export async function accepted(stream: Duplex, clock: Clock, stop: AbortSignal): Promise<void> {
  if (stop.aborted) stream.destroy();
  if (stream.destroyed) throw new NotAccepted(stream.errored ?? undefined);
  const abandon = (): void => void stream.destroy();
  stop.addEventListener('abort', abandon, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        timer.cancel();
        stream.off('session', onSession).off('error', onEnd).off('close', onEnd);
        finish();
      };
      const onSession = (): void => settle(resolve);
      // An alert is told as an error first; the stream is destroyed some turns later.
      const onEnd = (error?: Error): void => settle(() => reject(new NotAccepted(error)));
      const timer = clock.setTimer(LIMIT_MS, onSession);
      stream.on('session', onSession).on('error', onEnd).on('close', onEnd);
    });
    // Node emits `session` while it reads; what is written before it has finished stays in its buffer until more is written
    // (Node 20: the CONNECT of a rotation did not leave).
    await nextTurn();
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    stop.removeEventListener('abort', abandon);
  }
}
