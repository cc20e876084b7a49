import type { AuthorityOverview } from '../../model/certificate-view';
import { button, element } from '../dom';
import { isNarrow, type Filter } from './filter';
import { sidebarText } from './sidebar-text';

interface Shown {
  authorities: readonly AuthorityOverview[];
  list: { total: number; all: number };
  filter: Filter;
}

/** What to do when there is nothing to be seen; undefined when there is. */
export function emptyState({ authorities, list, filter }: Shown, showAll: () => void): HTMLElement[] | undefined {
  if (authorities.length === 0) {
    return [
      element('h4', { text: sidebarText('empty.no-ca') }),
      element('p', { text: sidebarText('empty.no-ca-tip') }),
      button(sidebarText('empty.import'), 'fa-download', () => RED.actions.invoke('core:show-examples-import-dialog')),
    ];
  }
  if (list.total > 0) return undefined;
  if (list.all > 0 && isNarrow(filter)) {
    return [
      element('p', { text: sidebarText('empty.no-match') }),
      button(sidebarText('empty.show-all'), 'fa-times', showAll),
    ];
  }
  // A CA that is not available says so itself, above.
  if (!authorities.some(({ state }) => state === 'ready')) return [];
  return [
    element('h4', { text: sidebarText('empty.nothing-issued') }),
    element('p', { text: sidebarText('empty.nothing-issued-tip') }),
  ];
}
