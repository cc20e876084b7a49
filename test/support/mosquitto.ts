import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';

/** How long a broker may take to start or to write an expected line before the test fails with its log. */
const PATIENCE_MS = 20_000;

/** What {@link startMosquitto} is told. */
export interface MosquittoOptions {
  /**
   * Lines of `mosquitto.conf` for the port it is given, without `listener`/`port` of its own:
   * `(port) => ['listener ' + port + ' 127.0.0.1', …]`. Several listeners: ask {@link freePort} for more.
   */
  configuration: (port: number) => string | string[];
  /** Where it runs, so that relative paths in the configuration hold; a fresh temporary folder otherwise. */
  folder?: string;
  /** The port to use again after a stop; any free one otherwise. */
  port?: number;
}

/** A real Mosquitto. */
export interface RunningMosquitto {
  readonly port: number;
  /** Of its process. */
  readonly pid: number;
  readonly folder: string;
  /** Everything it has written so far. */
  log(): string;
  /** Resolves with the first line, written already or later, that matches; rejects with the log when none comes. */
  waitForLog(pattern: RegExp): Promise<string>;
  /** The same for so many lines. */
  waitForLines(pattern: RegExp, count: number): Promise<string[]>;
  /** SIGHUP: read certificates and the configuration again. */
  reload(): void;
  /** Ends it and waits until it is gone; harmless when it is gone already. */
  stop(): Promise<void>;
}

/**
 * Start a real Mosquitto and wait until it says that it runs. The configuration gets `user root` when the tests
 * run as root (Mosquitto would else change to its own user, which cannot read keys of mode 0600) and a log on
 * standard error.
 *
 * @throws Error with the log when it does not start, with the command to install it when it is absent
 */
export async function startMosquitto(options: MosquittoOptions): Promise<RunningMosquitto> {
  const program = mosquittoProgram();
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const mosquitto = new Mosquitto(program, port, options);
    try {
      await mosquitto.waitForLog(/mosquitto version \S+ running/);
      return mosquitto;
    } catch (error) {
      await mosquitto.stop();
      const portTaken = /Address already in use/.test(mosquitto.log());
      if (!portTaken || attempt === 5) throw error;
    }
  }
}

/** The program, or an error that says how to install it. Debian puts it into a folder ordinary users lack in PATH. */
export function mosquittoProgram(): string {
  for (const program of ['mosquitto', '/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto']) {
    if (spawnSync(program, ['-h'], { stdio: 'ignore' }).error === undefined) return program;
  }
  throw new Error('these tests need a real Mosquitto: apt-get install mosquitto mosquitto-clients');
}

class Mosquitto implements RunningMosquitto {
  readonly folder: string;
  private readonly child: ChildProcess;
  private readonly ownFolder: boolean;
  private readonly gone: Promise<void>;
  private readonly watchers = new Set<() => void>();
  private written = '';
  private ended = false;

  constructor(
    program: string,
    readonly port: number,
    options: MosquittoOptions,
  ) {
    this.ownFolder = options.folder === undefined;
    this.folder = options.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'mosquitto-'));
    const lines = [options.configuration(port)].flat();
    const text = lines.join('\n');
    if (process.getuid?.() === 0 && !/^user\s/m.test(text)) lines.unshift('user root');
    if (!/^log_dest\s/m.test(text)) lines.unshift('log_dest stderr');
    if (!/^log_type\s/m.test(text)) lines.unshift('log_type all');
    const file = path.join(this.folder, `mosquitto-${port}.test.conf`);
    fs.writeFileSync(file, `${lines.join('\n')}\n`);

    this.child = spawn(program, ['-c', file], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.written += text;
        this.notify();
      });
    }
    // A test run that ends early must not leave a broker behind.
    const killChild = (): void => void this.child.kill('SIGKILL');
    process.once('exit', killChild);
    this.gone = new Promise((resolve) => {
      this.child.once('close', () => {
        process.off('exit', killChild);
        this.ended = true;
        this.notify();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  log(): string {
    return this.written;
  }

  async waitForLog(pattern: RegExp): Promise<string> {
    const [line] = await this.waitForLines(pattern, 1);
    return line as string;
  }

  waitForLines(pattern: RegExp, count: number): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.watchers.delete(look);
        finish();
      };
      const fail = (reason: string): void =>
        settle(() =>
          reject(new Error(`mosquitto ${reason} without ${count} lines ${pattern}; its log:\n${this.written}`)),
        );
      const look = (): void => {
        const lines = this.written.split('\n').filter((candidate) => pattern.test(candidate));
        if (lines.length >= count) settle(() => resolve(lines));
        else if (this.ended) fail('ended');
      };
      const timer = setTimeout(() => fail(`ran for ${PATIENCE_MS} ms`), PATIENCE_MS);
      this.watchers.add(look);
      look();
    });
  }

  reload(): void {
    this.child.kill('SIGHUP');
  }

  async stop(): Promise<void> {
    if (!this.ended) this.child.kill('SIGTERM');
    // Mosquitto says that it runs a moment before it sets the flag that SIGTERM clears: that one is lost.
    const again = setInterval(() => this.child.kill('SIGTERM'), 1_000);
    await this.gone;
    clearInterval(again);
    if (this.ownFolder) fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private notify(): void {
    for (const look of [...this.watchers]) look();
  }
}
