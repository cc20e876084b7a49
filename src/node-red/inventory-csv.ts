import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JudgedEntry } from '../ca/certificate-compatibility';
import { csvLine, type CsvCell } from '../encoding/csv';
import { deviceStacks } from '../model/device-stacks';

/** Lines between two turns of the event loop; some milliseconds of work. */
const LINES_PER_TURN = 500;

/** The columns in their order, each named as the field of an entry. Names are separated by blanks. */
const COLUMNS: Record<keyof Omit<JudgedEntry, 'compatibility'>, (entry: JudgedEntry) => CsvCell> = {
  serialNumber: (entry) => entry.serialNumber,
  commonName: (entry) => entry.commonName,
  profile: (entry) => entry.profile,
  keyType: (entry) => entry.keyType,
  subjectAltNames: (entry) => entry.subjectAltNames.join(' '),
  notBefore: (entry) => entry.notBefore,
  notAfter: (entry) => entry.notAfter,
  daysRemaining: (entry) => entry.daysRemaining,
  status: (entry) => entry.status,
  revokedAt: (entry) => entry.revokedAt,
  reason: (entry) => entry.reason,
  replacedBy: (entry) => entry.replacedBy,
  sharesKeyWith: (entry) => entry.sharesKeyWith?.join(' '),
  fingerprint256: (entry) => entry.fingerprint256,
  hasKey: (entry) => entry.hasKey,
};

/** An inventory as a table for a spreadsheet, with a line of column names; the verdict of each stack is a column. */
export async function inventoryCsv(entries: readonly JudgedEntry[]): Promise<string> {
  const stacks = deviceStacks();
  const columns = [
    ...Object.values(COLUMNS),
    ...stacks.map(
      (stack) =>
        ({ compatibility }: JudgedEntry) =>
          compatibility[stack].verdict,
    ),
  ];
  const lines = [csvLine([...Object.keys(COLUMNS), ...stacks])];
  for (const entry of entries) {
    lines.push(csvLine(columns.map((cellOf) => cellOf(entry))));
    if (lines.length % LINES_PER_TURN === 0) await nextTurn();
  }
  return lines.join('');
}
