import type { AuthorityOverview } from '../../model/certificate-view';
import { INVENTORY_STATUSES } from '../../model/inventory-query';
import { element } from '../dom';
import type { Filter } from './filter';
import { sidebarText } from './sidebar-text';

/** Whoever types is not asked for each letter. */
const TYPING_MS = 200;
const WITHIN_DAYS = ['7', '30', '90', '365'];

/** The fields above the list: text, status, CA, time left. */
export class FilterBar {
  readonly element = element('div', { class: 'secure-mqtt-filter' });
  private readonly text = element('input');
  private readonly status = select(sidebarText('filter.status'), [
    ['', sidebarText('filter.any-status')],
    ...INVENTORY_STATUSES.map((status) => [status, sidebarText(`status.${status}`)] as const),
  ]);
  private readonly withinDays = select(sidebarText('filter.within'), [
    ['', sidebarText('filter.any-time')],
    ...WITHIN_DAYS.map((days) => [days, sidebarText('filter.days', { days })] as const),
  ]);
  private readonly ca = select(sidebarText('filter.ca'), [['', sidebarText('filter.any-ca')]]);
  private typing = 0;

  /** @param changed what of the filter is another one now */
  constructor(private readonly changed: (part: Partial<Filter>) => void) {
    const { text, status, withinDays, ca } = this;
    text.type = 'search';
    text.placeholder = sidebarText('filter.text');
    text.setAttribute('aria-label', sidebarText('filter.text'));
    text.addEventListener('input', () => {
      clearTimeout(this.typing);
      this.typing = window.setTimeout(() => this.changed({ text: text.value.trim() }), TYPING_MS);
    });
    // Whoever chooses a moment after typing means both.
    const choose = (part: Partial<Filter>): void => this.changed({ text: text.value.trim(), ...part });
    status.addEventListener('change', () => choose({ status: status.value as Filter['status'] }));
    withinDays.addEventListener('change', () => choose({ withinDays: withinDays.value }));
    ca.addEventListener('change', () => choose({ ca: ca.value }));
    // Where there is little room, the bars of the time line stand for it.
    withinDays.dataset.field = 'withinDays';
    this.element.append(text, status, withinDays, ca);
    this.element.setAttribute('role', 'search');
  }

  /** Show a filter that was set elsewhere; what is being typed counts no more. */
  show({ text, status, withinDays, ca }: Filter): void {
    clearTimeout(this.typing);
    if (this.text.value.trim() !== text) this.text.value = text;
    this.status.value = status;
    this.withinDays.value = withinDays;
    this.ca.value = ca;
  }

  /** The CAs to choose from; there is nothing to choose with one. */
  showAuthorities(authorities: readonly AuthorityOverview[]): void {
    const { value } = this.ca;
    const options = [['', sidebarText('filter.any-ca')], ...authorities.map(({ id, name }) => [id, name])] as const;
    this.ca.replaceChildren(...options.map(([id = '', name = '']) => new Option(name, id, false, id === value)));
    this.ca.hidden = authorities.length < 2 && value === '';
  }
}

function select(label: string, options: readonly (readonly [value: string, text: string])[]): HTMLSelectElement {
  const made = element('select');
  made.append(...options.map(([value, text]) => new Option(text, value)));
  made.setAttribute('aria-label', label);
  return made;
}
