import { Worker, type WorkerOptions } from 'node:worker_threads';
import { systemClock, type Clock, type Timer } from '../model/clock';
import { codedError } from '../model/errors';
import { fromFailedAnswer, toOrder, type ProbeAnswer } from './probe-message';
import { PROBE_TIMEOUT_MS } from './probe';
import { probeMany, type ManyOptions, type ProbeJob } from './probe-many';
import type { ProbeReport } from './probe-report';

/**
 * From here on the work is worth a thread: it costs 50 ms and some megabytes to start, and 50 probes in the main
 * thread hold up everything else in Node-RED for about as long.
 */
export const MOST_IN_MAIN_THREAD = 50;

/** A thread that runs away must not take the memory of Node-RED with it. */
const LIMITS: WorkerOptions['resourceLimits'] = { maxOldGenerationSizeMb: 512 };

/** A thread that has said nothing for so long after a probe should have ended hangs. */
const SILENCE_GRACE_MS = 30_000;

export interface ThreadOptions extends ManyOptions {
  /** The file of the thread; a parameter for the tests of its failures. */
  file?: string;
  clock?: Clock;
}

/**
 * Probe a list of endpoints: a few here, more than {@link MOST_IN_MAIN_THREAD} in a thread of their own.
 *
 * @returns and throws as {@link probeMany} and {@link probeInThread}
 */
export function probeAll(jobs: readonly ProbeJob[], options: ManyOptions): Promise<ProbeReport[]> {
  return jobs.length > MOST_IN_MAIN_THREAD ? probeInThread(jobs, options) : probeMany(jobs, options);
}

/**
 * Probe a list of endpoints in a thread of its own, which is gone when the promise settles.
 *
 * @returns the reports in the order of the jobs
 * @throws what `probe` throws for a job; NET_PROBE_ENDED when the thread dies or hangs
 */
export async function probeInThread(jobs: readonly ProbeJob[], options: ThreadOptions): Promise<ProbeReport[]> {
  const { signal, concurrency, onReport = () => undefined, clock = systemClock } = options;
  const file = options.file ?? require.resolve('./probe-worker');
  signal?.throwIfAborted();
  const worker = new Worker(file, { resourceLimits: LIMITS, execArgv: loaderOf(file) });
  const reports = new Map<number, ProbeReport>();
  const watchdog = new Watchdog(clock, longestTimeoutMs(jobs) + SILENCE_GRACE_MS);
  let stop: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const died = (reason: string) => reject(ended(reason, reports.size, jobs.length));
      stop = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', stop, { once: true });
      watchdog.watch(() => died(`it said nothing for ${watchdog.limitMs} ms`));
      worker.on('error', (error) => died(error instanceof Error ? error.message : String(error)));
      worker.on('messageerror', (error) => died(error.message));
      worker.on('exit', (exitCode) => died(`exit code ${exitCode}`));
      worker.on('message', (answer: ProbeAnswer) => {
        watchdog.alive();
        if (answer.kind === 'done') return resolve();
        if (answer.kind === 'failed') return reject(fromFailedAnswer(answer));
        reports.set(answer.index, answer.report);
        onReport(answer.report, answer.index);
      });
      worker.postMessage(toOrder(jobs, concurrency));
    });
  } finally {
    watchdog.cancel();
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
  return jobs.map((_job, index) => reports.get(index) as ProbeReport);
}

/** A thread does not inherit the loader of the process; without it the tests could not run the sources. */
function loaderOf(file: string): string[] {
  return file.endsWith('.ts') ? ['--require', 'tsx/cjs'] : [];
}

function longestTimeoutMs(jobs: readonly ProbeJob[]): number {
  return jobs.reduce((longest, { options }) => Math.max(longest, options.timeoutMs ?? PROBE_TIMEOUT_MS), 0);
}

function ended(reason: string, done: number, total: number): Error {
  return codedError(
    'NET_PROBE_ENDED',
    `the thread that probes ended after ${done} of ${total} targets: ${reason}`,
    { reason, done, total },
    'Try it again; if it happens again, probe fewer targets at once and look at the memory of this machine',
  );
}

/** Calls when nothing was heard for some time. */
class Watchdog {
  #timer: Timer | undefined;
  #bark: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    readonly limitMs: number,
  ) {}

  watch(bark: () => void): void {
    this.#bark = bark;
    this.alive();
  }

  alive(): void {
    this.#timer?.cancel();
    this.#timer = this.clock.setTimer(this.limitMs, this.#bark);
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
