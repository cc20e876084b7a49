import { createHook } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';

/**
 * How much of the time keys are in the making while `work` runs: 1 when as many as there may be at once never stop. Unlike the rate
 * it does not depend on luck with primes.
 *
 * @param atOnce how many may be in the making
 */
export async function shareOfKeyMaking(atOnce: number, work: () => Promise<unknown>): Promise<number> {
  const started = new Map<number, number>();
  let spentMs = 0;
  const hook = createHook({
    init(id, type) {
      if (type === 'KEYPAIRGENREQUEST') started.set(id, performance.now());
    },
    before(id) {
      const start = started.get(id);
      if (start !== undefined) spentMs += performance.now() - start;
      started.delete(id);
    },
  }).enable();
  const start = performance.now();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return spentMs / (performance.now() - start) / atOnce;
}
