import type { TimelineBar } from '../../model/certificate-view';
import { DAY_MS } from '../../model/duration';
import { element } from '../dom';
import { countText, dateText } from '../language';
import { shortDayText, sidebarText } from './sidebar-text';

const HALF_YEAR_MS = 183 * DAY_MS;

/** A certificate among thousands must not vanish: heights grow with the logarithm. */
function heightOf(count: number, most: number): number {
  return count === 0 ? 0 : 15 + (85 * Math.log(1 + count)) / Math.log(1 + most);
}

/** The time line of expiry: a bar for each stretch of time, which is a button that shows its certificates. */
export class ExpiryBars {
  readonly element = element('div', { class: 'secure-mqtt-bars' });

  /** @param choose a bar was pressed; the one that is shown: empty for all again */
  constructor(private readonly choose: (bar: string) => void) {
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', sidebarText('timeline.label'));
  }

  show(bars: readonly TimelineBar[], chosen: string): void {
    const most = Math.max(1, ...bars.map(({ count }) => count));
    this.element.hidden = bars.every(({ count }) => count === 0);
    const focused = (document.activeElement as HTMLElement | null)?.dataset.bar;
    this.element.replaceChildren(...bars.map((bar) => this.bar(bar, most, bar.bar === chosen)));
    // The bars are made anew; whoever stood on one stays there.
    if (focused) this.element.querySelector<HTMLElement>(`[data-bar="${focused}"]`)?.focus();
  }

  private bar(bar: TimelineBar, most: number, isChosen: boolean): HTMLElement {
    const { count, due } = bar;
    const state = bar.bar === 'expired' ? 'over' : due > 0 ? 'due' : 'fine';
    const label = sidebarText(due > 0 ? 'timeline.bar' : 'timeline.bar-fine', {
      when: stretchText(bar),
      count: countText(count),
      due,
    });
    const fill = element('span', { class: `secure-mqtt-bar-fill secure-mqtt-bar-${state}` });
    fill.style.height = `${heightOf(count, most)}%`;
    const made = element(
      'button',
      { class: 'secure-mqtt-bar', title: label },
      element('span', { class: 'secure-mqtt-bar-count', text: count > 0 ? shortCount(count) : '' }),
      element('span', { class: 'secure-mqtt-bar-room' }, fill),
      element('span', { class: 'secure-mqtt-bar-edge', text: edgeText(bar) }),
    );
    made.type = 'button';
    made.dataset.bar = bar.bar;
    made.disabled = count === 0 && !isChosen;
    made.setAttribute('aria-pressed', String(isChosen));
    made.setAttribute('aria-label', label);
    made.addEventListener('click', () => this.choose(isChosen ? '' : bar.bar));
    return made;
  }
}

function stretchText({ from, until }: TimelineBar): string {
  if (!from) return sidebarText('timeline.expired');
  if (!until) return sidebarText('timeline.later', { from: shortDayText(from), year: new Date(from).getFullYear() });
  // "Nov 22 to Nov 21" would be a riddle.
  const day = Date.parse(until) - Date.parse(from) > HALF_YEAR_MS ? dateText : shortDayText;
  return sidebarText('timeline.between', { from: day(from), until: day(until) });
}

/** Below the bar: weeks from now, then months, then years. */
function edgeText({ bar }: TimelineBar): string {
  if (bar === 'expired') return sidebarText('timeline.edge-over');
  const days = Number(bar.slice(1));
  if (days < 28) return sidebarText('timeline.edge-week', { count: days / 7 + 1 });
  if (days < 365) return sidebarText('timeline.edge-month', { count: Math.round(days / 30) });
  return sidebarText('timeline.edge-year', { count: Math.round(days / 365) });
}

function shortCount(count: number): string {
  return count < 1000 ? String(count) : `${Math.floor(count / 1000)}k`;
}
