import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Node } from 'node-red';
import { CHECKOUT } from '../../test/support/runtimes';

interface Runtime {
  init(server: unknown, settings: Record<string, unknown>): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  version(): string;
  events: { once(event: string, listener: () => void): void };
  nodes: { getNode(id: string): Node | null };
}

/**
 * A Node-RED inside this process, without editor: its nodes can be sent messages and listened to, and a profile of the
 * process is a profile of them. The package's nodes are those of `dist/`, as users run them.
 */
export class EmbeddedNodeRed {
  private constructor(
    private readonly runtime: Runtime,
    readonly userDir: string,
  ) {}

  /** @throws when `dist/` is missing, with the command that makes it */
  static async start(flows: Record<string, unknown>[]): Promise<EmbeddedNodeRed> {
    if (!existsSync(join(CHECKOUT, 'dist', 'nodes'))) throw new Error('dist/ is missing: npm run build');
    const userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-'));
    const link = join(userDir, 'node_modules', '@flowcerts', 'node-red-secure-mqtt');
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(CHECKOUT, link, 'junction');
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows));
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const runtime = require('node-red') as Runtime;
    const started = new Promise<void>((resolve) => runtime.events.once('flows:started', resolve));
    runtime.init(createServer(), {
      userDir,
      flowFile: 'flows.json',
      credentialSecret: 'bench',
      httpAdminRoot: false,
      httpNodeRoot: false,
      telemetry: { enabled: false },
      logging: { console: { level: 'error' } },
    });
    await runtime.start();
    await started;
    return new EmbeddedNodeRed(runtime, userDir);
  }

  get version(): string {
    return this.runtime.version();
  }

  node(id: string): Node {
    const node = this.runtime.nodes.getNode(id);
    if (!node) throw new Error(`no node ${id} is running`);
    return node;
  }

  async stop(): Promise<void> {
    await this.runtime.stop();
    rmSync(this.userDir, { recursive: true, force: true });
  }
}
