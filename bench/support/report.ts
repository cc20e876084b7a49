import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { BRIEF } from './options';

const RESULTS = join(__dirname, '..', 'results.md');
const HEAD = `# Results of the benches

Written by \`npm run bench\`; what dominates stands in [docs/performance.md](../docs/performance.md). Only the ratios mean
something: the figures beside them depend on the machine and on what else it did.
`;

/** A table as Markdown with padded columns, so that it can be read in a terminal too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Print what a bench found, and put it into its chapter of `bench/results.md`; a brief run is not worth keeping. */
export function report(bench: string, lines: readonly string[]): void {
  const text = lines.join('\n');
  process.stdout.write(`${text}\n`);
  if (BRIEF) return;
  const machine = `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`;
  const chapter = `## ${bench}\n\n${machine}, ${new Date().toISOString().slice(0, 10)}\n\n${text.trim()}\n`;
  const old = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : HEAD;
  const [head = HEAD, ...chapters] = old.split(/^(?=## )/m);
  const others = chapters.filter((each) => !each.startsWith(`## ${bench}\n`)).map((each) => `${each.trim()}\n`);
  writeFileSync(RESULTS, [`${head.trim()}\n`, ...[...others, chapter].sort()].join('\n'));
}
