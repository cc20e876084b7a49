import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A line the child prints: what it told somebody, or why it gave up. */
export type IssuingReport =
  | { event: 'ready'; fingerprint256: string }
  | { event: 'issued'; serialNumbers: string[] }
  | { event: 'failed'; code: string };

/**
 * A process of its own that opens the CA in `<userDir>/pki/ca` and issues batches until it is told to stop.
 * Counterpart of issuing-child.ts.
 */
export class IssuingProcess {
  readonly reports: IssuingReport[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #waiting = new Set<() => void>();

  /** @param batches how many batches to issue; 0: only hold the CA open */
  constructor(userDir: string, batches: number) {
    const script = join(__dirname, 'issuing-child.ts');
    this.#child = spawn(process.execPath, ['--require', 'tsx/cjs', script, userDir, String(batches)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#exited = new Promise((resolve) => this.#child.on('close', () => resolve()));
    // A process that is killed may leave half a line; what is not a whole line was not told to anybody.
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      try {
        this.reports.push(JSON.parse(line) as IssuingReport);
      } catch {
        return;
      }
      for (const wake of this.#waiting) wake();
    });
  }

  /** The first report of a kind; rejects when the process ends without it. */
  async report<E extends IssuingReport['event']>(event: E): Promise<Extract<IssuingReport, { event: E }>> {
    let ended = false;
    void this.#exited.then(() => {
      ended = true;
      for (const wake of this.#waiting) wake();
    });
    for (;;) {
      const found = this.reports.find((report) => report.event === event);
      if (found) return found as Extract<IssuingReport, { event: E }>;
      if (ended) throw new Error(`the process ended without ${event}: ${JSON.stringify(this.reports)}`);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  /** Serial numbers of everything that was told. */
  get issued(): string[] {
    return this.reports.flatMap((report) => (report.event === 'issued' ? report.serialNumbers : []));
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Ask it to close the CA and end. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#exited;
  }
}
