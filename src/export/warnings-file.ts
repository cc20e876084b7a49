import type { Warning } from '../model/errors';
import { publicFile, type ExportFile } from './export-plan';

/** What must be said beside the files of a .zip, which has no message to say it in; none when there is nothing. */
export function warningsFile(warnings: readonly Warning[]): ExportFile[] {
  const texts = warnings.map(({ code, message, hint }) => `${code}: ${message}. ${hint}.\n`);
  return texts.length > 0 ? [publicFile('warnings.txt', 'text', texts.join('\n'))] : [];
}
