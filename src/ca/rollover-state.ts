import type { InventoryRecord } from '../store/inventory';
import type { AuthorityCore } from './authority-core';
import { newestValid } from './certificate-choice';
import { generationOf, keyIdOf, type Generation } from './generation';
import { standsInFor } from './replacement';

/** Where a CA stands on the way to a new key. */
export interface RolloverState {
  /** `stable`: one key. `introduced`: the new one is trusted. `switched`: the new one issues, the old one counts on. */
  step: 'stable' | 'introduced' | 'switched';
  /** The key that issues. */
  current: RolloverKey;
  next?: RolloverKey & {
    /** Who trusts only the old root accepts what this key will issue; false below a root that allows no CA below it. */
    bridged: boolean;
  };
  former?: RolloverKey & {
    /** Valid certificates that it has issued. */
    valid: number;
    /** Those of them that somebody is known to show right now. */
    shown: number;
    /** Those whose owners are locked out by retiring it: shown, or without a newer certificate of the current key. */
    waiting: number;
    /** Names of the waiting ones, each once, the first {@link MOST_NAMES}. */
    names: string[];
  };
}

const MOST_NAMES = 100;

export interface RolloverKey {
  /** RFC 4514. */
  subject: string;
  fingerprint256: string;
  /** ISO 8601. */
  notAfter: string;
  keyType: string;
}

/** @param inUse serial numbers of certificates that somebody is known to show right now */
export function rolloverState(core: AuthorityCore, inUse: ReadonlySet<string> = new Set()): RolloverState {
  const { generations } = core;
  const next = generationOf(generations, 'next');
  const former = generationOf(generations, 'former');
  return {
    step: former ? 'switched' : next ? 'introduced' : 'stable',
    current: describe(generationOf(generations, 'current')),
    // A new intermediate is certified by the CA above, whom everybody trusts already.
    ...(next && { next: { ...describe(next), bridged: next.cross !== undefined || !next.certificate.isSelfIssued } }),
    ...(former && { former: { ...describe(former), ...countOld(core, inUse) } }),
  };
}

function countOld(core: AuthorityCore, inUse: ReadonlySet<string>) {
  const old = oldRecords(core);
  const waiting = waitingRecords(core, inUse);
  return {
    valid: old.length,
    shown: old.filter(({ serialNumber }) => inUse.has(serialNumber)).length,
    waiting: waiting.length,
    names: namesOf(waiting).slice(0, MOST_NAMES),
  };
}

/** The common names of certificates, each once. */
export function namesOf(records: readonly InventoryRecord[]): string[] {
  return [...new Set(records.map(({ commonName }) => commonName))];
}

/**
 * The key that signed a certificate; see `keyIdOf`. Not written down before keys could be replaced, and missing in
 * certificates of others: then it was the first key.
 */
export function signingKeyOf(core: AuthorityCore, { authorityKeyId }: InventoryRecord): string | undefined {
  return authorityKeyId ?? core.ancestors[0]?.keyId;
}

/** True when a key signed this certificate that issues no more, be it still trusted or not. */
export function hasOldKey(core: AuthorityCore, record: InventoryRecord): boolean {
  return core.ancestors.length > 1 && signingKeyOf(core, record) !== keyIdOf(core.certificate);
}

/** Valid certificates of the old key that have no successor, or that somebody shows all the same. */
export function waitingRecords(core: AuthorityCore, inUse: ReadonlySet<string>): InventoryRecord[] {
  const { inventory } = core.database;
  const now = core.clock.now();
  return oldRecords(core).filter((record) => {
    if (inUse.has(record.serialNumber)) return true;
    const others = inventory.named(record.commonName);
    const alike = others.filter((other) => standsInFor(other, record) && !hasOldKey(core, other));
    return newestValid(alike, now) === undefined;
  });
}

/** Valid certificates of an old key. */
export function oldRecords(core: AuthorityCore): InventoryRecord[] {
  const now = core.clock.now();
  const records: InventoryRecord[] = [];
  for (const record of core.database.inventory.all()) {
    if (!record.revocation && record.notAfter > now && hasOldKey(core, record)) records.push(record);
  }
  return records;
}

function describe({ certificate }: Generation): RolloverKey {
  const { subjectText, fingerprint256, notAfter, keyDescription } = certificate;
  return { subject: subjectText, fingerprint256, notAfter: notAfter.toISOString(), keyType: keyDescription };
}
