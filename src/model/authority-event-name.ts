/** What a CA tells of itself, and `tls-watch` sends on (DESIGN.md §1.6; contract). */
export const AUTHORITY_EVENTS = [
  'due',
  'expiring',
  'expired',
  'issued',
  'renewed',
  'revoked',
  'crl-refreshed',
  'crl-overdue',
  'ca-expiring',
] as const;

export type AuthorityEventName = (typeof AUTHORITY_EVENTS)[number];
