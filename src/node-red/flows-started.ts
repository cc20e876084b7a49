import type { NodeAPI } from 'node-red';

/** Those that wait now, by the runtime's events: one listener for all, since Node warns of more than ten. */
const starts = new WeakMap<object, Promise<void>>();

/** Wait until all nodes of the deploy that is under way were made. */
export function flowsStarted({ events }: NodeAPI): Promise<void> {
  const waiting = starts.get(events);
  if (waiting) return waiting;
  const started = new Promise<void>((resolve) => {
    events.once('flows:started', () => {
      starts.delete(events);
      resolve();
    });
  });
  starts.set(events, started);
  return started;
}
