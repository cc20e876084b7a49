import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimes } from './runtimes';

const STARTED = /\[info\] Started flows/;
const ADDRESS = /Server now running at (http:\/\/\S+?)\/?\s/;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;

/**
 * A Node-RED over a user directory that npm made, without flows: it only loads what is installed there.
 * The process listens on a port that the system chooses.
 */
export class InstalledNodeRed {
  private constructor(
    private readonly child: ChildProcess,
    private readonly output: string[],
  ) {}

  /**
   * Start it and wait until it serves.
   *
   * @param userDir absolute path, with the package installed
   * @param versions a row of the matrix
   */
  static async start(userDir: string, versions: { nodeRed: '4.1' | '5'; node: '20' | '22' | '24' }) {
    const settings = join(userDir, 'settings.js');
    // Port 0 is "none set" for Node-RED, a text is passed on as it is.
    writeFileSync(settings, `module.exports = { uiHost: '127.0.0.1', uiPort: '0', telemetry: { enabled: false } };\n`);
    const { node, nodeRed } = runtimes();
    const child = spawn(
      node[versions.node],
      [nodeRed[versions.nodeRed], '--userDir', userDir, '--settings', settings],
      {
        cwd: userDir,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const process = new InstalledNodeRed(child, []);
    try {
      await process.serving();
      return process;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  private serving(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`Node-RED ${what}; its log:\n${this.log}`));
      const limit = setTimeout(() => fail(`did not start within ${START_LIMIT_MS} ms`), START_LIMIT_MS);
      const read = (chunk: Buffer) => {
        this.output.push(chunk.toString());
        if (!STARTED.test(this.log) || !ADDRESS.test(this.log)) return;
        clearTimeout(limit);
        resolve();
      };
      this.child.stdout?.on('data', read);
      this.child.stderr?.on('data', read);
      this.child.once('error', reject);
      this.child.once('exit', (code) => {
        clearTimeout(limit);
        fail(`ended with ${code}`);
      });
    });
  }

  get log(): string {
    return this.output.join('');
  }

  /** Ask the admin API. @throws when it does not answer with 200 */
  async get(path: string, accept = 'application/json'): Promise<string> {
    const address = ADDRESS.exec(this.log)?.[1] ?? '';
    const answer = await fetch(address + path, { headers: { accept, 'accept-language': 'en-US' } });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${text}`);
    return text;
  }

  async getJson<T>(path: string): Promise<T> {
    return JSON.parse(await this.get(path)) as T;
  }

  /** End it as a service does. @returns its exit code */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const limit = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT_MS);
    const exit = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill('SIGTERM');
    const [code] = await exit;
    clearTimeout(limit);
    return code;
  }
}
