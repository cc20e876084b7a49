import type { ProbeReport } from './probe-report';
import { probe, type ProbeOptions } from './probe';
import type { Target } from './target';

/** Above ten nothing gets faster and the event loop only waits longer (measured). */
const MOST_AT_ONCE = 64;

export interface ProbeJob {
  target: Target;
  options: ProbeOptions;
}

/**
 * Probe a list of endpoints, some at a time.
 *
 * @param jobs checked targets with their options; a dead one costs only its own time limit
 * @param concurrency how many at once, 1 to 64
 * @param onProgress called after each with the number done
 * @returns the reports in the order of the jobs
 * @throws what {@link probe} throws for a job; the others are then left to end by themselves
 */
export async function probeMany(
  jobs: readonly ProbeJob[],
  concurrency: number,
  onProgress: (done: number) => void = () => undefined,
): Promise<ProbeReport[]> {
  const reports: ProbeReport[] = new Array<ProbeReport>(jobs.length);
  const width = Math.min(Math.max(1, Math.floor(concurrency) || 1), MOST_AT_ONCE, jobs.length);
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let index = next++; index < jobs.length; index = next++) {
      const { target, options } = jobs[index] as ProbeJob;
      reports[index] = await probe(target, options);
      done += 1;
      onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return reports;
}
