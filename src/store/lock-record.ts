import type { ProcessIdentity } from './process-identity';

/** The content of a lock file: who holds it, and when that process last said so. */
export interface LockRecord extends ProcessIdentity {
  /** Random; names this one taking of the lock. */
  id: string;
  /** Milliseconds since 1970. */
  heartbeatAt: number;
}

/** Every record of one process has the same length, so that a heartbeat overwrites the last one in place. */
export function formatLockRecord(record: LockRecord): string {
  const { heartbeatAt, ...owner } = record;
  return `${JSON.stringify({ ...owner, heartbeat: new Date(heartbeatAt).toISOString() })}\n`;
}

/** Read a lock file; `undefined` when it holds no record (its writer has just created it, or a power cut emptied it). */
export function parseLockRecord(text: string): LockRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const { id, host, bootId, pidNamespace, pid, startTime, heartbeat } = value as Record<string, unknown>;
    const heartbeatAt = Date.parse(String(heartbeat));
    if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id) || Number.isNaN(heartbeatAt)) return undefined;
    if (typeof host !== 'string' || typeof pid !== 'number') return undefined;
    return {
      id,
      host,
      bootId: String(bootId ?? ''),
      pidNamespace: String(pidNamespace ?? ''),
      pid,
      startTime: String(startTime ?? ''),
      heartbeatAt,
    };
  } catch {
    return undefined;
  }
}
