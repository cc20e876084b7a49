import { element } from './dom';
import { dateText } from './language';
import { sharedText } from './text';

interface Lifetime {
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  /** Rounded down; negative once it is over. */
  daysRemaining: number;
  /** 0 to 1. */
  lifetimeUsed: number;
}

/** Share of the lifetime that is left from which a bar changes its colour; as the probe's own thresholds. */
const COLOURS: readonly { atMost: number; state: string }[] = [
  { atMost: 0.1, state: 'critical' },
  { atMost: 0.33, state: 'warning' },
  { atMost: 1, state: 'ok' },
];

/**
 * How much of a lifetime is over, as a bar with the words beside it: nobody has to see a colour.
 *
 * It can be reached by the keyboard and read as a meter.
 */
export function lifetimeBar(lifetime: Lifetime): HTMLElement {
  const { lifetimeUsed, notAfter, notBefore, daysRemaining } = lifetime;
  const left = 1 - lifetimeUsed;
  const text = lifetimeText(daysRemaining, notAfter);
  const bar = element('div', {
    class: 'secure-mqtt-lifetime',
    title: sharedText('probe.lifetime.span', { from: dateText(notBefore), until: dateText(notAfter) }),
  });
  bar.tabIndex = 0;
  bar.dataset.state = COLOURS.find(({ atMost }) => left <= atMost)?.state ?? 'ok';
  bar.setAttribute('role', 'meter');
  bar.setAttribute('aria-label', sharedText('probe.lifetime.label'));
  bar.setAttribute('aria-valuemin', '0');
  bar.setAttribute('aria-valuemax', '100');
  bar.setAttribute('aria-valuenow', String(Math.round(lifetimeUsed * 100)));
  bar.setAttribute('aria-valuetext', text);
  const used = element('span');
  used.style.width = `${(lifetimeUsed * 100).toFixed(1)}%`;
  bar.append(used);
  return element('div', { class: 'secure-mqtt-lifetime-row' }, bar, element('span', { text }));
}

function lifetimeText(days: number, notAfter: string): string {
  const date = dateText(notAfter);
  // Rounded down: -1 is less than a day ago.
  if (days < 0) return days === -1 ? sharedText('probe.lifetime.ended', { date }) : overText(date, -days - 1);
  return days === 0 ? sharedText('probe.lifetime.today', { date }) : sharedText('probe.lifetime.left', { date, days });
}

function overText(date: string, days: number): string {
  return sharedText('probe.lifetime.over', { date, days });
}
