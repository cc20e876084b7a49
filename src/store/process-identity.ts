import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process on which machine since which start: enough to tell a living owner of a lock from a dead one. */
export interface ProcessIdentity {
  host: string;
  /** Changes with every start of the machine; empty where the system does not tell. */
  bootId: string;
  /** Two containers of one machine may share host name and boot id, and count their processes apart. */
  pidNamespace: string;
  pid: number;
  /** Clock ticks from boot to the start of the process; a number used again belongs to another start. */
  startTime: string;
}

/** How to ask about processes; a parameter, so that tests can play machine. */
export interface ProcessTable {
  self(): ProcessIdentity;
  /** `unknown` when the process is of another machine or container. */
  stateOf(process: ProcessIdentity): 'alive' | 'dead' | 'unknown';
}

export const systemProcessTable: ProcessTable = {
  self: () => ({
    host: hostname(),
    bootId: readOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: readOr('', () => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    startTime: startTimeOf(process.pid),
  }),
  stateOf(other) {
    const self = this.self();
    if (other.host !== self.host) return 'unknown';
    // The machine was started again: nothing of before is alive.
    if (other.bootId !== self.bootId) return 'dead';
    if (other.pidNamespace !== self.pidNamespace) return 'unknown';
    return isAlive(other.pid) && startTimeOf(other.pid) === other.startTime ? 'alive' : 'dead';
  },
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** Field 22 of `/proc/<pid>/stat` (proc(5)); the name in field 2 may hold spaces, so count from its bracket. */
function startTimeOf(pid: number): string {
  return readOr('', () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });
}

function readOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
