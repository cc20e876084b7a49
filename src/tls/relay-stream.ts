import { Duplex } from 'node:stream';

type Callback = (error?: Error | null) => void;

/**
 * A Duplex in front of another one that may be attached later.
 *
 * Until {@link attach} is called, everything written waits here and nowhere else. That is what lets the
 * secure stream promise that no application byte leaves before the server has been judged, and what lets
 * the wire tap stand between a socket and the TLS layer.
 */
export class RelayStream extends Duplex {
  #inner: Duplex | undefined;
  #ended = false;
  #whenAttached: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true, emitClose: true });
  }

  /** The stream behind; at most once. */
  protected attach(inner: Duplex): void {
    if (this.destroyed) {
      inner.destroy();
      return;
    }
    this.#inner = inner;
    inner.on('data', (chunk: Buffer) => {
      this.observe(chunk);
      if (!this.push(chunk)) inner.pause();
    });
    inner.on('end', () => this.#endReading());
    inner.on('error', (error) => this.innerFailed(error));
    // A socket that closes without 'end' (reset, destroyed) must not leave this side waiting for ever.
    inner.on('close', () => this.#endReading());
    const run = this.#whenAttached;
    this.#whenAttached = undefined;
    run?.();
  }

  /** Called with every chunk from behind before it is passed on. */
  protected observe(chunk: Buffer): void {
    void chunk;
  }

  /** The stream behind failed. */
  protected innerFailed(error: Error): void {
    this.destroy(error);
  }

  override _read(): void {
    this.#inner?.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: Callback): void {
    this.#then((inner) => inner.write(chunk, encoding, callback));
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], callback: Callback): void {
    this.#then((inner) => {
      inner.cork();
      chunks.forEach(({ chunk, encoding }, index) =>
        inner.write(chunk, encoding, index === chunks.length - 1 ? callback : undefined),
      );
      inner.uncork();
    });
  }

  override _final(callback: Callback): void {
    this.#then((inner) => inner.end(() => callback()));
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#whenAttached = undefined;
    this.#inner?.destroy();
    callback(error);
  }

  #then(use: (inner: Duplex) => void): void {
    if (this.#inner) use(this.#inner);
    else this.#whenAttached = () => use(this.#inner as Duplex);
  }

  #endReading(): void {
    if (this.#ended || this.destroyed) return;
    this.#ended = true;
    this.push(null);
  }
}
