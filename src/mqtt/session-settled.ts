import type { Clock } from '../model/clock';
import type { MqttSession } from './session';

/** Resolves when the broker has acknowledged everything, the connection is lost, or it takes longer than `limitMs`. */
export function whenSettled(session: MqttSession, clock: Clock, limitMs: number): Promise<void> {
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
    const timer = clock.setTimer(limitMs, finish);
    session.on('room', look);
    session.on('closed', finish);
    look();
  });
}
