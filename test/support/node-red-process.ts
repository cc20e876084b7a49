import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { freePort } from './free-port';
import { CHECKOUT, runtimes } from './runtimes';

const PACKAGE = '@flowcerts/node-red-secure-mqtt';
/** Logged when every node of the flows was made, with flows or without; the second with `lang: 'de'`. */
const READY = /\[info\] (Started flows|Flows sind gestartet)/;
const ADDRESS_IN_USE = /port in use|EADDRINUSE/;
const STOP_LIMIT_MS = 15_000;
const ATTEMPTS = 3;

/** Which Node runs which Node-RED; the first is a devDependency and runs on the Node of the tests. */
const NODE_OF = { '4.1': undefined, '5': '22' } as const;
export type NodeRedVersion = keyof typeof NODE_OF;

export interface NodeRedOptions {
  version?: NodeRedVersion;
  /** The flows to start with. */
  flows?: Record<string, unknown>[];
  /** A directory that is kept; without one a temporary one is made and removed. */
  userDir?: string;
  /** The folder that the package is linked to; this checkout, whose `dist/` was built before. */
  packageFolder?: string;
  /** Members of settings.js, as JavaScript. */
  settings?: string;
  /** Called with the way to kill it as soon as there is a process, long before its flows run. */
  spawned?(kill: () => void): void;
}

/** A real Node-RED of its own on a free loopback port, with this package installed by a link. */
export class NodeRedProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly userDir: string,
    private readonly output: string[],
    private readonly temporary: boolean,
  ) {}

  /**
   * Start one and wait until its flows run.
   *
   * @throws when it ends before that; the message holds its log
   */
  static async start(options: NodeRedOptions = {}): Promise<NodeRedProcess> {
    const userDir = options.userDir ?? mkdtempSync(join(tmpdir(), 'secure-mqtt-node-red-'));
    linkPackage(userDir, options.packageFolder ?? CHECKOUT);
    if (options.flows) writeFileSync(join(userDir, 'flows.json'), JSON.stringify(options.flows));
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await launch(userDir, options, (child, url, output) => {
          return new NodeRedProcess(child, url, userDir, output, options.userDir === undefined);
        });
      } catch (error) {
        // Between asking for a free port and listening on it another program may have been quicker.
        const again = attempt < ATTEMPTS && ADDRESS_IN_USE.test(String(error));
        if (again) continue;
        if (options.userDir === undefined) rmSync(userDir, { recursive: true, force: true });
        throw error;
      }
    }
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Everything it logged so far. */
  get log(): string {
    return this.output.join('');
  }

  /** Resolves when its log has a line that matches; the test's own time limit ends a wait in vain. */
  async logged(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.log)) await once(this.child.stdout as Readable, 'data');
  }

  /** `kill -9`, as the kernel does when memory is short; its directory is left as it is. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  /** End it as Ctrl-C does and wait for it; a Node-RED that hangs while it closes is a failure. */
  async stop(): Promise<void> {
    await end(this.child);
    if (this.temporary) rmSync(this.userDir, { recursive: true, force: true });
  }
}

function linkPackage(userDir: string, folder: string): void {
  const link = join(userDir, 'node_modules', PACKAGE);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(folder, link, 'junction');
}

function writeSettings(userDir: string, port: number, more: string): string {
  const file = join(userDir, 'settings.js');
  writeFileSync(
    file,
    `module.exports = {
  uiHost: '127.0.0.1',
  uiPort: ${port},
  flowFile: 'flows.json',
  credentialSecret: '${randomBytes(16).toString('hex')}',
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, projects: { enabled: false }, palette: { catalogues: [] } },
  logging: { console: { level: 'info', metrics: false, audit: false } },
  ${more}
};
`,
  );
  return file;
}

async function launch<Made>(
  userDir: string,
  { version = '4.1', settings = '', spawned }: NodeRedOptions,
  make: (child: ChildProcess, url: string, output: string[]) => Made,
): Promise<Made> {
  const port = await freePort();
  const nodeMajor = NODE_OF[version];
  const node = nodeMajor ? runtimes().node[nodeMajor] : process.execPath;
  const redJs = version === '4.1' ? join(CHECKOUT, 'node_modules', 'node-red', 'red.js') : runtimes().nodeRed[version];
  const settingsFile = writeSettings(userDir, port, settings);
  const child = spawn(node, [redJs, '--userDir', userDir, '--settings', settingsFile], {
    cwd: userDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  spawned?.(() => void child.kill('SIGKILL'));
  const output: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      output.push(String(chunk));
      const log = output.join('');
      // In no fixed order: Node-RED does not wait for its flows before it listens, nor the other way round.
      if (READY.test(log) && log.includes(`127.0.0.1:${port}`)) resolve();
      else if (/Waiting for missing types/.test(log)) reject(new Error(`Node-RED misses node types:\n${log}`));
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Node-RED ended with ${code}:\n${output.join('')}`)));
  }).catch(async (error: unknown) => {
    await end(child);
    throw error;
  });
  return make(child, `http://127.0.0.1:${port}/`, output);
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Node-RED did not end within ${STOP_LIMIT_MS} ms`));
    }, STOP_LIMIT_MS);
    child.once('exit', () => {
      clearTimeout(limit);
      resolve();
    });
    child.kill('SIGINT');
  });
}
