import { setImmediate as nextTurn } from 'node:timers/promises';
import { codedError, isCodedError } from '../model/errors';
import type { AuthorityCore } from './authority-core';
import { planIssue, type IssuePlan } from './issue-plan';
import type { CertificateOrder } from './issue-request';
import { planRenewal } from './renewal-plan';
import { planRequest } from './request-plan';
import { warnOfSharedKeys } from './shared-keys';

/** Certificates of one call. */
export const MAX_BATCH = 10_000;
/** Requests that are checked between two turns of the event loop. */
const CHECKS_PER_TURN = 100;

/** How each kind of order is checked. */
const PLANNERS: {
  [A in CertificateOrder['action']]: (
    core: AuthorityCore,
    order: Extract<CertificateOrder, { action: A }>,
  ) => IssuePlan | Promise<IssuePlan>;
} = {
  issue: (core, { request }) => planIssue(core, request),
  renew: (core, { selector, options }) => planRenewal(core, selector, options),
  sign: (core, { request, options }) => planRequest(core, request, options),
};

/**
 * Check all orders of a call before anything is made for one of them.
 *
 * @throws INPUT_TOO_MANY; what {@link planIssue}, {@link planRenewal} and {@link planRequest} throw, of several orders
 *   with `cause.index` of the first bad one
 */
export async function planBatch(core: AuthorityCore, orders: readonly CertificateOrder[]): Promise<IssuePlan[]> {
  if (orders.length > MAX_BATCH) {
    throw codedError(
      'INPUT_TOO_MANY',
      `${orders.length} certificates in one message are more than the ${MAX_BATCH} allowed`,
      { count: orders.length, limit: MAX_BATCH },
      'Send them in several messages',
    );
  }
  const plans: IssuePlan[] = [];
  for (const [index, order] of orders.entries()) {
    try {
      plans.push(await PLANNERS[order.action](core, order as never));
    } catch (error) {
      if (orders.length === 1 || !isCodedError(error)) throw error;
      throw codedError(error.code, `item ${index}: ${error.message}`, { index, ...error.cause }, error.hint);
    }
    if (plans.length % CHECKS_PER_TURN === 0) await nextTurn();
  }
  warnOfSharedKeys(core, plans);
  return plans;
}
