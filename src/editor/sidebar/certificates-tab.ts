import {
  NEWS_TOPIC,
  type AuthorityOverview,
  type CertificateDetails,
  type TimelineBar,
} from '../../model/certificate-view';
import { AdminRefusal, askAdmin, refusalText } from '../admin-client';
import { element } from '../dom';
import { countText } from '../language';
import { AuthorityList } from './authority-list';
import { certificateCells } from './certificate-cells';
import { CertificateDetailsPanel } from './certificate-details';
import { CertificateList } from './certificate-list';
import { emptyState } from './empty-state';
import { ExpiryBars } from './expiry-bars';
import { isNarrow, NO_FILTER, queryOf, type Filter } from './filter';
import { FilterBar } from './filter-bar';
import { GridHead } from './grid-head';
import { addSidebarStyle } from './sidebar-style';
import { sidebarText } from './sidebar-text';
import { VirtualGrid } from './virtual-grid';

/** Days count down, and brokers connect, without any news. */
const LOOK_AGAIN_MS = 60_000;

/** The sidebar of all certificates: CAs, time line, filter, list and details, kept up to date while it is in sight. */
export class CertificatesTab {
  readonly content = element('div', { class: 'secure-mqtt-certificates' });
  readonly toolbar = element('div');
  private filter: Filter = NO_FILTER;
  private authorities: readonly AuthorityOverview[] | undefined;
  private isStale = true;
  /** The route of the certificate that is to be shown. */
  private wanted = '';
  private loading: Promise<void> | undefined;
  private loadAgain = false;

  private readonly problem = element('p', { class: 'secure-mqtt-bad' });
  private readonly help = element('div', { class: 'secure-mqtt-help' });
  private readonly cards = new AuthorityList(() => this.reload());
  private readonly bars = new ExpiryBars((bar) => this.narrow({ bar }));
  private readonly filterBar = new FilterBar((part) => this.narrow(part));
  private readonly count = element('div', { class: 'secure-mqtt-count' });
  private readonly empty = element('div', { class: 'secure-mqtt-empty' });
  private readonly list = new CertificateList(
    () => this.showList(),
    (error) => this.fail(error),
  );
  private readonly head = new GridHead(({ sort }) => this.sort(sort));
  private readonly grid = new VirtualGrid({
    label: sidebarText('list.label'),
    rows: this.list,
    head: this.head.cells,
    cells: (row) => certificateCells(row, (ca) => this.nameOf(ca)),
    onOpen: (index) => this.open(index),
    onEscape: () => (this.details.current ? this.close() : this.narrow(NO_FILTER)),
  });
  private readonly details = new CertificateDetailsPanel({
    mayWrite: () => RED.user.hasPermission('secure-mqtt.write'),
    nameOf: (ca) => this.nameOf(ca),
    onClose: () => this.close(),
    onShow: (ca, serialNumber) => void this.showDetails(ca, serialNumber),
    onChanged: () => this.reload(),
  });

  constructor() {
    addSidebarStyle();
    this.problem.setAttribute('role', 'alert');
    this.problem.hidden = true;
    this.help.hidden = true;
    for (const key of ['what', 'keys', 'uses', 'rights'])
      this.help.append(element('p', { text: sidebarText(`help.${key}`) }));
    this.count.setAttribute('role', 'status');
    const top = element(
      'div',
      { class: 'secure-mqtt-overview' },
      this.help,
      this.problem,
      this.cards.element,
      this.bars.element,
    );
    const list = element(
      'div',
      { class: 'secure-mqtt-middle' },
      this.filterBar.element,
      this.count,
      this.empty,
      this.grid.element,
    );
    this.content.append(element('div', { class: 'secure-mqtt-scroll' }, top, list), this.details.element);
    this.toolbar.append(
      footerButton('fa-refresh', sidebarText('toolbar.refresh'), () => this.reload()),
      footerButton('fa-question-circle', sidebarText('toolbar.help'), () => (this.help.hidden = !this.help.hidden)),
    );
    RED.comms.subscribe(NEWS_TOPIC, () => this.reload());
    // What was said while the connection was down is gone.
    RED.comms.on('connect', () => this.reload());
    setInterval(() => this.reload(), LOOK_AGAIN_MS);
    document.addEventListener('visibilitychange', () => this.reload());
    new ResizeObserver(() => this.isStale && this.reload()).observe(this.content);
  }

