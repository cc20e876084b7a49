import type { TimelineBar } from '../model/certificate-view';
import { DAY_MS } from '../model/duration';
import type { CertificateRow } from './certificate-row';

/** Where one bar ends and the next begins, in days from now: weeks, then months, then years. */
const EDGES_DAYS = [0, 7, 14, 21, 28, 60, 90, 120, 150, 180, 270, 365, 730];

/** Bars: `expired`, one for each edge, the last without an end. */
export const TIMELINE_BARS = ['expired', ...EDGES_DAYS.map((days) => `d${days}`)] as const;

/** When certificates end. What is revoked or replaced by a newer certificate ends without anybody noticing. */
export function expiryTimeline(rows: readonly CertificateRow[], now: number): TimelineBar[] {
  const bars = TIMELINE_BARS.map((bar, index): TimelineBar => {
    const [from, until] = [EDGES_DAYS[index - 1], EDGES_DAYS[index]];
    return {
      bar,
      ...(from !== undefined && { from: new Date(now + from * DAY_MS).toISOString() }),
      ...(from !== undefined && until !== undefined && { until: new Date(now + until * DAY_MS).toISOString() }),
      count: 0,
      due: 0,
    };
  });
  for (const row of rows) {
    const bar = bars[barIndex(row, now)];
    if (!bar) continue;
    bar.count += 1;
    if (row.status === 'expiring') bar.due += 1;
  }
  return bars;
}

/** True for the certificates that a bar counts. */
export function isInBar(row: CertificateRow, bar: string, now: number): boolean {
  return TIMELINE_BARS[barIndex(row, now)] === bar;
}

/** -1 for a certificate whose end matters to nobody. */
function barIndex({ status, replacedBy, notAfter }: CertificateRow, now: number): number {
  if (status === 'revoked' || replacedBy !== undefined) return -1;
  const days = (Date.parse(notAfter) - now) / DAY_MS;
  return days <= 0 ? 0 : EDGES_DAYS.findLastIndex((edge) => days >= edge) + 1;
}
