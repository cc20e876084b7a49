import path from 'node:path';
import type { CertificateAuthority } from '../ca/certificate-authority';
import { inTurn } from '../export/export-result';
import type { Clock, Timer } from '../model/clock';
import { codedError } from '../model/errors';
import { readAllRevocationLists } from '../pki/revocation-list';
import { PUBLIC_FILE_MODE } from '../store/atomic-file';
import { readBoundedIfThere } from '../store/bounded-file';
import type { FileSystem } from '../store/file-system';
import { removeFile } from '../store/folder';
import type { OutputFolder } from '../store/output-folder';
import { asCodedError } from './failure';
import type { ReloadNews } from './broker-reload';

/** Longer than a list of 100,000 entries. */
const LIMIT = 16 * 1024 * 1024;
/** Timers stand still while the machine sleeps, clocks jump, and the CA may be another one after its node was restarted. */
const LOOK_AGAIN_MS = 10 * 60_000;
/** After a failure: a full disk, a CA that is not available. */
const RETRY_MS = 30_000;

/** In the folder as long as its broker was not told of what was written there, so that a restart in between is no loss. */
export const UNTOLD_FILE = '.secure-mqtt-untold';
/** Of a list's life. From here on it is an alarm of its own that the list cannot be replaced. */
const OVERDUE_SHARE = 0.75;

/** Milliseconds since 1970. */
interface Life {
  overdueAt: number;
  end: number;
}

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
  #isLooking = false;
  #writing: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #timer: Timer | undefined;
  /** Of the list that was last seen there. */
  #life: Life | undefined;
  readonly #onRefresh = (): void => this.request();

  constructor(options: LiveListOptions) {
    this.#options = options;
  }

  /** Look now; at the start also for what happened while this node did not run. */
  request(): void {
    if (this.#closed) return;
    this.#again = true;
    if (!this.#isLooking) void this.#lookWhileAsked();
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#letGo();
    await this.#writing;
  }

  #letGo(): void {
    this.#authority?.off('crl-refreshed', this.#onRefresh);
    this.#authority?.off('ca-changed', this.#onRefresh);
  }

  async #lookWhileAsked(): Promise<void> {
    this.#isLooking = true;
    let waitMs = LOOK_AGAIN_MS;
    while (this.#again && !this.#closed) {
      this.#again = false;
      this.#timer?.cancel();
      try {
        await this.#look();
        waitMs = LOOK_AGAIN_MS;
      } catch (error) {
        waitMs = RETRY_MS;
        const told = await this.#weighed(error);
        if (!this.#closed) this.#options.failed(told);
      }
    }
    this.#isLooking = false;
    if (!this.#closed) this.#timer = this.#options.clock.setTimer(waitMs, () => this.request());
  }

  /** In turn with exports into the folder: what a replacement puts back must not be older than what is written here. */
  async #look(): Promise<void> {
    const authority = await this.#attach();
    const { output } = this.#options;
    await inTurn({ folder: output.folder }, async () => {
      if (this.#closed) return;
      // Looked at first: a folder in which there is nothing to do may be read-only.
      const writing = this.#changes(authority).then(
        (found) => found && output.alone(() => this.#bringUpToDate(authority)),
      );
      this.#writing = writing.catch(() => undefined);
      await writing;
    });
  }

  /** What is to be written, and of what the broker has to be told; undefined when there is nothing. */
  async #changes(authority: CertificateAuthority) {
    const { fileName, trustFile } = this.#options;
    const { pem } = await authority.crl();
    const list = await this.#readList();
    if (list === undefined) return undefined;
    const changes: [name: string, content: string][] = [];
    if (trustFile) {
      const trust = authority.trustAnchorsPem + (trustFile.withChain ? authority.chainPem : '');
      const found = await this.#read(trustFile.name, 'the trust anchors of the export');
      if (found !== undefined && !found.equals(Buffer.from(trust))) changes.push([trustFile.name, trust]);
    }
    if (!list.equals(Buffer.from(pem))) changes.push([fileName, pem]);
    const untold = new Set([...(await this.#untold()), ...changes.map(([name]) => name)]);
    return untold.size === 0 ? undefined : { changes, untold };
  }

  async #bringUpToDate(authority: CertificateAuthority): Promise<void> {
    const { output, reload, written } = this.#options;
    const found = await this.#changes(authority);
    if (!found) return;
    const { changes, untold } = found;
    // A CA without a list shuts its clients out (FACTS §4): the broker is told when both are in place.
    if (reload && changes.length > 0) await this.#write(UNTOLD_FILE, [...untold].join('\n'));
    for (const [name, content] of changes) await this.#write(name, content);
    if (reload) {
      await reload({ folder: output.folder, files: [...untold], reason: 'crl' });
      await removeFile(this.#options.fs, path.join(output.folder, UNTOLD_FILE));
    }
    written();
  }

  async #readList(): Promise<Buffer | undefined> {
    const list = await this.#read(this.#options.fileName, 'the revocation list of the export');
    this.#life = list && lifeOf(list);
    return list;
  }

  #read(name: string, what: string): Promise<Buffer | undefined> {
    const { fs, output } = this.#options;
    return readBoundedIfThere(fs, path.join(output.folder, name), { limit: LIMIT, what });
  }

  async #write(name: string, content: string): Promise<void> {
    await this.#options.output.write(name, content, { mode: PUBLIC_FILE_MODE });
  }

  /** Names of files that lie there and of which the broker was not told. */
  async #untold(): Promise<string[]> {
    const { reload, fileName, trustFile } = this.#options;
    const noted = reload ? await this.#read(UNTOLD_FILE, 'what the broker was not told of') : undefined;
    if (noted === undefined) return [];
    // A note that cannot be read says the same.
    const names = noted.toString('utf8').split('\n');
    return [fileName, trustFile?.name ?? fileName].filter((name) => name === fileName || names.includes(name));
  }

  /** A list that cannot be replaced: nothing urgent at first, and in the end every client is outside. */
  async #weighed(error: unknown): Promise<unknown> {
    const { clock, output, fileName } = this.#options;
    // At the start the CA may be what fails, and afterwards the disk.
    await this.#readList().catch(() => undefined);
    const life = this.#life;
    const now = clock.now();
    if (!life || now < life.overdueAt) return error;
    const { code: reason, message, hint = '', cause } = asCodedError(error);
    const nextUpdate = new Date(life.end).toISOString();
    const file = path.join(output.folder, fileName);
    const [code, ends] =
      now < life.end
        ? (['CRL_EXPIRES_SOON', `ends at ${nextUpdate}, then its broker refuses every client`] as const)
        : (['CRL_EXPIRED', `ended at ${nextUpdate}, its broker refuses every client`] as const);
    return codedError(
      code,
      `${file} ${ends}; it cannot be replaced: ${message}`,
      { ...cause, file, nextUpdate, reason },
      hint,
    );
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

/** Of the list of several keys the one that ends first. Undefined for a file that holds none. */
function lifeOf(list: Buffer): Life | undefined {
  try {
    const lives = readAllRevocationLists(list).flatMap(({ thisUpdate, nextUpdate }) => {
      const [start, end] = [thisUpdate.getTime(), nextUpdate?.getTime()];
      return end === undefined ? [] : [{ overdueAt: start + OVERDUE_SHARE * (end - start), end }];
    });
    return lives.sort((one, other) => one.end - other.end)[0];
  } catch {
    return undefined;
  }
}
