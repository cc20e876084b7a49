import { DAY_MS } from '../model/duration';
import {
  createRevocationList,
  readAllRevocationLists,
  readRevocationList,
  type RevocationList,
} from '../pki/revocation-list';
import type { InventoryRecord } from '../store/inventory';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { eventOf, type AuthorityEvent } from './authority-event';
import { keyIdOf, type Generation } from './generation';
import { signingKeyOf } from './rollover-state';

/** The revocation list as everybody gets it. */
export interface CurrentRevocationList {
  /** While the key of the CA is being replaced the lists of all its keys, that of the issuing one first. */
  pem: string;
  /** Of the issuing key: DER has no way to hold two. */
  der: Buffer;
  /** CRL number, decimal. */
  number: string;
  nextUpdate: Date;
}

/**
 * A broker whose clock is a little behind would otherwise refuse every client after each new list
 * (`CRL is not yet valid`).
 */
export const CRL_BACKDATED_MS = 3_600_000;

/** A list is replaced at half of its life; when that fails until here, there is still a week to mend the disk. */
const OVERDUE_SHARE = 0.75;

/**
 * The CRL of a CA: there from the first day, because a broker with a `crlfile` refuses everybody when one is missing
 * or past its nextUpdate (FACTS §4); made anew at half of its life and whenever a status changed.
 */
export class RevocationListKeeper {
  readonly #core: AuthorityCore;
  #current: RevocationList | undefined;
  /** The lists of the other keys while the CA is being replaced; in the order of `core.generations`. */
  #others: readonly RevocationList[] = [];
  /** The next CRL number; never goes back, whatever program counted it up. */
  #nextNumber: bigint;
  #overdueTold = false;

  private constructor(core: AuthorityCore, current: RevocationList | undefined, nextNumber: bigint) {
    this.#core = core;
    this.#current = current;
    this.#nextNumber = nextNumber;
  }

  /** Read what the folder holds; an unreadable or foreign list counts as none and is replaced at the first refresh. */
  static async load(core: AuthorityCore): Promise<RevocationListKeeper> {
    const { folder } = core.database;
    const bytes = await folder.readIfThere('crl.pem');
    const [list, ...others] = bytes ? readOwn(bytes, core) : [];
    const counted = parseCrlNumber((await folder.readIfThere('crlnumber'))?.toString('utf8') ?? '');
    const following = [list, ...others].reduce((most, one) => maximum(most, one?.number ?? 0n), 0n) + 1n;
    const der = await folder.readIfThere('crl.der');
    // Written one after the other: after a crash between the two, the list is made anew.
    const complete = list !== undefined && der?.equals(list.der) === true;
    const keeper = new RevocationListKeeper(core, complete ? list : undefined, maximum(counted, following));
    if (complete) keeper.#others = others.filter((other) => other !== undefined);
    return keeper;
  }

  /** When {@link refreshIfNeeded} has something to do at the latest; milliseconds since 1970. */
  get refreshAt(): number {
    const list = this.#current;
    if (!list?.nextUpdate) return 0;
    return (list.thisUpdate.getTime() + list.nextUpdate.getTime()) / 2;
  }

  /** The list in force; a new one when there is none, it is half used up, or a status changed. */
  async current(): Promise<CurrentRevocationList> {
    return this.#needsRefresh() ? this.refresh() : describe(this.#current as RevocationList, this.#others);
  }

