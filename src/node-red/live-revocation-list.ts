import path from 'node:path';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { Clock, Timer } from '../model/clock';
import { PUBLIC_FILE_MODE } from '../store/atomic-file';
import { readBoundedIfThere } from '../store/bounded-file';
import type { FileSystem } from '../store/file-system';
import type { OutputFolder } from '../store/output-folder';
import type { ReloadNews } from './broker-reload';

/** Longer than a list of 100,000 entries. */
const LIMIT = 16 * 1024 * 1024;
/** Timers stand still while the machine sleeps, clocks jump, and the CA may be another one after its node was restarted. */
const LOOK_AGAIN_MS = 10 * 60_000;
/** After a failure: a full disk, a CA that is not available. */
const RETRY_MS = 30_000;

export interface LiveListOptions {
  /** The living CA, which may be another one after its node was restarted. */
  authority(): Promise<CertificateAuthority>;
  fs: FileSystem;
  output: OutputFolder;
  /** What the layout calls its list. */
  fileName: string;
  /** What it calls the CAs of the clients, which follow as well; `withChain`: the intermediates stand in it, too. */
  trustFile?: { name: string; withChain: boolean };
  clock: Clock;
  /** Tell the broker; absent when nobody does. */
  reload?(news: ReloadNews): Promise<void>;
  written(): void;
  /** Told every time; the same reason again is no news. */
  failed(error: unknown): void;
}

/**
 * Keeps the revocation list of an export as young as the CA's own: a broker refuses every client once its list is overdue
 * (FACTS §4), and a revoked one goes on until the broker has a new list.
 *
 * A folder without the file was never exported into, or its configuration asks for none: nothing is written there.
 */
export class LiveRevocationList {
  readonly #options: LiveListOptions;
  #authority: CertificateAuthority | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #timer: Timer | undefined;
  /** The broker was not told of what lies there. */
  readonly #untold = new Set<string>();
  readonly #onRefresh = (): void => this.request();

  constructor(options: LiveListOptions) {
    this.#options = options;
  }

  /** Look now; at the start also for what happened while this node did not run. */
  request(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#looking ??= this.#lookWhileAsked();
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#letGo();
    await this.#looking;
  }

  #letGo(): void {
    this.#authority?.off('crl-refreshed', this.#onRefresh);
    this.#authority?.off('ca-changed', this.#onRefresh);
  }

  async #lookWhileAsked(): Promise<void> {
    let waitMs = LOOK_AGAIN_MS;
    while (this.#again && !this.#closed) {
      this.#again = false;
      this.#timer?.cancel();
      try {
        await this.#look();
        waitMs = LOOK_AGAIN_MS;
      } catch (error) {
        waitMs = RETRY_MS;
        if (!this.#closed) this.#options.failed(error);
      }
    }
    this.#looking = undefined;
    if (!this.#closed) this.#timer = this.#options.clock.setTimer(waitMs, () => this.request());
  }

  async #look(): Promise<void> {
    const { output, fileName, trustFile, reload, written } = this.#options;
    const authority = await this.#attach();
    const what = 'the revocation list of the export';
    const { pem } = await authority.crl();
    const list = await this.#read(fileName, what);
    if (list === undefined || this.#closed) return;
    if (trustFile) {
      const trust = authority.trustAnchorsPem + (trustFile.withChain ? authority.chainPem : '');
      const found = await this.#read(trustFile.name, 'the trust anchors of the export');
      if (found !== undefined) await this.#write(trustFile.name, found, trust);
    }
    // A CA without a list shuts its clients out (FACTS §4): the broker is told when both are in place.
    await this.#write(fileName, list, pem);
    if (this.#untold.size === 0) return;
    await reload?.({ folder: output.folder, files: [...this.#untold], reason: 'crl' });
    this.#untold.clear();
    written();
  }

  #read(name: string, what: string): Promise<Buffer | undefined> {
    const { fs, output } = this.#options;
    return readBoundedIfThere(fs, path.join(output.folder, name), { limit: LIMIT, what });
  }

  async #write(name: string, found: Buffer, wanted: string): Promise<void> {
    if (found.equals(Buffer.from(wanted))) return;
    await this.#options.output.write(name, wanted, { mode: PUBLIC_FILE_MODE });
    this.#untold.add(name);
  }

  async #attach(): Promise<CertificateAuthority> {
    const authority = await this.#options.authority();
    if (this.#closed || authority === this.#authority) return authority;
    this.#letGo();
    authority.on('crl-refreshed', this.#onRefresh);
    authority.on('ca-changed', this.#onRefresh);
    this.#authority = authority;
    return authority;
  }
}
