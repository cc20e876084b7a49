import { setImmediate as nextTurn } from 'node:timers/promises';

/** About a millisecond of parsing or formatting. */
export const LINES_PER_TURN = 500;

/**
 * Go through the lines of a file, with a turn of the event loop now and then: a CA of 100,000 certificates must not
 * hold up the flows while it is opened.
 *
 * @param bytes the file; every line ends in a line feed
 * @param visit gets each line without its line feed, and its number from 1
 */
export async function forEachLine(bytes: Buffer, visit: (line: string, lineNumber: number) => void): Promise<void> {
  let lineNumber = 0;
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed === -1 ? bytes.length : feed;
    lineNumber += 1;
    visit(bytes.toString('utf8', start, end), lineNumber);
    start = end + 1;
    if (lineNumber % LINES_PER_TURN === 0) await nextTurn();
  }
}

/** Bytes up to and with the last line feed; what follows is a line whose writing was interrupted. */
export function wholeLines(bytes: Buffer): { whole: Buffer; torn: Buffer } {
  const end = bytes.lastIndexOf(0x0a) + 1;
  return { whole: bytes.subarray(0, end), torn: bytes.subarray(end) };
}
