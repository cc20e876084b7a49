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

  get size(): number {
    return this.byId.size;
  }

  ownerOf(clientId: string): string | undefined {
    return this.byId.get(clientId)?.identity;
  }

  /** A client is let in: from now on, not only when it is ready, or another one could come in between. */
  take(clientId: string, identity: string, connection: object): void {
    const owned = this.byId.get(clientId) ?? { identity, connections: new Set(), kept: false };
    owned.connections.add(connection);
    this.byId.set(clientId, owned);
  }

  /** A connection has ended; may be said more than once. */
  release(clientId: string, connection: object): void {
    const owned = this.byId.get(clientId);
    owned?.connections.delete(connection);
    this.letGo(clientId, owned);
  }

  /** @param kept whether there is a session that outlives its connections */
  keep(clientId: string, kept: boolean): void {
    const owned = this.byId.get(clientId);
    if (!owned) return;
    owned.kept = kept;
    this.letGo(clientId, owned);
  }

  private letGo(clientId: string, owned: Owned | undefined): void {
    if (owned?.connections.size === 0 && !owned.kept) this.byId.delete(clientId);
  }
}
