import { setImmediate as nextTurn } from 'node:timers/promises';
import { DAY_MS, renewAt } from '../model/duration';
import type { InventoryRecord } from '../store/inventory';
import type { AuthorityCore } from './authority-core';
import { eventOf, type AuthorityEventName } from './authority-event';
import { newestValid } from './certificate-choice';

/** The stages of a certificate's end, each told once: `due` for renewal, `expiring` (a tenth is left), `expired`. */
const STAGES = ['due', 'expiring', 'expired'] as const satisfies readonly AuthorityEventName[];
/** The share of the lifetime that is left when a certificate is `expiring`; tls-probe calls this critical. */
const EXPIRING_SHARE = 0.1;
/** Some milliseconds of work. */
const RECORDS_PER_TURN = 2000;
/** A CA is due a year ahead: every device needs the new root before the old one ends. */
const CA_DUE_DAYS = 365;

/**
 * Tells when certificates and the CA come to their end. A certificate that was replaced by a newer one of the same name
 * and profile, or revoked, is not worth a message.
 */
export class ExpiryWatch {
  readonly #core: AuthorityCore;
  /** Number of stages told, by serial number. */
  readonly #told = new Map<string, number>();
  #authorityTold = false;

  constructor(core: AuthorityCore) {
    this.#core = core;
  }

  /**
   * Tell what was reached and not told yet. After a long sleep only the last stage of each certificate is told.
   *
   * @returns when the next stage is reached; milliseconds since 1970, Infinity for never
   */
  async check(): Promise<number> {
    const { clock, certificate, database } = this.#core;
    const now = clock.now();
    let next = this.#checkAuthority(now);
    let count = 0;
    for (const record of database.inventory.all()) {
      count += 1;
      if (count % RECORDS_PER_TURN === 0) await nextTurn();
      if (record.revocation) continue;
      const told = this.#told.get(record.serialNumber) ?? 0;
      const times = this.#timesOf(record);
      const reached = times.filter((time) => now >= time).length;
      next = Math.min(next, times[reached] ?? Infinity);
      if (reached <= told) continue;
      this.#told.set(record.serialNumber, reached);
      if (this.#isReplaced(record, now)) continue;
      const stage = STAGES[reached - 1] ?? 'expired';
      this.#core.announce(eventOf(stage, record, certificate.subject.commonName ?? '', now));
    }
    return next;
  }

  #timesOf({ notBefore, notAfter }: InventoryRecord): number[] {
    const due = renewAt(this.#core.settings.renewBefore, new Date(notBefore), new Date(notAfter)).getTime();
    const expiring = notAfter - (notAfter - notBefore) * EXPIRING_SHARE;
    return [Math.min(due, expiring), expiring, notAfter];
  }

  #isReplaced(record: InventoryRecord, now: number): boolean {
    const named = this.#core.database.inventory.named(record.commonName);
    if (named.length === 1) return false;
    const newest = newestValid(
      named.filter(({ profile }) => profile === record.profile),
      now,
    );
    return newest !== undefined && newest !== record;
  }

  #checkAuthority(now: number): number {
    const { certificate } = this.#core;
    const ca = certificate.subject.commonName ?? '';
    const notAfter = certificate.notAfter.getTime();
    const due = notAfter - CA_DUE_DAYS * DAY_MS;
    if (now < due) return due;
    if (!this.#authorityTold) {
      this.#authorityTold = true;
      const about = { serialNumber: certificate.serialNumber, commonName: ca, notAfter };
      this.#core.announce(eventOf('ca-expiring', about, ca, now));
    }
    return Infinity;
  }
}
