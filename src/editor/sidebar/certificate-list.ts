import type { CertificatePage, ListedCertificate } from '../../model/certificate-view';
import { AdminRefusal, askAdmin } from '../admin-client';
import type { Filter } from './filter';
import { queryOf } from './filter';
import type { GridRows } from './virtual-grid';

const PAGE_SIZE = 100;

/** What is left of the pages when the list changed; they come again when they are seen. */
type Pages = Map<number, ListedCertificate[]>;

/** The certificates that match a filter, loaded by pages when they come into sight. */
export class CertificateList implements GridRows<ListedCertificate> {
  /** Certificates that match. */
  total = 0;
  /** Certificates of all CAs. */
  all = 0;
  private filter: Filter | undefined;
  private pages: Pages = new Map();
  private readonly asked = new Set<number>();
  /** Answers to older questions are not shown. */
  private turn = 0;

  /**
   * @param changed there are other rows to be drawn
   * @param failed why they cannot be had
   */
  constructor(
    private readonly changed: () => void,
    private readonly failed: (error: AdminRefusal) => void,
  ) {}

  row(index: number): ListedCertificate | undefined {
    return this.pages.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE];
  }

  need(first: number, last: number): void {
    for (let page = Math.floor(first / PAGE_SIZE); page <= Math.floor(last / PAGE_SIZE); page += 1) {
      if (!this.pages.has(page) && !this.asked.has(page)) void this.ask(page, this.turn);
    }
  }

  /**
   * Ask anew. The old rows stay until the first new ones are there, so that nothing flickers.
   *
   * @param seen a row that is in sight
   */
  async load(filter: Filter, seen = 0): Promise<void> {
    this.filter = filter;
    this.turn += 1;
    this.asked.clear();
    await this.ask(Math.floor(seen / PAGE_SIZE), this.turn, true);
  }

  private async ask(page: number, turn: number, isFirst = false): Promise<void> {
    if (!this.filter) return;
    this.asked.add(page);
    const query = queryOf(this.filter);
    query.set('offset', String(page * PAGE_SIZE));
    query.set('limit', String(PAGE_SIZE));
    try {
      const { total, all, items } = await askAdmin<CertificatePage>(`certificates?${query}`);
      if (turn !== this.turn) return;
      // A list of another length is another list: what was loaded before does not fit to it.
      if (isFirst || total !== this.total) this.pages = new Map();
      this.pages.set(page, items);
      this.total = total;
      this.all = all;
      this.asked.delete(page);
      this.changed();
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
      if (turn === this.turn) this.failed(error);
    }
  }
}
