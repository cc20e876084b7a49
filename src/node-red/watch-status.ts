import type { Node, NodeAPI } from 'node-red';
import type { Upcoming } from '../ca/outlook';
import { DAY_MS } from '../model/duration';
import type { WatchView } from './authority-watch';
import { codedError } from '../model/errors';
import { errorWords, showStatus, statusText, type StatusName } from './status';

const HOUR_MS = 3_600_000;

/** Show what is due, and what comes next. */
export function showWatch(RED: NodeAPI, node: Pick<Node, 'status'>, { standing, next }: WatchView, now: number): void {
  if (standing.some(({ event }) => event === 'crl-overdue')) return showStatus(RED, node, 'watchOverdue');
  const [first] = standing;
  // It stands so for a year: what is due of certificates is told beside it by their number.
  if (first?.event === 'ca-expiring' && standing.length === 1) {
    if (first.daysRemaining < 0) return showStatus(RED, node, 'failed', { reason: errorWords(RED, ended()) });
    return showStatus(RED, node, 'authorityEnding', { days: first.daysRemaining });
  }
  const upcoming = next && upcomingWords(next, now);
  if (!first) return showStatus(RED, node, upcoming?.status ?? 'watchQuiet', upcoming?.values);
  const name = standing.length === 1 ? first.commonName : `${standing.length}`;
  if (!upcoming) return showStatus(RED, node, 'watchDue', { name });
  showStatus(RED, node, 'watchDueAndNext', {
    due: statusText(RED, 'watchDue', { name }),
    next: statusText(RED, upcoming.status, upcoming.values),
  });
}

const ended = () => codedError('CA_EXPIRED', 'the CA certificate has expired');

/** Rounded down, so that nothing comes earlier than it says. */
function upcomingWords(
  { event, at }: Upcoming,
  now: number,
): { status: StatusName; values: Record<string, string | number> } {
  const name = event.commonName;
  const left = at - now;
  if (left >= 2 * DAY_MS) return { status: 'watchNextDays', values: { name, days: Math.floor(left / DAY_MS) } };
  if (left >= 2 * HOUR_MS) return { status: 'watchNextHours', values: { name, hours: Math.floor(left / HOUR_MS) } };
  return { status: 'watchNextSoon', values: { name } };
}
