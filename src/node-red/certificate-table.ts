import type { CertificateAuthority } from '../ca/certificate-authority';
import type { TimelineBar } from '../model/certificate-view';
import type { Clock, Timer } from '../model/clock';
import { ofScope, selectRows, type CertificateQuery } from './certificate-query';
import { certificateRows, type CertificateRow } from './certificate-row';
import { expiryTimeline } from './expiry-timeline';

/** Whoever scrolls asks for the next page within this time; afterwards the memory is given back. */
const KEEP_MS = 60_000;
/** Lists in other orders, so that two open editors do not sort in turns. */
const MOST_LISTS = 4;

/** The CAs that can be asked now, by the id of their node. */
export type LivingAuthorities = () => Promise<ReadonlyMap<string, CertificateAuthority>>;

/** A part of a list. */
export interface RowPage {
  /** Certificates that match, also those on other pages. */
  total: number;
  /** Certificates of all CAs. */
  all: number;
  rows: CertificateRow[];
}

/**
 * The certificates of all CAs in one list, in pages.
 *
 * What matches is found and sorted once for all pages: scrolling through 10,000 rows asks for hundreds.
 */
export class CertificateTable {
  #rows: Promise<readonly CertificateRow[]> | undefined;
  readonly #lists = new Map<string, Promise<CertificateRow[]>>();
  #forgetting: Timer | undefined;

  constructor(
    private readonly authorities: LivingAuthorities,
    private readonly clock: Clock,
  ) {}

  /** Something changed: look anew. */
  forget(): void {
    this.#forgetting?.cancel();
    this.#rows = undefined;
    this.#lists.clear();
  }

  async page(query: CertificateQuery): Promise<RowPage> {
    const [list, all] = await Promise.all([this.#listOf(query), this.rows()]);
    return {
      total: list.length,
      all: all.length,
      rows: list.slice(query.offset, query.offset + query.limit),
    };
  }

  async timeline(query: Pick<CertificateQuery, 'ca' | 'text'>): Promise<TimelineBar[]> {
    return expiryTimeline(ofScope(await this.rows(), query), this.clock.now());
  }

  /** All of them, by CA and in the order they were issued. */
  rows(): Promise<readonly CertificateRow[]> {
    this.#forgetting?.cancel();
    this.#forgetting = this.clock.setTimer(KEEP_MS, () => this.forget());
    if (this.#rows) return this.#rows;
    const rows = this.#look();
    this.#rows = rows;
    rows.catch(() => {
      if (this.#rows === rows) this.#rows = undefined;
    });
    return rows;
  }

  #listOf(query: CertificateQuery): Promise<CertificateRow[]> {
    const { ca, text, status, withinDays, bar, sort, descending } = query;
    const key = JSON.stringify([ca, text, status, withinDays, bar, sort, descending]);
    const known = this.#lists.get(key);
    if (known) return known;
    const [oldest] = this.#lists.keys();
    if (oldest !== undefined && this.#lists.size >= MOST_LISTS) this.#lists.delete(oldest);
    const list = this.rows().then((rows) => selectRows(rows, query, this.clock.now()));
    this.#lists.set(key, list);
    list.catch(() => this.#lists.delete(key));
    return list;
  }

  async #look(): Promise<CertificateRow[]> {
    const rows: CertificateRow[] = [];
    for (const [id, authority] of await this.authorities()) {
      // One after the other and not spread: an argument for each of 100,000 rows overflows the stack.
      for (const row of await certificateRows(id, authority)) rows.push(row);
    }
    return rows;
  }
}
