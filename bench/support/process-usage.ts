import { readFileSync, readdirSync } from 'node:fs';

/**
 * CPU that a process and its threads have used so far, user and system; Linux only.
 *
 * @returns milliseconds; NaN where it cannot be read. Of `/proc/<pid>/stat` they would be in steps of 10.
 */
export function cpuMsOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanoseconds = threads.map((id) => Number(read(`/proc/${pid}/task/${id}/schedstat`).split(' ')[0]));
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
  } catch {
    return NaN;
  }
}

/** CPU of all processes that this one has started and waited for; milliseconds in steps of 10, Linux only. */
export function cpuMsOfEndedChildren(): number {
  try {
    // cutime and cstime, the 16th and 17th field; the second one, the name, may hold blanks (proc(5)).
    const fields = read('/proc/self/stat').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return NaN;
  }
}

/** @returns KiB of memory in use; NaN where it cannot be read */
export function rssKiBOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]);
  } catch {
    return NaN;
  }
}

const read = (file: string): string => readFileSync(file, 'latin1');
