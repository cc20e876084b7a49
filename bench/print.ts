import { basename } from 'node:path';

/** A line of a bench: what was measured and how it stands to what was measured beside it. */
export interface Row {
  what: string;
  value: number;
  unit: string;
  /** For example "3.1 x openssl CLI". */
  beside?: string;
  /** What was aimed at, and whether it was reached. */
  goal?: { text: string; met: boolean };
}

async function main(file: string): Promise<void> {
  const { run } = (await import(file)) as { run(): Promise<Row[]> };
  const rows = await run();
  const table = rows.map(({ what, value, unit, beside = '', goal }) => [
    what,
    `${value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 })} ${unit}`,
    beside,
    goal ? `${goal.met ? 'met' : 'MISSED'}: ${goal.text}` : '',
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  console.log(`\n${basename(file, '.bench.ts')}`);
  for (const row of table) console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`);
}

if (require.main === module) {
  main(process.argv[2] ?? '').catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
