import type { NodeAPI } from 'node-red';
import { systemClock } from '../model/clock';
import { jsonAnswer } from './admin-answer';
import { guard, type Request, type Response } from './admin-guard';
import { draftTypeOf } from './node-draft';
import { probeDraft } from './draft-probe';
import { ProbeSlots } from './probe-slots';

/**
 * The route `/secure-mqtt/probe`, behind "Test connection" and "Probe now".
 *
 * Its settings are those of a dialog, paths of files among them. So it takes the right to deploy as well: whoever may
 * ask could deploy the same settings and see the same outcome.
 */
export function registerProbeRoute(RED: NodeAPI): void {
  const slots = new ProbeSlots(systemClock);
  RED.httpAdmin.post(
    '/secure-mqtt/probe',
    ...guard(RED, 'write'),
    RED.auth.needsPermission('flows.write'),
    jsonAnswer(async (req, res) => {
      draftTypeOf(req.body);
      return slots.run(slotOf(req), goneSignal(res), (signal) => probeDraft(RED, req.body, signal));
    }),
  );
}

/** One dialog of one person; without adminAuth a person is an address. */
function slotOf(req: Request): string {
  const { user, ip, body } = req as Request & { user?: { username?: string }; body: { node: { id: string } } };
  return JSON.stringify([user?.username ?? ip, body.node.id]);
}

/** Fires when the browser goes before it has its answer: the dialog was closed. */
function goneSignal(res: Response): AbortSignal {
  const gone = new AbortController();
  res.on('close', () => {
    if (!res.writableFinished) gone.abort();
  });
  return gone.signal;
}
