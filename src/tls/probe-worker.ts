/**
 * The thread in which many endpoints are probed; started by `probe-thread.ts` and by nobody else.
 *
 * It takes one order, answers with each report as soon as it is there, and ends.
 */
import { parentPort } from 'node:worker_threads';
import { fromOrder, toFailedAnswer, type ProbeAnswer, type ProbeOrder } from './probe-message';
import { probeMany } from './probe-many';

parentPort?.once('message', (order: ProbeOrder) => {
  const answer = (message: ProbeAnswer) => parentPort?.postMessage(message);
  void probeMany(fromOrder(order), {
    concurrency: order.concurrency,
    onReport: (report, index) => answer({ kind: 'report', index, report }),
  })
    .then((): ProbeAnswer => ({ kind: 'done' }), toFailedAnswer)
    .then(answer);
});
