import { codedError, type Warning } from '../model/errors';

/** What a file holds; tools and people choose by it. */
export type ExportFileKind =
  | 'certificate'
  | 'chain'
  | 'trust'
  | 'private-key'
  | 'request'
  | 'crl'
  | 'source'
  | 'configuration'
  | 'passwords'
  | 'text';

/** A file in memory. Its name never contains a folder. */
export interface ExportFile {
  name: string;
  kind: ExportFileKind;
  /** {@link PUBLIC_MODE}, or {@link SECRET_MODE} for whatever holds a key or a password. */
  mode: number;
  content: Buffer;
}

/** Everything one export makes, before a byte of it is written. */
export interface ExportPlan {
  files: ExportFile[];
  warnings: Warning[];
}

export const PUBLIC_MODE = 0o644;
export const SECRET_MODE = 0o600;

/** A file that anybody may read. */
export function publicFile(name: string, kind: ExportFileKind, content: Buffer | string): ExportFile {
  return { name, kind, mode: PUBLIC_MODE, content: Buffer.from(content) };
}

/** A file that only its owner may read. */
export function secretFile(name: string, kind: ExportFileKind, content: Buffer | string): ExportFile {
  return { name, kind, mode: SECRET_MODE, content: Buffer.from(content) };
}

/**
 * The last check of every layout: no file would replace another one of the same export.
 *
 * Names are compared without case, because Windows and macOS do.
 *
 * @throws INPUT_FOLDER naming the file
 */
export function checkedPlan(plan: ExportPlan): ExportPlan {
  const seen = new Set<string>();
  for (const { name } of plan.files) {
    const key = name.toLowerCase();
    if (seen.has(key)) {
      throw codedError(
        'INPUT_FOLDER',
        `two files of one export would be called ${name}`,
        { field: 'baseName', value: name },
        'Change the base name, or export the certificates one after the other into different folders',
      );
    }
    seen.add(key);
  }
  return plan;
}
