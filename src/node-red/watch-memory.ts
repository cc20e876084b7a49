import type { AuthorityEvent, AuthorityEventName } from '../ca/certificate-authority';
import type { AuthorityMark } from '../ca/authority-changes';
import { EXPIRY_STAGES, type ExpiryStage } from '../ca/expiry-stage';
import { DAY_MS } from '../model/duration';
import { isPlainObject } from './payload';

/** What ended longer ago is history: it is not told, and what was told of it is forgotten. */
const HISTORY_MS = 366 * DAY_MS;

/** What a tls-watch remembers over restarts; plain data for a state file. */
export interface WatchMemory {
  /** SHA-256 fingerprint of the CA. */
  ca: string;
  /** What was issued and revoked up to here has been told. */
  mark: AuthorityMark;
  /** The last stage told of a certificate and its end (milliseconds since 1970), by serial number. */
  stages: Record<string, [stage: ExpiryStage, notAfter: number]>;
  /** The end of the CRL that was last told to be overdue; ISO 8601. */
  overdue: string;
  authorityExpiring: boolean;
}

/** The memory of one who has seen nothing but what there is now. */
export function newMemory(ca: string, mark: AuthorityMark): WatchMemory {
  return { ca, mark, stages: {}, overdue: '', authorityExpiring: false };
}

/** What was stored, if it is of this CA and as we write it. */
export function readMemory(stored: unknown, ca: string): WatchMemory | undefined {
  if (!isPlainObject(stored) || stored.ca !== ca) return undefined;
  const { mark, stages } = stored;
  if (!isPlainObject(mark) || !isPlainObject(mark.revoked) || !isPlainObject(stages)) return undefined;
  if (typeof mark.count !== 'number' || !Object.values(stages).every(Array.isArray)) return undefined;
  return stored as unknown as WatchMemory;
}

/**
 * What holds now, in the words of the events that are wanted: a certificate is `expired` only to those who want to
 * know that; who wants only `due` is told that it is due, also when it ran out while nobody looked.
 *
 * @param reached of the outlook: the last stage of each certificate
 */
export function standing(
  reached: readonly AuthorityEvent[],
  wanted: ReadonlySet<AuthorityEventName>,
  now: number,
): AuthorityEvent[] {
  return reached.flatMap((event) => {
    const at = EXPIRY_STAGES.indexOf(event.event as ExpiryStage);
    if (at < 0) return wanted.has(event.event) ? [event] : [];
    if (Date.parse(event.notAfter) < now - HISTORY_MS) return [];
    const stage = EXPIRY_STAGES.slice(0, at + 1).findLast((name) => wanted.has(name));
    return stage ? [{ ...event, event: stage }] : [];
  });
}

/** Those of {@link standing} that were not told yet; they count as told from now on. */
export function takeNews(memory: WatchMemory, standing: readonly AuthorityEvent[]): AuthorityEvent[] {
  return standing.filter(({ event, serialNumber, notAfter }) => {
    if (event === 'ca-expiring') {
      const isNews = !memory.authorityExpiring;
      memory.authorityExpiring = true;
      return isNews;
    }
    if (event === 'crl-overdue') {
      const isNews = memory.overdue !== notAfter;
      memory.overdue = notAfter;
      return isNews;
    }
    const stage = event as ExpiryStage;
    const told = memory.stages[serialNumber]?.[0];
    if (told && EXPIRY_STAGES.indexOf(told) >= EXPIRY_STAGES.indexOf(stage)) return false;
    memory.stages[serialNumber] = [stage, Date.parse(notAfter)];
    return true;
  });
}

/** Keep the file small: what is history is never told again. */
export function forgetHistory(memory: WatchMemory, now: number): void {
  for (const [serialNumber, [, notAfter]] of Object.entries(memory.stages)) {
    if (notAfter < now - HISTORY_MS) delete memory.stages[serialNumber];
  }
}