  /** Load anew; at once when it is in sight, else when it is next. */
  reload(): void {
    this.isStale = true;
    if (this.content.offsetParent === null || document.hidden) return;
    this.loadAgain = true;
    this.loading ??= this.loadWhileAsked();
  }

  private async loadWhileAsked(): Promise<void> {
    while (this.loadAgain) {
      this.loadAgain = false;
      this.isStale = false;
      try {
        await this.load();
        this.problem.hidden = true;
      } catch (error) {
        if (!(error instanceof AdminRefusal)) throw error;
        this.fail(error);
      }
    }
    this.loading = undefined;
  }

  private async load(): Promise<void> {
    const [{ authorities }, { bars }] = await Promise.all([
      askAdmin<{ authorities: AuthorityOverview[] }>('certificates/authorities'),
      askAdmin<{ bars: TimelineBar[] }>(`certificates/timeline?${queryOf(this.filter)}`),
      this.list.load(this.filter, Math.max(0, this.grid.active)),
    ]);
    this.authorities = authorities;
    this.cards.show(authorities);
    this.filterBar.showAuthorities(authorities);
    this.bars.show(bars, this.filter.bar);
    this.showList();
    const { current } = this.details;
    const isShown = current && this.wanted.endsWith(`/${current.serialNumber}`);
    if (isShown) await this.showDetails(current.ca, current.serialNumber);
  }

  private showList(): void {
    const { list, filter } = this;
    this.head.show(filter);
    this.count.textContent = isNarrow(filter)
      ? sidebarText('list.some', { total: countText(list.total), all: countText(list.all) })
      : sidebarText(list.all === 1 ? 'authority.issued-one' : 'list.all', { all: countText(list.all) });
    const teaches =
      this.authorities && emptyState({ authorities: this.authorities, list, filter }, () => this.narrow(NO_FILTER));
    this.empty.replaceChildren(...(teaches ?? []));
    this.empty.hidden = !teaches;
    this.grid.element.hidden = list.total === 0;
    this.count.hidden = list.all === 0;
    this.filterBar.element.hidden = list.all === 0;
    this.grid.refresh();
  }

  private narrow(part: Partial<Filter>): void {
    this.filter = { ...this.filter, ...part };
    this.grid.reset();
    this.filterBar.show(this.filter);
    this.reload();
  }

  private sort(sort: Filter['sort']): void {
    const turn = this.filter.sort === sort && this.filter.order === 'up';
    this.narrow({ sort, order: turn ? 'down' : 'up' });
  }

  private open(index: number): void {
    const row = this.list.row(index);
    if (row) void this.showDetails(row.ca, row.serialNumber).then(() => this.details.element.focus());
  }

  private async showDetails(ca: string, serialNumber: string): Promise<void> {
    const path = `certificates/${encodeURIComponent(ca)}/${serialNumber}`;
    this.wanted = path;
    try {
      const details = await askAdmin<CertificateDetails>(path);
      // Another one was chosen meanwhile, or none.
      if (this.wanted === path) this.details.show(details);
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
      this.details.show(undefined);
      this.fail(error);
    }
  }

  private close(): void {
    this.wanted = '';
    this.details.show(undefined);
    this.grid.element.focus();
  }

  private nameOf(ca: string): string {
    return this.authorities?.find(({ id }) => id === ca)?.name ?? '';
  }

  private fail({ refusal }: AdminRefusal): void {
    this.problem.textContent = refusalText(refusal);
    this.problem.hidden = false;
  }
}

function footerButton(icon: string, title: string, onClick: () => void): HTMLElement {
  const made = element('button', { class: 'red-ui-footer-button', title }, element('i', { class: `fa ${icon}` }));
  made.type = 'button';
  made.setAttribute('aria-label', title);
  made.addEventListener('click', onClick);
  return made;
}
