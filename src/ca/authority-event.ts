import type { AuthorityEventName } from '../model/authority-event-name';
import { daysRemaining } from '../model/duration';
import type { InventoryRecord } from '../store/inventory';

export { AUTHORITY_EVENTS, type AuthorityEventName } from '../model/authority-event-name';

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
