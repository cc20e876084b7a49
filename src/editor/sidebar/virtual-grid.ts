import { element } from '../dom';

/** Where rows come from; a row that is not loaded yet is undefined. */
export interface GridRows<Row> {
  readonly total: number;
  row(index: number): Row | undefined;
  /** These rows are about to be seen. */
  need(first: number, last: number): void;
}

export interface GridOptions<Row> {
  /** What a screen reader calls the grid. */
  label: string;
  rows: GridRows<Row>;
  /** The cells of the head, which stay in sight. */
  head: HTMLElement[];
  /** The cells of a row, with their roles. */
  cells(row: Row | undefined): HTMLElement[];
  /** Enter, or a click. */
  onOpen(index: number): void;
  /** Escape. */
  onEscape(): void;
}

/** Pixels; the style sheet says the same. A fixed height is what makes a list of any length cheap. */
export const ROW_HEIGHT = 42;
/** Rows drawn beyond the edges, so that scrolling finds them there. */
const BEYOND = 6;

let grids = 0;

/**
 * A grid that draws only the rows in sight: 10,000 rows cost as much as 20.
 *
 * The grid itself has the focus and names its active row (WAI-ARIA, `aria-activedescendant`): rows come and go while one
 * scrolls, and a focus inside of one would go with it.
 */
export class VirtualGrid<Row> {
  readonly element: HTMLElement;
  private readonly body = element('div', { class: 'secure-mqtt-grid-body' });
  private readonly space = element('div', { class: 'secure-mqtt-grid-space' });
  private readonly drawn = new Map<number, HTMLElement>();
  private readonly id = `secure-mqtt-grid-${(grids += 1)}`;
  private activeIndex = -1;
  private frame = 0;

  constructor(private readonly options: GridOptions<Row>) {
    const head = element('div', { class: 'secure-mqtt-grid-head' }, ...options.head);
    head.setAttribute('role', 'row');
    head.setAttribute('aria-rowindex', '1');
    this.body.setAttribute('role', 'rowgroup');
    this.body.append(this.space);
    this.space.setAttribute('role', 'presentation');
    this.element = element('div', { class: 'secure-mqtt-grid' }, head, this.body);
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'grid');
    this.element.setAttribute('aria-label', options.label);
    this.body.addEventListener('scroll', () => this.drawSoon(), { passive: true });
    this.body.addEventListener('click', (event) => this.clicked(event));
    this.element.addEventListener('keydown', (event) => this.pressed(event));
    // It has no size while its tab is hidden, and another one when the sidebar is dragged.
    new ResizeObserver(() => this.drawSoon()).observe(this.body);
  }

  /** The row that keys act on; -1: none. */
  get active(): number {
    return this.activeIndex;
  }

  /** The rows are others now. */
  refresh(): void {
    const { total } = this.options.rows;
    this.activeIndex = Math.min(this.activeIndex, total - 1);
    this.space.style.height = `${total * ROW_HEIGHT}px`;
    this.element.setAttribute('aria-rowcount', String(total + 1));
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.draw();
  }

  /** Make a row the active one and bring it into sight. */
  activate(index: number): void {
    const { total } = this.options.rows;
    if (total === 0) return;
    this.activeIndex = Math.max(0, Math.min(total - 1, index));
    const top = this.activeIndex * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.body;
    if (top < scrollTop) this.body.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) this.body.scrollTop = top + ROW_HEIGHT - clientHeight;
    this.draw();
  }

  /** No row is active, and the first one is at the top: the list is another one. */
  reset(): void {
    this.activeIndex = -1;
    this.body.scrollTop = 0;
  }

  private drawSoon(): void {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { rows } = this.options;
    const { scrollTop, clientHeight } = this.body;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - BEYOND);
    const last = Math.min(rows.total - 1, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + BEYOND);
    for (const [index, row] of this.drawn) {
      if (index >= first && index <= last) continue;
      row.remove();
      this.drawn.delete(index);
    }
    if (clientHeight === 0) return;
    for (let index = first; index <= last; index += 1) {
      if (!this.drawn.has(index)) this.drawn.set(index, this.drawRow(index));
    }
    this.mark();
    if (last >= first) rows.need(first, last);
  }

  private drawRow(index: number): HTMLElement {
    const found = this.options.rows.row(index);
    const row = element('div', { class: 'secure-mqtt-grid-row' }, ...this.options.cells(found));
    row.id = `${this.id}-${index}`;
    row.dataset.index = String(index);
    row.style.top = `${index * ROW_HEIGHT}px`;
    row.setAttribute('role', 'row');
    row.setAttribute('aria-rowindex', String(index + 2));
    if (!found) row.setAttribute('aria-busy', 'true');
    this.space.append(row);
    return row;
  }

  private mark(): void {
    for (const [index, row] of this.drawn) row.setAttribute('aria-selected', String(index === this.activeIndex));
    if (this.drawn.has(this.activeIndex)) {
      this.element.setAttribute('aria-activedescendant', `${this.id}-${this.activeIndex}`);
    } else this.element.removeAttribute('aria-activedescendant');
  }

  private clicked({ target }: MouseEvent): void {
    const row = target instanceof Element ? target.closest<HTMLElement>('[data-index]') : null;
    if (!row) return;
    this.activate(Number(row.dataset.index));
    this.options.onOpen(this.activeIndex);
  }

  private pressed(event: KeyboardEvent): void {
    // The buttons of the head are within the grid, too.
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.body.clientHeight / ROW_HEIGHT) - 1);
    const moves: Record<string, () => void> = {
      ArrowDown: () => this.activate(this.activeIndex + 1),
      ArrowUp: () => this.activate(this.activeIndex - 1),
      PageDown: () => this.activate(this.activeIndex + page),
      PageUp: () => this.activate(this.activeIndex - page),
      Home: () => this.activate(0),
      End: () => this.activate(this.options.rows.total - 1),
      Enter: () => this.activeIndex >= 0 && this.options.onOpen(this.activeIndex),
      Escape: () => this.options.onEscape(),
    };
    const move = moves[event.key];
    if (!move) return;
    // The editor listens to keys as well: Delete, arrows and Escape would act on the flow.
    event.preventDefault();
    event.stopPropagation();
    move();
  }
}
