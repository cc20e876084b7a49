import { AUTHORITY_EVENTS, type AuthorityEventName } from '../authority-event-name';

/** Properties of `tls-watch` (DESIGN.md §1.6; contract). */
export interface TlsWatchConfig {
  version: number;
  name: string;
  ca: string;
  /** What is sent on. */
  events: AuthorityEventName[];
}

export const TLS_WATCH_DEFAULTS: TlsWatchConfig = {
  version: 1,
  name: '',
  ca: '',
  events: [...AUTHORITY_EVENTS],
};
