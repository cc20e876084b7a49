import { codedError, isCodedError, type Warning } from '../model/errors';
import type { ExportFileKind, ExportPlan } from './export-plan';

/** What tls-export sends as `msg.payload` (DESIGN.md §1.3; contract). */
export interface ExportResult {
  /** Absolute path; empty when the files are in the message. */
  folder: string;
  files: ExportedFile[];
  warnings: Warning[];
}

/** A file that was written (`path`) or is in the message (`bytes`). */
export interface ExportedFile {
  name: string;
  /** Absolute. */
  path?: string;
  kind: ExportFileKind;
  /** Permission bits, as of `fs.stat`: 0o644, or 0o600 for whatever holds a key or a password. */
  mode: number;
  bytes?: Buffer;
}

/** Where files are written: below one folder and nowhere else. */
export interface FileSink {
  /** Absolute path. */
  readonly folder: string;
  /**
   * Replace one file atomically.
   *
   * @returns its absolute path
   */
  write(name: string, content: Buffer, options: { mode: number }): Promise<string>;
  /** Work while no other process does in the folder. */
  alone?<T>(work: () => Promise<T>): Promise<T>;
  /** Permission bits that a written file really has; @param path absolute */
  modeOf?(path: string, asked: number): Promise<number>;
}

/** A plan as a message; nothing touches the disk. */
export function inMessage({ files, warnings }: ExportPlan): ExportResult {
  return {
    folder: '',
    files: files.map(({ name, kind, mode, content }) => ({ name, kind, mode, bytes: content })),
    warnings,
  };
}

/**
 * Write a plan. Certificates and keys go first and the configuration that names them last, so that a
 * broker that starts meanwhile finds all of it.
 *
 * Exports into one folder take turns: the files of two of them never mix to a key without its certificate.
 *
 * @throws STORE_… of the folder, with `cause.written`: the names that were replaced before
 */
export async function writePlan({ files, warnings }: ExportPlan, sink: FileSink): Promise<ExportResult> {
  const written: ExportedFile[] = [];
  let file: string | undefined;
  try {
    await inTurn(sink, async () => {
      for (const { name, kind, mode, content } of files) {
        file = name;
        const path = await sink.write(name, content, { mode });
        written.push({ name, path, kind, mode: (await sink.modeOf?.(path, mode)) ?? mode });
      }
    });
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const facts = { ...(file !== undefined && { file }), written: written.map(({ name }) => name) };
    throw codedError(error.code, error.message, { ...facts, ...error.cause }, error.hint);
  }
  return { folder: sink.folder, files: written, warnings };
}

const lastTurn = new Map<string, Promise<unknown>>();

/** Exports into one folder take turns, those of other processes, too. */
export async function inTurn<T>(place: Pick<FileSink, 'folder' | 'alone'>, work: () => Promise<T>): Promise<T> {
  const { folder } = place;
  const run = () => (place.alone ? place.alone(work) : work());
  const turn = (lastTurn.get(folder) ?? Promise.resolve()).then(run, run);
  lastTurn.set(folder, turn);
  try {
    return await turn;
  } finally {
    if (lastTurn.get(folder) === turn) lastTurn.delete(folder);
  }
}
