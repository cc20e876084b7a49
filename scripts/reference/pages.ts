import { codesPage } from './codes-page';
import { filesPage } from './files-page';
import { messagesPage } from './messages-page';
import { statusesPage } from './statuses-page';

/** The pages of docs/reference/: path and how the text is made. A new page is a new row. */
const PAGES: readonly (readonly [file: string, text: () => string | Promise<string>])[] = [
  ['docs/reference/messages.md', messagesPage],
  ['docs/reference/codes.md', codesPage],
  ['docs/reference/statuses.md', statusesPage],
  ['docs/reference/files.md', filesPage],
];

const NOTICE = '<!-- Written by `npm run reference` from the source; do not edit. -->\n\n';

/** Path and text of every page as it should be. */
export async function referencePages(): Promise<[file: string, text: string][]> {
  return Promise.all(PAGES.map(async ([file, text]) => [file, NOTICE + (await text())] as [string, string]));
}
