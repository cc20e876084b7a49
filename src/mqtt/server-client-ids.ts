/** Connections of one certificate or user at the same time: who holds one stolen key cannot take all places. */
export const MOST_CONNECTIONS_OF_ONE = 100;

interface Owned {
  /** Common name of the certificate, or user name. */
  identity: string;
  connections: Set<object>;
  /** A session is kept under this id. */
  kept: boolean;
}

/**
 * Whose a client id is: of the first identity that came with it, as long as one of its connections is there or its
 * session is kept. As many are remembered as there are connections and sessions.
 */
export class ServerClientIds {
  private readonly byId = new Map<string, Owned>();
  /** Connections of each identity. */
  private readonly counts = new Map<string, number>();

  get size(): number {
    return this.byId.size;
  }

  ownerOf(clientId: string): string | undefined {
    return this.byId.get(clientId)?.identity;
  }

  /**
   * Whether one more connection of an identity finds a place. One with a client id that is connected already does: the
   * older connection ends for it (MQTT 3.1.1 §3.1.4), so a device that lost its own comes back.
   */
  hasRoom(clientId: string, identity: string): boolean {
    const replaces = (this.byId.get(clientId)?.connections.size ?? 0) > 0;
    return replaces || (this.counts.get(identity) ?? 0) < MOST_CONNECTIONS_OF_ONE;
  }

  /** A client is let in: from now on, not only when it is ready, or another one could come in between. */
  take(clientId: string, identity: string, connection: object): void {
    const owned = this.byId.get(clientId) ?? { identity, connections: new Set(), kept: false };
    if (!owned.connections.has(connection)) this.count(owned.identity, 1);
    owned.connections.add(connection);
    this.byId.set(clientId, owned);
  }

  /** A connection has ended; may be said more than once. */
  release(clientId: string, connection: object): void {
    const owned = this.byId.get(clientId);
    if (owned?.connections.delete(connection)) this.count(owned.identity, -1);
    this.letGo(clientId, owned);
  }

  /** @param kept whether there is a session that outlives its connections */
  keep(clientId: string, kept: boolean): void {
    const owned = this.byId.get(clientId);
    if (!owned) return;
    owned.kept = kept;
    this.letGo(clientId, owned);
  }

  private count(identity: string, change: 1 | -1): void {
    const count = (this.counts.get(identity) ?? 0) + change;
    if (count > 0) this.counts.set(identity, count);
    else this.counts.delete(identity);
  }

  private letGo(clientId: string, owned: Owned | undefined): void {
    if (owned?.connections.size === 0 && !owned.kept) this.byId.delete(clientId);
  }
}
