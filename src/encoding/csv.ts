/** What a cell may hold; numbers and booleans are written as they are. */
export type CsvCell = string | number | boolean | undefined;

/**
 * A text that a spreadsheet would take for a formula (OWASP "CSV Injection"): names of certificates come from requests
 * of others.
 */
const FORMULA = /^[\s\0]*[=+\-@＝＋－＠]|^[\t\r\n]/;
/** Texts of other characters are quoted, not only those that RFC 4180 wants quoted: some countries separate by `;` or TAB. */
const PLAIN = /^[\w .:/@+*='-]*$/;

/**
 * One line of a CSV file (RFC 4180), with its CR LF.
 *
 * A text that looks like a formula gets an apostrophe in front: spreadsheets then show it as the text it is.
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(formatCell).join(',')}\r\n`;
}

function formatCell(cell: CsvCell): string {
  if (typeof cell !== 'string') return cell === undefined ? '' : String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return PLAIN.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}
