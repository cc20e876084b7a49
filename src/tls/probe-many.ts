import { setMaxListeners } from 'node:events';
import type { ProbeReport } from './probe-report';
import { probe, type ProbeOptions } from './probe';
import type { Target } from './target';

/** Above ten nothing gets faster and the event loop only waits longer (measured). */
const MOST_AT_ONCE = 64;

export interface ProbeJob {
  target: Target;
  options: Omit<ProbeOptions, 'signal'>;
}

export interface ManyOptions {
  /** How many at once, 1 to 64. */
  concurrency: number;
  /** Called after each, in the order they end. */
  onReport?(report: ProbeReport, index: number): void;
  /** Ends everything at once; the promise is then rejected with its reason. */
  signal?: AbortSignal;
}

/**
 * Probe a list of endpoints, some at a time, in this thread; `probe-thread.ts` does the same beside it.
 *
 * @param jobs checked targets with their options; a dead one costs only its own time limit
 * @returns the reports in the order of the jobs
 * @throws what {@link probe} throws for a job; the others are ended then
 */
export async function probeMany(jobs: readonly ProbeJob[], options: ManyOptions): Promise<ProbeReport[]> {
  const { concurrency, onReport, signal } = options;
  const reports: ProbeReport[] = new Array<ProbeReport>(jobs.length);
  const width = Math.min(Math.max(1, Math.floor(concurrency) || 1), MOST_AT_ONCE, jobs.length);
  const failed = new AbortController();
  const ended = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  // Each probe listens to it: from the eleventh on Node would warn of a leak.
  setMaxListeners(0, ended);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < jobs.length && !ended.aborted; index = next++) {
      const { target, options: own } = jobs[index] as ProbeJob;
      const report = await probe(target, { ...own, signal: ended });
      reports[index] = report;
      if (!ended.aborted) onReport?.(report, index);
    }
  };
  try {
    await Promise.all(Array.from({ length: width }, work));
  } catch (error) {
    failed.abort();
    throw error;
  }
  signal?.throwIfAborted();
  return reports;
}
