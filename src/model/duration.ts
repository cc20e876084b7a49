import { codedError } from './errors';
import { shownValue } from './shown-value';

/** When to act before an end: at a share of the lifetime remaining, or a number of days before. */
export type RenewalThreshold = { kind: 'percent'; percent: number } | { kind: 'days'; days: number };

export const DAY_MS = 86_400_000;
const MAX_DAYS = 36_500;

/**
 * Read `"33%"` (of the lifetime remaining) or `"30d"`.
 *
 * @throws INPUT_VALIDITY
 */
export function parseThreshold(text: string): RenewalThreshold {
  const match = typeof text === 'string' ? /^\s*(\d{1,5}(?:\.\d{1,3})?)\s*(%|d|days?)\s*$/.exec(text) : null;
  const amount = Number(match?.[1]);
  if (match?.[2] === '%' && amount > 0 && amount < 100) return { kind: 'percent', percent: amount };
  if (match && match[2] !== '%' && amount > 0 && amount <= MAX_DAYS) return { kind: 'days', days: amount };
  throw codedError(
    'INPUT_VALIDITY',
    `${shownValue(text)} is not a time before the end`,
    { value: shownValue(text) },
    'Write a share of the lifetime that remains, such as 33%, or days, such as 30d',
  );
}

/** The instant from which the remaining lifetime is at or below the threshold. May lie before `notBefore`. */
export function dueAt(threshold: RenewalThreshold, notBefore: Date, notAfter: Date): Date {
  const end = notAfter.getTime();
  if (threshold.kind === 'days') return new Date(end - threshold.days * DAY_MS);
  return new Date(end - ((end - notBefore.getTime()) * threshold.percent) / 100);
}

/**
 * As {@link dueAt}, for renewing: never before half of the lifetime, because a threshold longer than the lifetime
 * (30 days for a certificate of 20) would renew for ever. Numbers, because it is asked of 100,000 certificates at once.
 *
 * @param notBefore milliseconds since 1970
 * @param notAfter milliseconds since 1970
 * @returns milliseconds since 1970, whole ones
 */
export function renewAt(threshold: RenewalThreshold, notBefore: number, notAfter: number): number {
  const lifetime = notAfter - notBefore;
  const ahead =
    threshold.kind === 'days' ? Math.min(threshold.days * DAY_MS, lifetime / 2) : (lifetime * threshold.percent) / 100;
  return Math.trunc(notAfter - ahead);
}

/** A CA is due a year ahead: every device needs the new root before the old one ends. */
export const AUTHORITY_DUE_DAYS = 365;

/** Whole days until the end, rounded down; negative afterwards. */
export function daysRemaining(notAfter: Date, now: number): number {
  return Math.floor((notAfter.getTime() - now) / DAY_MS);
}

/** Share of the lifetime that is over, 0 to 1. */
export function lifetimeUsed(notBefore: Date, notAfter: Date, now: number): number {
  const length = notAfter.getTime() - notBefore.getTime();
  if (length <= 0) return 1;
  return Math.min(1, Math.max(0, (now - notBefore.getTime()) / length));
}
