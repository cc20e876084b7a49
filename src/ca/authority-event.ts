import type { InventoryRecord } from '../store/inventory';
import { daysRemaining } from '../model/duration';

/** What a CA tells of itself (DESIGN.md §1.6; contract). */
export const AUTHORITY_EVENTS = [
  'issued',
  'renewed',
  'revoked',
  'due',
  'expiring',
  'expired',
  'crl-refreshed',
  'crl-overdue',
  'ca-expiring',
] as const;

export type AuthorityEventName = (typeof AUTHORITY_EVENTS)[number];

/** The argument of every event. For events of the CA or its CRL the certificate is the CA's own. */
export interface AuthorityEvent {
  event: AuthorityEventName;
  serialNumber: string;
  commonName: string;
  /** Common name of the CA. */
  ca: string;
  /** ISO 8601; of a CRL its nextUpdate. */
  notAfter: string;
  /** Whole days until notAfter, rounded down; negative afterwards. */
  daysRemaining: number;
}

export function eventOf(
  event: AuthorityEventName,
  about: Pick<InventoryRecord, 'serialNumber' | 'commonName' | 'notAfter'>,
  ca: string,
  now: number,
): AuthorityEvent {
  const { serialNumber, commonName } = about;
  const notAfter = new Date(about.notAfter);
  return {
    event,
    serialNumber,
    commonName,
    ca,
    notAfter: notAfter.toISOString(),
    daysRemaining: daysRemaining(notAfter, now),
  };
}
