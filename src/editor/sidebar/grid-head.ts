import { element } from '../dom';
import type { Filter } from './filter';
import { sidebarText } from './sidebar-text';

const COLUMNS: { kind: string; sort: Filter['sort'] }[] = [
  { kind: 'name', sort: 'name' },
  { kind: 'profile', sort: 'profile' },
  { kind: 'serial', sort: 'serial' },
  { kind: 'until', sort: 'notAfter' },
];

/** The head of the list: a button for each column that sorts by it, and turns the order when pressed again. */
export class GridHead {
  readonly cells: HTMLElement[];

  constructor(private readonly sorted: (part: Pick<Filter, 'sort'>) => void) {
    this.cells = COLUMNS.map(({ kind, sort }) => {
      const press = element('button', { text: sidebarText(`column.${kind}`) }, element('i', { class: 'fa' }));
      press.type = 'button';
      press.addEventListener('click', () => this.sorted({ sort }));
      const cell = element('div', { class: `secure-mqtt-cell secure-mqtt-cell-${kind}` }, press);
      cell.setAttribute('role', 'columnheader');
      return cell;
    });
  }

  show({ sort, order }: Filter): void {
    for (const [index, column] of COLUMNS.entries()) {
      const cell = this.cells[index];
      const isIt = column.sort === sort;
      cell?.setAttribute('aria-sort', isIt ? (order === 'up' ? 'ascending' : 'descending') : 'none');
      const icon = cell?.querySelector('i');
      if (icon) icon.className = isIt ? `fa ${order === 'up' ? 'fa-caret-up' : 'fa-caret-down'}` : '';
    }
  }
}
