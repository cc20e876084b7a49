import path from 'node:path';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { isUnsafeInLine } from './configuration-text';

/**
 * The folder that a node exports into. Only the node's own setting decides, never a message.
 *
 * @param folder as configured: relative to the user directory; empty: `export/<layout>`
 * @param forbidden folders of the package (the CA's, its state), which an export would overwrite or lay open
 * @returns absolute
 * @throws INPUT_FOLDER
 */
export function exportFolder(
  { folder, layout }: { folder: string; layout: string },
  userDir: string,
  forbidden: readonly string[],
): string {
  const refused = (why: string): Error =>
    codedError(
      'INPUT_FOLDER',
      `the folder ${shownValue(folder)} ${why}`,
      { field: 'folder', value: shownValue(folder) },
      'Choose another folder in the export node, such as export/broker',
    );
  if (isUnsafeInLine(folder)) throw refused('holds a control character');
  const resolved = path.resolve(userDir, folder.trim() || path.join('export', layout));
  for (const one of forbidden) {
    if (isWithin(resolved, one)) throw refused(`lies in ${one}, which holds the files of a CA`);
  }
  return resolved;
}

function isWithin(folder: string, above: string): boolean {
  const relative = path.relative(path.resolve(above), folder);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
