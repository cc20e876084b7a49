/** A client may choose any number of ids, but an identity has no more sessions than these. */
export const MOST_SESSIONS_OF_ONE = 100;
/** Of all identities together. */
export const MOST_SESSIONS = 1_000;

/** Which sessions are kept, for whom, and which is given up for one too many. */
export class KeptSessions {
  /** Client ids with their identities; who was away for the longest comes first. */
  private readonly identities = new Map<string, string>();

  /** A client has come or gone: now it is the last to be given up. */
  add(clientId: string, identity: string): void {
    this.identities.delete(clientId);
    this.identities.set(clientId, identity);
  }

  delete(clientId: string): void {
    this.identities.delete(clientId);
  }

  /**
   * The session to give up: of the identity itself when it has too many; of the one that has the most when all together
   * have too many, so that nobody drives out the sessions of others by having many.
   *
   * @param isConnected whether a client is there now: its session is never given up
   */
  tooMany(identity: string, isConnected: (clientId: string) => boolean): string | undefined {
    const counts = new Map<string, number>();
    for (const each of this.identities.values()) counts.set(each, (counts.get(each) ?? 0) + 1);
    const longestAway = (of: string): string | undefined =>
      [...this.identities].find(([clientId, each]) => each === of && !isConnected(clientId))?.[0];
    if ((counts.get(identity) ?? 0) > MOST_SESSIONS_OF_ONE) return longestAway(identity);
    if (this.identities.size <= MOST_SESSIONS) return undefined;
    // Who has as many as another one came later.
    for (const [most] of [...counts].sort(([, a], [, b]) => b - a)) {
      const found = longestAway(most);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
