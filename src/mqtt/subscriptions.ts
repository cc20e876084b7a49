import { parseTopicFilter, type TopicFilter } from './topic';

export type QualityOfService = 0 | 1 | 2;

/** What a SUBSCRIBE asks for besides the filter. All but `qos` exist only in MQTT 5. */
export interface SubscribeOptions {
  qos: QualityOfService;
  /** No local: own messages do not come back. */
  nl?: boolean;
  /** Retain as published. */
  rap?: boolean;
  /** Retain handling: 0 retained messages at each subscribe, 1 only at a new one, 2 never. */
  rh?: 0 | 1 | 2;
}

/** One topic filter, its number for the broker, and who wants its messages. */
export interface Subscription<T> {
  readonly filter: TopicFilter;
  /** MQTT 5 subscription identifier, 1 and up. */
  readonly identifier: number;
  /** By owner, usually a node id. */
  readonly subscribers: Map<string, Subscriber<T>>;
}

export interface Subscriber<T> {
  options: SubscribeOptions;
  receive: T;
}

interface Branch<T> {
  below: Map<string, Branch<T>>;
  /** Subscriptions that end here: `a/b` and `$share/x/a/b` end at the same place. */
  ends: Map<string, Subscription<T>>;
}

/**
 * Who subscribed to what, as a tree of topic levels: looking up the receivers of a message costs as many steps as
 * its topic has levels, not as many as there are subscriptions.
 */
export class Subscriptions<T> {
  private readonly byFilter = new Map<string, Subscription<T>>();
  private readonly byIdentifier = new Map<number, Subscription<T>>();
  private readonly root: Branch<T> = newBranch();
  private lastIdentifier = 0;

  /** All subscriptions. */
  all(): Iterable<Subscription<T>> {
    return this.byFilter.values();
  }

  get size(): number {
    return this.byFilter.size;
  }

  get(filter: string): Subscription<T> | undefined {
    return this.byFilter.get(filter);
  }

  /**
   * Add a subscriber; one with the same owner and filter is replaced.
   *
   * @throws INPUT_TOPIC
   */
  add(filter: string, owner: string, options: SubscribeOptions, receive: T): Subscription<T> {
    let subscription = this.byFilter.get(filter);
    if (subscription === undefined) {
      const parsed = parseTopicFilter(filter);
      this.lastIdentifier += 1;
      subscription = { filter: parsed, identifier: this.lastIdentifier, subscribers: new Map() };
      this.byFilter.set(filter, subscription);
      this.byIdentifier.set(subscription.identifier, subscription);
      this.branchOf(parsed.levels).ends.set(filter, subscription);
    }
    subscription.subscribers.set(owner, { options, receive });
    return subscription;
  }

  /** Remove a subscriber; true when it was the last of its filter, so that the broker must hear of it. */
  remove(filter: string, owner: string): boolean {
    const subscription = this.byFilter.get(filter);
    if (subscription === undefined || !subscription.subscribers.delete(owner)) return false;
    if (subscription.subscribers.size > 0) return false;
    this.byFilter.delete(filter);
    this.byIdentifier.delete(subscription.identifier);
    this.cut(this.root, subscription, 0);
    return true;
  }

  /**
   * Who gets a message.
   *
   * @param topic its topic name
   * @param identifiers the subscription identifiers the broker sent with it (MQTT 5): it then sends one copy per
   *   subscription or one with several identifiers, and only they count, else overlapping filters would receive
   *   it twice. A broker that sends none means every filter that matches.
   */
  receiversOf(topic: string, identifiers?: readonly number[]): T[] {
    const receivers: T[] = [];
    const collect = (subscription: Subscription<T>): void => {
      for (const { receive } of subscription.subscribers.values()) receivers.push(receive);
    };
    if (identifiers !== undefined && identifiers.length > 0) {
      for (const identifier of new Set(identifiers)) {
        const subscription = this.byIdentifier.get(identifier);
        if (subscription) collect(subscription);
      }
    } else {
      this.walk(this.root, topic.split('/'), 0, collect);
    }
    return receivers;
  }

  private branchOf(levels: readonly string[]): Branch<T> {
    let branch = this.root;
    for (const level of levels) {
      let next = branch.below.get(level);
      if (next === undefined) {
        next = newBranch();
        branch.below.set(level, next);
      }
      branch = next;
    }
    return branch;
  }

  private walk(branch: Branch<T>, levels: readonly string[], depth: number, found: (s: Subscription<T>) => void): void {
    // Wildcards in the first level do not match topics like $SYS/… (MQTT-4.7.2-1).
    const wildcardsCount = depth > 0 || !levels[0]?.startsWith('$');
    if (wildcardsCount) branch.below.get('#')?.ends.forEach(found);
    if (depth === levels.length) {
      branch.ends.forEach(found);
      return;
    }
    const exact = branch.below.get(levels[depth] as string);
    if (exact) this.walk(exact, levels, depth + 1, found);
    const any = wildcardsCount ? branch.below.get('+') : undefined;
    if (any) this.walk(any, levels, depth + 1, found);
  }

  /** Remove the end of a subscription and every branch that holds nothing any more; true when this one does not. */
  private cut(branch: Branch<T>, subscription: Subscription<T>, depth: number): boolean {
    const level = subscription.filter.levels[depth];
    if (level === undefined) {
      branch.ends.delete(subscription.filter.text);
    } else {
      const next = branch.below.get(level);
      if (next && this.cut(next, subscription, depth + 1)) branch.below.delete(level);
    }
    return branch.ends.size === 0 && branch.below.size === 0;
  }
}

/** What to ask the broker for when several subscribers share a filter: the most anyone wants. */
export function strongestOptions(options: Iterable<SubscribeOptions>): SubscribeOptions {
  const all = [...options];
  const some = <K extends keyof SubscribeOptions>(key: K): SubscribeOptions[K][] =>
    all.map((each) => each[key]).filter((value) => value !== undefined);
  const strongest: SubscribeOptions = { qos: Math.max(0, ...some('qos').map(Number)) as QualityOfService };
  if (some('nl').length > 0) strongest.nl = all.every((each) => each.nl === true);
  if (some('rap').length > 0) strongest.rap = all.some((each) => each.rap === true);
  if (some('rh').length > 0) strongest.rh = Math.min(...some('rh').map(Number)) as 0 | 1 | 2;
  return strongest;
}

function newBranch<T>(): Branch<T> {
  return { below: new Map(), ends: new Map() };
}
