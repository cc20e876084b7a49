import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuthorityCore } from './authority-core';
import { eventOf } from './authority-event';
import { authorityDueAt, EXPIRY_STAGES, firstStageFrom, isReplaced, stageTimes } from './expiry-stage';

/** Some milliseconds of work. */
const RECORDS_PER_TURN = 2000;

/**
 * Tells when certificates and the CA come to their end. A certificate that was replaced by a newer one of the same name
 * and profile, or revoked, is not worth a message.
 */
export class ExpiryWatch {
  readonly #core: AuthorityCore;
  /** Number of stages told, by serial number. */
  readonly #told = new Map<string, number>();
  /** Fingerprint of the CA certificate whose end was told: a renewed one has an end of its own. */
  #authorityTold = '';

  constructor(core: AuthorityCore) {
    this.#core = core;
  }

  /**
   * Tell what was reached and not told yet. After a long sleep only the last stage of each certificate is told.
   *
   * @returns when the next stage is reached; milliseconds since 1970, Infinity for never
   */
  async check(): Promise<number> {
    const { clock, certificate, database, settings } = this.#core;
    const now = clock.now();
    let next = this.#checkAuthority(now);
    let count = 0;
    for (const record of database.inventory.all()) {
      count += 1;
      if (count % RECORDS_PER_TURN === 0) await nextTurn();
      if (record.revocation) continue;
      const first = firstStageFrom(record, settings.renewBefore);
      if (now < first && first >= next) continue;
      const told = this.#told.get(record.serialNumber) ?? 0;
      const times = stageTimes(database.inventory, record, settings.renewBefore);
      const reached = times.filter((time) => now >= time).length;
      next = Math.min(next, times[reached] ?? Infinity);
      if (reached <= told) continue;
      this.#told.set(record.serialNumber, reached);
      if (isReplaced(this.#core, record, now)) continue;
      const stage = EXPIRY_STAGES[reached - 1] ?? 'expired';
      this.#core.announce(eventOf(stage, record, certificate.subject.commonName ?? '', now));
    }
    return next;
  }

  #checkAuthority(now: number): number {
    const { certificate } = this.#core;
    const ca = certificate.subject.commonName ?? '';
    const notAfter = certificate.notAfter.getTime();
    const due = authorityDueAt(certificate);
    if (now < due) return due;
    if (this.#authorityTold !== certificate.fingerprint256) {
      this.#authorityTold = certificate.fingerprint256;
      const about = { serialNumber: certificate.serialNumber, commonName: ca, notAfter };
      this.#core.announce(eventOf('ca-expiring', about, ca, now));
    }
    return Infinity;
  }
}
