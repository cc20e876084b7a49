/**
 * The certificates that somebody asked for with `ensure` and has: an embedded broker, a connection. Whoever asks renews by
 * itself, so what it has counts, whatever else was issued under the same name. Forgotten when the CA is closed.
 */
export class KeptCertificates {
  readonly #byIdentity = new Map<string, string>();
  #serialNumbers: ReadonlySet<string> = new Set();

  /** @param identity what was asked for, as `identityOf` says; it has one certificate at a time */
  keep(identity: string, serialNumber: string): void {
    this.#byIdentity.set(identity, serialNumber);
    this.#serialNumbers = new Set(this.#byIdentity.values());
  }

  has(serialNumber: string): boolean {
    return this.#serialNumbers.has(serialNumber);
  }
}
