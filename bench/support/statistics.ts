import { performance } from 'node:perf_hooks';
import { inParallel } from '../../src/store/parallel';

/** The middle value. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** @param share 0.99 for p99 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Median of the ratios of values that were measured one after the other, so that a load of both cancels out. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, index) => value / (theirs[index] as number)));
}

/** How many calls a second. */
export async function perSecond(count: number, work: (index: number) => Promise<unknown>, atOnce = 1): Promise<number> {
  const start = performance.now();
  await inParallel(Array.from({ length: count }), atOnce, async (_, index) => void (await work(index)));
  return (count * 1000) / (performance.now() - start);
}
