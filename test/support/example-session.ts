import { Comms } from './comms';
import type { FlowNode } from './example-flow';
import { NodeRedProcess, type NodeRedVersion } from './node-red-process';
import { assertNoSecretSeen, LOG_EVERYTHING } from './secret-search';

/** Passwords a person would enter, by the name of the node they belong to. */
export type Entered = Record<string, Record<string, string>>;

/** Logged when all nodes run, at the start and at each deploy. */
const STARTED = /\[info\] Started (?:modified )?(?:flows|nodes)/g;

/** Examples in a Node-RED of their own, used as a person uses them: press, look, enter, enable a tab, deploy. */
export class ExampleSession {
  private readonly entered: Record<string, string> = {};

  private constructor(
    private flows: FlowNode[],
    readonly nodeRed: NodeRedProcess,
    readonly comms: Comms,
  ) {}

  /** Import all of them into a fresh Node-RED and wait until they are deployed. */
  static async start(version: NodeRedVersion, ...examples: FlowNode[][]): Promise<ExampleSession> {
    const flows = examples.flat();
    return ExampleSession.over(await NodeRedProcess.start({ version, flows, settings: LOG_EVERYTHING }), flows);
  }

  /** The same in a Node-RED that was started with these flows. */
  static async over(nodeRed: NodeRedProcess, flows: FlowNode[]): Promise<ExampleSession> {
    return new ExampleSession(flows, nodeRed, await Comms.connect(nodeRed.url));
  }

  /** One tab of it, by its label. */
  tab(label: string): ExampleTab {
    const tab = this.flows.find((node) => node.type === 'tab' && node.label === label);
    if (!tab) throw new Error(`no tab is labelled "${label}"`);
    return new ExampleTab(
      this,
      this.flows.filter(({ z }) => z === tab.id),
    );
  }

  /** Enable tabs, enter passwords, and deploy what has changed. */
  async deploy({ enable = [], enter = {} }: { enable?: readonly string[]; enter?: Entered }): Promise<void> {
    this.flows = this.flows.map((node) => {
      if (node.type === 'tab' && enable.includes(String(node.label))) return { ...node, disabled: false };
      const credentials = node.name === undefined ? undefined : enter[node.name];
      for (const [field, value] of Object.entries(credentials ?? {})) this.entered[`${field} of ${node.name}`] = value;
      return credentials ? { ...node, credentials } : node;
    });
    const started = this.nodeRed.log.match(STARTED)?.length ?? 0;
    const { status } = await fetch(`${this.nodeRed.url}flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'node-red-deployment-type': 'nodes' },
      body: JSON.stringify(this.flows),
    });
    if (status !== 204) throw new Error(`deploy answered ${status}`);
    // The admin API answers before the nodes are started.
    await this.nodeRed.logged(new RegExp(`(?:${STARTED.source}[^]*){${started + 1}}`));
  }

  /** End it; whatever was done in it, no secret may have come to light. */
  async stop(): Promise<void> {
    const { nodeRed, comms, entered } = this;
    try {
      await assertNoSecretSeen({ nodeRed, comms, entered: secretsOf(entered) });
    } finally {
      comms.close();
      await nodeRed.stop();
    }
  }
}

/** A user name is no secret; of `name:password` the password is. */
function secretsOf(entered: Record<string, string>): Record<string, string> {
  const kept = Object.entries(entered).filter(([name]) => !name.startsWith('username'));
  return Object.fromEntries(kept.map(([name, value]) => [name, value.slice(value.indexOf(':') + 1)]));
}

/** The nodes of one tab, named as they are in the editor. */
export class ExampleTab {
  constructor(
    private readonly session: ExampleSession,
    private readonly nodes: readonly FlowNode[],
  ) {}

  private idOf(name: string): string {
    const [found, ...more] = this.nodes.filter((node) => node.name === name && node.type !== 'group');
    if (!found || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} nodes are named "${name}"`);
    return found.id;
  }

  /** Names of the nodes of a type. */
  named(type: RegExp): string[] {
    return this.nodes.filter((node) => type.test(node.type)).map(({ name = '' }) => name);
  }

  /** Press the button of an inject node. */
  async press(name: string): Promise<void> {
    const { status } = await fetch(`${this.session.nodeRed.url}inject/${this.idOf(name)}`, { method: 'POST' });
    if (status !== 200) throw new Error(`the button "${name}" answered ${status}`);
  }

  /** Everything a debug node has shown in the sidebar so far. */
  said(name: string): string[] {
    const id = this.idOf(name);
    return this.session.comms.debug.filter((one) => one.id === id).map(({ msg }) => String(msg));
  }

  /** Wait until a debug node has shown a line that fits. */
  says(name: string, line: RegExp): Promise<string> {
    return this.session.comms.until(`"${name}" says ${line}`, () => this.said(name).find((text) => line.test(text)));
  }

  /** Wait until a debug node has shown so many lines. */
  lines(name: string, count: number): Promise<string[]> {
    return this.session.comms.until(`"${name}" has said ${count} lines`, () => {
      const lines = this.said(name);
      return lines.length >= count && lines;
    });
  }

  /** Wait until the status of a node fits: `green dot connected`. */
  shows(name: string, status: RegExp): Promise<string> {
    const id = this.idOf(name);
    return this.session.comms.until(`"${name}" shows ${status}`, () => {
      const { fill, shape, text } = this.session.comms.statuses.get(id) ?? {};
      const shown = `${fill} ${shape} ${text}`;
      return status.test(shown) && shown;
    });
  }
}
