import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock, Timer } from '../model/clock';
import { writeFully } from './atomic-file';
import { readBoundedIfThere } from './bounded-file';
import type { FileSystem } from './file-system';
import { removeFile } from './folder';
import { CA_LOCK, type LockKind } from './lock-kind';
import { formatLockRecord, parseLockRecord, type LockRecord } from './lock-record';
import { systemProcessTable, type ProcessTable } from './process-identity';
import { errnoOf, storing } from './store-error';

export const HEARTBEAT_MS = 5_000;
/** A lock without heartbeat for this long may be taken over. */
export const STALE_MS = 30_000;
/** Longer than one heartbeat: a living owner whose lock only looks old (the clock jumped) shows itself meanwhile. */
const WATCH_MS = HEARTBEAT_MS + 1_000;
const LOCK_LIMIT = 4096;
const ATTEMPTS = 5;

/** Ids held in this process, by whatever copy of this package: a record of ours that is not among them is a left-over. */
const HELD = Symbol.for('@flowcerts/node-red-secure-mqtt/held-locks');
const heldIds = ((globalThis as { [HELD]?: Set<string> })[HELD] ??= new Set());

export interface LockOptions {
  fs: FileSystem;
  clock: Clock;
  processes?: ProcessTable;
  /** What is locked; default: a CA folder. */
  kind?: LockKind;
}

/** True for the names a lock leaves in a CA folder. */
export function isLockName(name: string): boolean {
  return name === CA_LOCK.name || /^lock\.[0-9a-f]+\.(claim|new)$/.test(name);
}

/**
 * The right to write into a folder, held by one process at a time.
 *
 * The file is made with O_EXCL. A stale one is replaced by the single process that made the claim file named after the
 * stale lock's id, so of two that find the same stale lock only one gets it. The owner re-reads the id before each
 * commit: a process that slept too long finds out before it writes.
 */
export class FolderLock {
  readonly id: string;
  readonly #path: string;
  readonly #options: LockOptions;
  readonly #record: LockRecord;
  #timer: Timer | undefined;
  #released = false;

  private constructor(path: string, record: LockRecord, options: LockOptions) {
    this.id = record.id;
    this.#path = path;
    this.#record = record;
    this.#options = options;
    heldIds.add(this.id);
    this.#beatLater();
  }

