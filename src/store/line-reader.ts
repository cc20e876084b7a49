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
    // Many lines are decoded at once: a call for each is a fifth of the time of a large index.
    const feed = bytes.length - start > BLOCK_BYTES ? bytes.indexOf(LINE_FEED, start + BLOCK_BYTES) : -1;
    const end = feed === -1 ? bytes.length : feed + 1;
    const block = bytes.toString('utf8', start, end);
    for (let from = 0; from < block.length;) {
      const found = block.indexOf('\n', from);
      const to = found === -1 ? block.length : found;
      lineNumber += 1;
      visit(block.slice(from, to), lineNumber);
      from = to + 1;
      if (lineNumber % LINES_PER_TURN === 0) await nextTurn();
    }
    start = end;
  }
}

const LINE_FEED = 0x0a;
const BLOCK_BYTES = 16 * 1024;

/** Bytes up to and with the last line feed; what follows is a line whose writing was interrupted. */
export function wholeLines(bytes: Buffer): { whole: Buffer; torn: Buffer } {
  const end = bytes.lastIndexOf(0x0a) + 1;
  return { whole: bytes.subarray(0, end), torn: bytes.subarray(end) };
}
