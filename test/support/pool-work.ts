import { createHook } from 'node:async_hooks';

/** What `node:crypto` hands to the thread pool: keys, signatures, derived keys. */
const KINDS: ReadonlySet<string> = new Set([
  'KEYPAIRGENREQUEST',
  'SIGNREQUEST',
  'VERIFYREQUEST',
  'PBKDF2REQUEST',
  'SCRYPTREQUEST',
]);

/** A job of `node:crypto`; one that runs in the event loop (`signSync`) has nobody to tell. */
interface Job {
  ondone?: unknown;
}

const jobs = new Map<number, Job>();
const waiting: (() => void)[] = [];
const isAtWork = (): boolean => [...jobs.values()].some(({ ondone }) => ondone !== undefined);

function ended(id: number): void {
  if (!jobs.delete(id) || isAtWork()) return;
  for (const go of waiting.splice(0)) go();
}

const hook = createHook({
  init: (id, kind, _trigger, job) => void (KINDS.has(kind) && jobs.set(id, job)),
  after: ended,
  destroy: ended,
});
let watchers = 0;

/** Look at what is begun from now on, until the answer is called. Not always: such a look makes every promise dearer. */
export function watchPool(): () => void {
  if (watchers++ === 0) hook.enable();
  return () => {
    if (--watchers > 0) return;
    hook.disable();
    jobs.clear();
    for (const go of waiting.splice(0)) go();
  };
}

/** Until nothing of `node:crypto` is in the thread pool; on a busy machine that takes any number of turns of the loop. */
export async function poolAtRest(): Promise<void> {
  // What ran in the event loop is done.
  for (const [id, { ondone }] of jobs) if (ondone === undefined) jobs.delete(id);
  while (isAtWork()) await new Promise<void>((resolve) => waiting.push(resolve));
}
