import { setImmediate as nextTurn } from 'node:timers/promises';
import { codedError, isCodedError } from '../model/errors';
import type { AuthorityCore } from './authority-core';
import { planIssue, type IssuePlan } from './issue-plan';
import type { IssueRequest } from './issue-request';

/** Certificates of one call. */
export const MAX_BATCH = 10_000;
/** Requests that are checked between two turns of the event loop. */
const CHECKS_PER_TURN = 100;

/**
 * Check all requests of a call before anything is made for one of them.
 *
 * @throws INPUT_TOO_MANY; what {@link planIssue} throws, of several requests with `cause.index` of the first bad one
 */
export async function planBatch(core: AuthorityCore, requests: readonly IssueRequest[]): Promise<IssuePlan[]> {
  if (requests.length > MAX_BATCH) {
    throw codedError(
      'INPUT_TOO_MANY',
      `${requests.length} certificates in one message are more than the ${MAX_BATCH} allowed`,
      { count: requests.length, limit: MAX_BATCH },
      'Send them in several messages',
    );
  }
  const plans: IssuePlan[] = [];
  for (const [index, request] of requests.entries()) {
    try {
      plans.push(planIssue(core, request));
    } catch (error) {
      if (requests.length === 1 || !isCodedError(error)) throw error;
      throw codedError(error.code, `item ${index}: ${error.message}`, { index, ...error.cause }, error.hint);
    }
    if (plans.length % CHECKS_PER_TURN === 0) await nextTurn();
  }
  return plans;
}
