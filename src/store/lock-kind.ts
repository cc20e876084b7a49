import { codedError, type CodedError } from '../model/errors';

/** What a lock protects. */
export interface LockKind {
  /** File name. */
  name: string;
  /** Permission bits. */
  mode: number;
  /** How the second one is told. @param owner in words */
  refuse(owner: string, facts: Record<string, unknown>): CodedError;
}

/** A CA folder, held as long as the CA is open. */
export const CA_LOCK: LockKind = {
  name: 'lock',
  mode: 0o600,
  refuse: (owner, facts) =>
    codedError(
      'CA_LOCKED',
      `the CA folder is used by ${owner}`,
      facts,
      'Stop the other Node-RED or give each its own CA folder; the lock of a process that died is taken over after 30 s',
    ),
};

/** A folder of export, held as long as an export takes. A Node-RED of another user must be able to see whose it is. */
export const EXPORT_LOCK: LockKind = {
  name: '.secure-mqtt-lock',
  mode: 0o644,
  refuse: (owner, facts) =>
    codedError(
      'STORE_LOCKED',
      `${owner} is writing into the export folder`,
      facts,
      'Give each Node-RED a folder of its own to export into; the lock of a process that died is taken over after 30 s',
    ),
};