  /**
   * Take the lock of a folder.
   *
   * @throws CA_LOCKED, or the code of the kind, with `cause.owner` {host, pid, heartbeat}; STORE_PERMISSION, STORE_READ_ONLY, STORE_FULL …
   */
  static async acquire(folder: string, options: LockOptions): Promise<FolderLock> {
    const { kind = CA_LOCK, processes = systemProcessTable } = options;
    const path = join(folder, kind.name);
    const id = randomBytes(16).toString('hex');
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const record = { id, ...processes.self(), heartbeatAt: options.clock.now() };
      if (await create(options.fs, path, record, kind)) return new FolderLock(path, record, options);
      const found = await read(options.fs, path);
      if (found === undefined) continue; // Released meanwhile.
      if (!(await isStale(path, found, options, processes))) throw locked(path, found.record, kind);
      if (await takeOver(options.fs, path, found, record, processes, kind))
        return new FolderLock(path, record, options);
    }
    throw locked(path, (await read(options.fs, path))?.record, kind);
  }

  /** @throws CA_LOCKED, or the code of the kind, when the lock is no longer ours */
  async assertOwned(): Promise<void> {
    const found = this.#released ? undefined : await read(this.#options.fs, this.#path);
    if (found?.record?.id !== this.id) throw locked(this.#path, found?.record, this.#options.kind);
  }

  /** Give the lock back. Never throws: what stays behind is a left-over that the next owner recognises. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#timer?.cancel();
    try {
      await this.assertOwned();
      await removeFile(this.#options.fs, this.#path);
    } catch {
      // Lost, or the disk refuses.
    }
    this.#released = true;
    heldIds.delete(this.id);
  }

  #beatLater(): void {
    this.#timer = this.#options.clock.setTimer(HEARTBEAT_MS, () => {
      void this.#beat().finally(() => {
        if (!this.#released) this.#beatLater();
      });
    });
  }

  /**
   * Write the time into the file that was read, never into a new one: when somebody has taken over (by rename)
   * between the two, the write goes to the old file that has no name any more.
   */
  async #beat(): Promise<void> {
    try {
      const file = await this.#options.fs.open(this.#path, 'r+');
      try {
        const bytes = Buffer.alloc(LOCK_LIMIT);
        const { bytesRead } = await file.read(bytes, 0, LOCK_LIMIT, 0);
        if (parseLockRecord(bytes.toString('utf8', 0, bytesRead))?.id !== this.id) return;
        await writeFully(file, formatLockRecord({ ...this.#record, heartbeatAt: this.#options.clock.now() }), 0);
      } finally {
        await file.close();
      }
    } catch {
      // The next heartbeat may succeed; if not, assertOwned() decides before anything is written.
    }
  }
}

interface FoundLock {
  text: string;
  record: LockRecord | undefined;
}

async function read(fs: FileSystem, path: string): Promise<FoundLock | undefined> {
  const bytes = await readBoundedIfThere(fs, path, { limit: LOCK_LIMIT, what: 'the lock' });
  const text = bytes?.toString('utf8');
  return text === undefined ? undefined : { text, record: parseLockRecord(text) };
}

/** @returns false when the file exists */
function create(fs: FileSystem, path: string, record: LockRecord, { mode }: LockKind): Promise<boolean> {
  return storing('create the lock', path, async () => {
    let file;
    try {
      file = await fs.open(path, 'wx', mode);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return false;
      throw error;
    }
    try {
      await writeFully(file, formatLockRecord(record), 0);
    } catch (error) {
      await fs.unlink(path).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
    return true;
  });
}

async function isStale(
  path: string,
  found: FoundLock,
  { fs, clock }: LockOptions,
  processes: ProcessTable,
): Promise<boolean> {
  const { record } = found;
  if (record?.pid === processes.self().pid && processes.stateOf(record) === 'alive') return !heldIds.has(record.id);
  if (record && processes.stateOf(record) === 'dead') return true;
  const lastSign = record?.heartbeatAt ?? (await storing('look at', path, () => fs.stat(path))).mtimeMs;
  if (Math.abs(clock.now() - lastSign) < STALE_MS) return false;
  await new Promise<void>((resolve) => clock.setTimer(WATCH_MS, resolve));
  return (await read(fs, path))?.text === found.text;
}

/** @returns false when somebody else was faster, or the owner woke up */
async function takeOver(
  fs: FileSystem,
  path: string,
  stale: FoundLock,
  record: LockRecord,
  processes: ProcessTable,
  kind: LockKind,
): Promise<boolean> {
  const claim = `${path}.${stale.record?.id ?? '0'}.claim`;
  const replacement = `${path}.${record.id}.new`;
  if (!(await create(fs, claim, record, kind))) {
    await dropAbandonedClaim(fs, claim, record.heartbeatAt, processes);
    return false;
  }
  try {
    // Whoever holds the claim is the only one who may replace this lock, but it may have been replaced before.
    if ((await read(fs, path))?.text !== stale.text) return false;
    if (!(await create(fs, replacement, record, kind))) return false;
    await storing('replace', path, () => fs.rename(replacement, path));
    return (await read(fs, path))?.record?.id === record.id;
  } finally {
    await fs.unlink(replacement).catch(() => undefined);
    await fs.unlink(claim).catch(() => undefined);
  }
}

/** A process that died between claim and replacement must not keep the folder closed for ever. */
async function dropAbandonedClaim(fs: FileSystem, claim: string, now: number, processes: ProcessTable): Promise<void> {
  const found = await read(fs, claim);
  const dead = found?.record !== undefined && processes.stateOf(found.record) === 'dead';
  const old = found?.record !== undefined && Math.abs(now - found.record.heartbeatAt) > STALE_MS;
  if (dead || old) await removeFile(fs, claim);
}

function locked(path: string, owner: LockRecord | undefined, kind: LockKind = CA_LOCK) {
  const facts = owner && {
    host: owner.host,
    pid: owner.pid,
    heartbeat: new Date(owner.heartbeatAt).toISOString(),
  };
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
  return kind.refuse(who, { path, ...(facts && { owner: facts }), staleAfterMs: STALE_MS });
}
