import type { InventoryRecord } from '../store/inventory';
import type { AuthorityCore } from './authority-core';
import { fittingCertificate, identityOf } from './fitting-certificate';
import { planIssue, type IssuePlan } from './issue-plan';
import type { IssuedCertificate, IssueRequest } from './issue-request';
import { loadIssued } from './issued-certificate';
import { isWorthRenewing, renewalTimes } from './renewal-time';
import { hasOldKey } from './rollover-state';

/** Certificates that somebody needs to have, and does not care whether they are new. */
export class EnsuredCertificates {
  readonly #core: AuthorityCore;
  readonly #issue: (plan: IssuePlan) => Promise<IssuedCertificate>;
  /** Calls that are under way, by what they ask for. */
  readonly #running = new Map<string, Promise<IssuedCertificate>>();

  constructor(core: AuthorityCore, issue: (plan: IssuePlan) => Promise<IssuedCertificate>) {
    this.#core = core;
    this.#issue = issue;
  }

  /** See `CertificateAuthority.ensure`. */
  get(request: IssueRequest): Promise<IssuedCertificate> {
    const plan = planIssue(this.#core, request);
    const key = identityOf(plan, request);
    const running = this.#running.get(key);
    if (running) return running;
    const result = this.#find(plan, request)
      .then((issued) => {
        this.#core.kept.keep(key, issued.serialNumber);
        return issued;
      })
      .finally(() => this.#running.delete(key));
    this.#running.set(key, result);
    return result;
  }

  async #find(plan: IssuePlan, request: IssueRequest): Promise<IssuedCertificate> {
    const newest = fittingCertificate(this.#core, plan, request);
    if (newest && !this.#isToBeRenewed(newest, plan)) return loadIssued(this.#core, newest);
    return this.#issue(newest ? { ...plan, renews: newest.serialNumber } : plan);
  }

  #isToBeRenewed(record: InventoryRecord, plan: IssuePlan): boolean {
    const { clock, database, settings } = this.#core;
    const now = clock.now();
    if (hasOldKey(this.#core, record)) return true;
    const { due } = renewalTimes(database.inventory, record, settings.renewBefore);
    return now >= due && isWorthRenewing(record, plan, now);
  }
}
