const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A length of time in its largest whole unit: "3 days", "5 hours", "12 minutes". */
export function ago(milliseconds: number): string {
  const [size, unit] =
    milliseconds >= DAY_MS ? [DAY_MS, 'day'] : milliseconds >= HOUR_MS ? [HOUR_MS, 'hour'] : [MINUTE_MS, 'minute'];
  const amount = Math.max(1, Math.floor(milliseconds / size));
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