  /** The list in force, whatever its age, without making a new one. */
  get latest(): { number: string; event: AuthorityEvent } | undefined {
    if (!this.#current) return undefined;
    const { number, nextUpdate } = describe(this.#current, []);
    return { number, event: this.#event('crl-refreshed', nextUpdate.getTime()) };
  }

  /** The event of a list that should long have been replaced, as long as it is not. */
  get overdue(): AuthorityEvent | undefined {
    const end = this.#current?.nextUpdate;
    return end && this.#overdueTold ? this.#event('crl-overdue', end.getTime()) : undefined;
  }

  /** Make a new list if one is needed. Announces once that it is overdue: in good time when the disk refuses. */
  async refreshIfNeeded(): Promise<void> {
    this.#tellOverdue(1);
    if (!this.#needsRefresh()) return;
    try {
      await this.refresh();
    } catch (error) {
      this.#tellOverdue(OVERDUE_SHARE);
      throw error;
    }
  }

  /** Make and store a new list, whatever the age of the last. */
  refresh(): Promise<CurrentRevocationList> {
    return this.#core.commits.run(async () => {
      const now = wholeSeconds(this.#core.clock);
      const nextUpdate = new Date(now + this.#core.settings.crlDays * DAY_MS);
      const { lists, number } = await this.#createAll(() => nextUpdate);
      const [list, ...others] = lists;
      const { folder } = this.#core.database;
      await folder.writeAll([
        ['crl.der', list.der],
        ['crl.pem', describe(list, others).pem],
      ]);
      this.#current = list;
      this.#others = others;
      this.#overdueTold = false;
      const at = now;
      await this.#core.database.log([{ at, event: 'crl', ...this.#core.author, crlNumber: number.toString() }]);
      this.#core.announce(this.#event('crl-refreshed', nextUpdate.getTime()));
      return describe(list, others);
    });
  }

  /**
   * A list that is good until the CA ends, for brokers that nobody reloads. It is not kept: the next revocation is not
   * in it.
   */
  untilEndOfAuthority(): Promise<CurrentRevocationList> {
    return this.#core.commits.run(async () => {
      const { lists } = await this.#createAll(({ certificate }) => certificate.notAfter);
      const [list, ...others] = lists;
      return describe(list, others);
    });
  }

  #needsRefresh(): boolean {
    const list = this.#current;
    const now = this.#core.clock.now();
    // A list from the future: the clock was wrong when it was made, or is now. Verifiers would refuse it.
    if (!list?.nextUpdate || list.thisUpdate.getTime() > now || now >= this.refreshAt) return true;
    // Longer than we make them: the clock was ahead, or crlDays was shortened.
    if (list.nextUpdate.getTime() > now + this.#core.settings.crlDays * DAY_MS + CRL_BACKDATED_MS) return true;
    const lists = [list, ...this.#others];
    const { generations } = this.#core;
    if (lists.length !== generations.length) return true;
    return generations.some((generation, index) => {
      const own = lists[index];
      if (!own?.isSignedBy(generation.certificate)) return true;
      const revoked = this.#revokedOf(generation);
      const isOther = ({ serialNumber, revocation }: InventoryRecord) =>
        own.find(serialNumber)?.reason !== revocation?.reason;
      return revoked.length !== own.size || revoked.some(isOther);
    });
  }

  /** The revoked certificates that a key has signed. */
  #revokedOf({ certificate }: Generation): InventoryRecord[] {
    const { database, ancestors } = this.#core;
    const revoked = database.inventory.revoked();
    const keyId = keyIdOf(certificate);
    const isOnly = ancestors.every((ancestor) => ancestor.keyId === keyId) && this.#core.generations.length === 1;
    return isOnly ? revoked : revoked.filter((record) => signingKeyOf(this.#core, record) === keyId);
  }

  /** One list for each key. The number of the first is the one that is told. */
  async #createAll(nextUpdate: (generation: Generation) => Date) {
    const lists: RevocationList[] = [];
    const number = await this.#takeNumber();
    for (const generation of this.#core.generations) {
      lists.push(await this.#create(generation, number, nextUpdate(generation)));
    }
    return { lists: lists as [RevocationList, ...RevocationList[]], number };
  }

  /** Count up durably before the number is used: a crash leaves a gap, never the same number twice. */
  async #takeNumber(): Promise<bigint> {
    await this.#core.database.assertOwned();
    const number = this.#nextNumber;
    this.#nextNumber += 1n;
    await this.#core.database.folder.write('crlnumber', formatCrlNumber(this.#nextNumber));
    return number;
  }

  async #create(generation: Generation, number: bigint, nextUpdate: Date): Promise<RevocationList> {
    const { certificate, secretKey } = generation;
    const { clock } = this.#core;
    const thisUpdate = new Date(wholeSeconds(clock) - CRL_BACKDATED_MS);
    const revoked = this.#revokedOf(generation).flatMap(({ serialNumber, revocation }) => {
      return revocation ? [{ serialNumber, revokedAt: new Date(revocation.at), reason: revocation.reason }] : [];
    });
    const issuer = { certificate, privateKey: secretKey };
    const { der } = await createRevocationList({ issuer, number, thisUpdate, nextUpdate, revoked });
    return readRevocationList(der);
  }

  /** @param share of the list's life that must be over */
  #tellOverdue(share: number): void {
    const { thisUpdate, nextUpdate } = this.#current ?? {};
    if (!thisUpdate || !nextUpdate || this.#overdueTold) return;
    const start = thisUpdate.getTime();
    const end = nextUpdate.getTime();
    if (this.#core.clock.now() < start + share * (end - start)) return;
    this.#overdueTold = true;
    this.#core.announce(this.#event('crl-overdue', end));
  }

  #event(event: 'crl-refreshed' | 'crl-overdue', nextUpdate: number): AuthorityEvent {
    const { certificate, clock } = this.#core;
    const ca = certificate.subject.commonName ?? '';
    const about = { serialNumber: certificate.serialNumber, commonName: ca, notAfter: nextUpdate };
    return eventOf(event, about, ca, clock.now());
  }
}

/** The list of each key, the issuing one first; undefined where there is none. */
function readOwn(bytes: Buffer, { generations }: AuthorityCore): (RevocationList | undefined)[] {
  try {
    const lists = readAllRevocationLists(bytes);
    return generations.map(({ certificate }) => lists.find((list) => list.isSignedBy(certificate)));
  } catch {
    return [];
  }
}

function describe(list: RevocationList, others: readonly RevocationList[]): CurrentRevocationList {
  const { der, number = 0n, nextUpdate = new Date(0) } = list;
  const pem = [list, ...others].map((one) => one.pem).join('');
  return { pem, der, number: number.toString(), nextUpdate };
}

function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** OpenSSL keeps the next number as hex with an even number of digits. */
export function formatCrlNumber(number: bigint): string {
  const hex = number.toString(16).toUpperCase();
  return `${hex.length % 2 === 0 ? hex : `0${hex}`}\n`;
}

export function parseCrlNumber(text: string): bigint {
  const hex = /^\s*([0-9a-fA-F]{1,40})\s*$/.exec(text)?.[1];
  return hex === undefined ? 0n : BigInt(`0x${hex}`);
}
