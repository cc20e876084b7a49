import type { NodeAPI } from 'node-red';
import type { CertificateAuthority, InventoryEntry } from '../ca/certificate-authority';
import { judgedEntry } from '../ca/certificate-compatibility';
import type {
  CertificateDetails,
  CertificatePage,
  CertificateUse,
  ListedCertificate,
  TimelineBar,
} from '../model/certificate-view';
import type { Clock } from '../model/clock';
import { codedError } from '../model/errors';
import { normalizeSerialNumber } from '../model/serial-number';
import { shownValue } from '../model/shown-value';
import { authorityOf } from './authority-node';
import { livingAuthorities } from './authority-nodes';
import { CertificateNews } from './certificate-news';
import type { CertificateQuery } from './certificate-query';
import type { CertificateRow } from './certificate-row';
import { CertificateTable } from './certificate-table';
import { findUses, useKey, type CertificateUses } from './certificate-use';

/** Who uses what changes without an event of a CA: a broker connects, a file is loaded. */
const KEEP_USES_MS = 2_000;

/** Servers and CAs: whoever revokes one stops more than itself. */
const WEIGHTY_PROFILES: readonly string[] = ['server', 'server-client', 'intermediate', 'root'];

/** What stands behind the routes of the certificates sidebar. */
export class CertificateSidebar {
  readonly #table: CertificateTable;
  readonly #news: CertificateNews;
  #uses: { found: Promise<CertificateUses>; at: number } | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly clock: Clock,
  ) {
    this.#table = new CertificateTable(() => livingAuthorities(RED), clock);
    this.#news = new CertificateNews(RED, clock, () => this.forget());
  }

  /** Something changed: look anew. */
  forget(): void {
    this.#table.forget();
    this.#uses = undefined;
  }

  close(): void {
    this.#news.close();
    this.forget();
  }

  async list(query: CertificateQuery): Promise<CertificatePage> {
    const { total, all, rows } = await this.#table.page(query);
    const uses = await this.#findUses();
    const items = rows.map((row): ListedCertificate => {
      const { ca, serialNumber, commonName, profile, status, notAfter, daysRemaining, replacedBy } = row;
      const found = uses.get(useKey(row)) ?? [];
      const listed = { ca, serialNumber, commonName, profile, status, notAfter, daysRemaining, replacedBy };
      return { ...listed, uses: found.length, drift: isDrift(row, found) };
    });
    return { total, all, offset: query.offset, items };
  }

  timeline(query: CertificateQuery): Promise<TimelineBar[]> {
    return this.#table.timeline(query);
  }

  /** @throws INPUT_SELECTOR, CERT_NOT_FOUND, INPUT_CONFIG and CA_* when the CA is not available */
  async details(ca: string, serialNumber: string): Promise<CertificateDetails> {
    const { authority, entry } = await this.find(ca, serialNumber);
    const rows = await this.#table.rows();
    const row = rows.find((one) => one.ca === ca && one.serialNumber === entry.serialNumber);
    const uses = (await findUses(this.RED, rows)).get(useKey({ ca, ...entry })) ?? [];
    const isWeighty = WEIGHTY_PROFILES.includes(entry.profile) || uses.some(({ kind }) => kind !== 'exported');
    const known = { ...row, ...judgedEntry(entry, authority), ca };
    return { ...known, uses, drift: isDrift(known, uses), confirm: isWeighty ? confirmationOf(entry) : '' };
  }

  /** The certificate with a number, and its CA. @throws as {@link details} */
  async find(ca: string, serialNumber: string): Promise<{ authority: CertificateAuthority; entry: InventoryEntry }> {
    const authority = await authorityOf(this.RED, ca);
    const value = normalizeSerialNumber(serialNumber);
    return { authority, entry: authority.find({ by: 'serial', value }) };
  }

  async #findUses(): Promise<CertificateUses> {
    const now = this.clock.now();
    if (!this.#uses || now - this.#uses.at >= KEEP_USES_MS || now < this.#uses.at) {
      this.#uses = { at: now, found: this.#table.rows().then((rows) => findUses(this.RED, rows)) };
    }
    return this.#uses.found;
  }
}

/** A name to type; certificates of other tools may have none. */
function confirmationOf({ commonName, serialNumber }: InventoryEntry): string {
  return commonName.trim() || serialNumber;
}

/**
 * Whoever revokes what is in use must have typed its name.
 *
 * @throws INPUT_PAYLOAD
 */
export function requireConfirmation({ confirm }: CertificateDetails, typed: unknown): void {
  if (confirm === '' || (typeof typed === 'string' && typed.trim() === confirm)) return;
  throw codedError(
    'INPUT_PAYLOAD',
    `the name is ${shownValue(typed)}, expected ${shownValue(confirm)}`,
    { field: 'confirm', value: shownValue(typed) },
    `Type ${confirm} exactly as it is written: something may use this certificate`,
  );
}

function isDrift({ status, replacedBy }: CertificateRow, uses: readonly CertificateUse[]): boolean {
  const isOver = status === 'revoked' || status === 'expired' || replacedBy !== undefined;
  return isOver && uses.length > 0;
}
