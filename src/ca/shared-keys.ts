import { warning, type Warning } from '../model/errors';
import { isLeafProfile } from '../model/profile-name';
import { shownValue } from '../model/shown-value';
import { publicKeyId, spkiOf } from '../pki/public-key';
import type { Inventory, InventoryRecord } from '../store/inventory';
import type { AuthorityCore } from './authority-core';
import type { IssuePlan } from './issue-plan';

/** A warning names no more. */
const MOST_NAMES = 5;

/**
 * Under which other names the key of a certificate is valid, each once. Whoever has a key can appear under each of its
 * names, and none of them can be revoked alone. Known are the keys that the folder does not hold, as those of requests: each of
 * the others was made for its certificate.
 *
 * @param now milliseconds since 1970
 */
export function namesSharing(
  inventory: Pick<Inventory, 'ofKey'>,
  { publicKeyId, commonName }: Pick<InventoryRecord, 'publicKeyId' | 'commonName'>,
  now: number,
): string[] {
  if (publicKeyId === undefined) return [];
  const names = new Set<string>();
  for (const other of inventory.ofKey(publicKeyId)) {
    if (!other.revocation && other.notAfter > now) names.add(other.commonName);
  }
  names.delete(commonName);
  return [...names];
}

/** Add a warning to each plan whose key has another name, here or in another plan. */
export function warnOfSharedKeys({ database, clock }: AuthorityCore, plans: readonly IssuePlan[]): void {
  const planned = new Map<string, Set<string>>();
  const keyed = plans.flatMap((plan) => {
    if (!('publicKey' in plan.key) || !isLeafProfile(plan.profile)) return [];
    const { commonName = '' } = plan.subject;
    const id = publicKeyId(spkiOf(plan.key.publicKey));
    planned.set(id, (planned.get(id) ?? new Set()).add(commonName));
    return [{ plan, commonName, id }];
  });
  for (const { plan, commonName, id } of keyed) {
    const issued = namesSharing(database.inventory, { publicKeyId: id, commonName }, clock.now());
    const others = new Set([...issued, ...(planned.get(id) ?? [])]);
    others.delete(commonName);
    if (others.size > 0) plan.warnings = [...plan.warnings, shared(commonName, [...others])];
  }
}

function shared(commonName: string, names: readonly string[]): Warning {
  const shown = names.slice(0, MOST_NAMES).map(shownValue).join(', ');
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return warning(
    'KEY_SHARED',
    `the key of ${shownValue(commonName)} is certified for ${shown}${more}, too`,
    { commonName, names: names.slice(0, 100), count: names.length },
    'Whoever has this key can appear under each of these names: let every device make a key of its own, and revoke what is not needed',
  );
}
