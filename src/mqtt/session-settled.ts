import type { Clock } from '../model/clock';
import type { MqttSession } from './session';

/** How long acknowledgements may keep a rotation or a goodbye waiting. */
const LIMIT_MS = 5_000;

/** Resolves when the broker has acknowledged everything, the connection is lost, or it takes too long. */
export function whenSettled(session: MqttSession, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      timer.cancel();
      session.off('room', look);
      session.off('closed', finish);
      resolve();
    };
    const look = (): void => {
      if (!session.connected || session.inFlight === 0) finish();
    };
    const timer = clock.setTimer(LIMIT_MS, finish);
    session.on('room', look);
    session.on('closed', finish);
    look();
  });
}
