import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { EditorPage, startBrowser } from '../../test/support/browser';
import { exampleFiles, exampleFlow, withPorts, type FlowNode } from '../../test/support/example-flow';
import { ExampleSession, type ExampleTab } from '../../test/support/example-session';
import { NodeRedProcess } from '../../test/support/node-red-process';
import { CHECKOUT } from '../../test/support/runtimes';

/** A rectangle of the page, in CSS pixels. */
export interface Clip {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A dialog of a CA shows where its folder lies. */
const USER_DIR = join(tmpdir(), '.node-red');

/** Room around what is cut out. */
const MARGIN = 12;
/** The editor draws statuses as they come, without an event for "all there"; nobody judges a picture by a machine. */
const SETTLING_MS = 1500;
/** Left of a dialog. */
const TRAY_HANDLE = 17;
/** A status stands below its node and is not part of its frame; groups leave room for it. */
const STATUS_HEIGHT = 22;

/** All examples in a Node-RED 5, and an editor that looks at it. */
export class PhotoSession {
  private constructor(
    private readonly browser: Browser,
    private readonly examples: ExampleSession,
    private readonly editor: EditorPage,
    private readonly flows: readonly FlowNode[],
  ) {}

  /**
   * Start it over a user directory whose path may be seen in a picture.
   *
   * @param numbers of the examples; all without them
   */
  static async start(numbers: readonly string[] = exampleNumbers()): Promise<PhotoSession> {
    // Fails when it exists: it is somebody else's.
    mkdirSync(USER_DIR);
    const flows = await onOwnPorts(numbers.flatMap(exampleFlow));
    const nodeRed = await NodeRedProcess.start({ version: '5', flows, userDir: USER_DIR });
    const examples = await ExampleSession.over(nodeRed, flows);
    const browser = await startBrowser();
    const editor = await EditorPage.open(browser, nodeRed.url);
    return new PhotoSession(browser, examples, editor, flows);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.examples.stop();
    rmSync(USER_DIR, { recursive: true, force: true });
  }

  get page(): Page {
    return this.editor.page;
  }

  evaluate<Value>(expression: string): Promise<Value> {
    return this.editor.evaluate(expression);
  }

  /** The nodes of an example's tab, by its label. */
  tab(label: string): ExampleTab {
    return this.examples.tab(label);
  }

  /** The id of a node by its name, within the tab of a label. */
  idOf(label: string, name: string): string {
    const tab = this.flows.find((node) => node.type === 'tab' && node.label === label)?.id;
    const found = this.flows.find((node) => node.name === name && (node.z === tab || node.z === undefined));
    if (!found) throw new Error(`"${name}" is neither in "${label}" nor a config node`);
    return found.id;
  }

  /** Everything back to how a fresh editor shows it. */
  async fresh({ width, height, dark }: { width: number; height: number; dark: boolean }): Promise<void> {
    await this.page.setViewportSize({ width, height });
    await this.editor.load(this.examples.nodeRed.url);
    await this.evaluate(`document.documentElement.classList.toggle('nr-theme-dark', ${dark})`);
  }

  /** Show a tab, from its top left corner. */
  async show(label: string): Promise<void> {
    const id = this.flows.find((node) => node.type === 'tab' && node.label === label)?.id;
    await this.evaluate(`(() => { RED.workspaces.show(${JSON.stringify(id)});
      document.querySelector('#red-ui-workspace-chart').scrollTo(0, 0); })()`);
  }

  /** Open the dialog of a node or config node. */
  dialog(label: string, name: string): Promise<void> {
    return this.editor.openDialog(this.idOf(label, name));
  }

  /** Open the dialog of a config node that does not exist yet. */
  newConfig(type: string): Promise<void> {
    return this.editor.openNewConfig(type);
  }

  /** Press "Test connection" in the open dialog and wait for the answer. */
  async testConnection(): Promise<void> {
    await this.page.locator('.secure-mqtt-try button').first().click();
    await this.page.waitForSelector('.secure-mqtt-answer[aria-busy="false"] .secure-mqtt-card');
    await this.settled();
  }

  /** Scroll the palette to a category. */
  palette(category: string): Promise<void> {
    const id = `red-ui-palette-container-${category.replaceAll(' ', '_')}`;
    return this.evaluate(`document.getElementById('${id}').scrollIntoView({ block: 'start' })`);
  }

  /** Show a tab of the right sidebar, over its whole height. */
  async sidebar(tab: string, { width }: { width?: number } = {}): Promise<void> {
    await this.evaluate(`RED.sidebar.show('${tab}')`);
    const { height } = this.page.viewportSize() ?? { height: 0 };
    await this.drag('#red-ui-sidebar .red-ui-sidebar-section-separator', 0, height);
    if (width) await this.drag('#red-ui-sidebar-separator', (await this.element('#red-ui-sidebar')).width - width, 0);
  }

  /** Unfold the examples of this package in the import dialog. */
  async openExamples(): Promise<void> {
    const item = (text: string) =>
      this.page.locator('.ui-dialog:visible .red-ui-treeList-label', { hasText: text }).first();
    for (const text of ['@flowcerts/node-red-secure-mqtt', '01 - Make the certificates']) await item(text).click();
    await this.settled();
  }

  /** Wait until statuses and pictures of what was just done are drawn. */
  async settled(): Promise<void> {
    // A pointer that rests on something would show its hint.
    await this.page.mouse.move(0, 0);
    await this.page.waitForLoadState('networkidle');
    await this.page.waitForTimeout(SETTLING_MS);
  }

  private async drag(selector: string, dx: number, dy: number): Promise<void> {
    const { x, y, width, height } = await this.element(selector);
    const [fromX, fromY] = [x + width / 2, y + height / 2];
    await this.page.mouse.move(fromX, fromY);
    await this.page.mouse.down();
    await this.page.mouse.move(fromX + dx, fromY + dy, { steps: 5 });
    await this.page.mouse.up();
  }

  set(field: string, value: string | boolean): Promise<void> {
    return this.editor.set(field, value);
  }

  /** The frame around what stands on the canvas, statuses included; of some groups only, by their names. */
  async canvas(label: string, groups?: readonly string[]): Promise<Clip> {
    const ids = groups?.map((name) => this.idOf(label, name));
    const frame = await this.evaluate<Clip>(`(() => {
      const ids = ${JSON.stringify(ids ?? null)};
      const nodes = [...document.querySelectorAll('#red-ui-workspace-chart .red-ui-flow-node-group, #red-ui-workspace-chart .red-ui-flow-group')]
        .filter((one) => !ids || ids.includes(one.id)).map((one) => one.getBoundingClientRect()).filter(({ width }) => width > 0);
      const left = Math.min(...nodes.map((one) => one.left)), top = Math.min(...nodes.map((one) => one.top));
      return { x: left, y: top, width: Math.max(...nodes.map((one) => one.right)) - left,
        height: Math.max(...nodes.map((one) => one.bottom)) - top };
    })()`);
    return this.around({ ...frame, height: frame.height + (groups ? 0 : STATUS_HEIGHT) }, '#red-ui-workspace-chart');
  }

  /** The frame around an element. */
  async element(selector: string, margin = 0): Promise<Clip> {
    const frame = await this.page.locator(selector).first().boundingBox();
    if (!frame) throw new Error(`nothing to see of ${selector}`);
    const { x, y, width, height } = frame;
    return { x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin };
  }

  /** The open dialog, without the strip at its left by which it is pulled. */
  async tray(): Promise<Clip> {
    const { x, width, ...rest } = await this.element('.red-ui-tray');
    return { x: x + TRAY_HANDLE, width: width - TRAY_HANDLE, ...rest };
  }

  /** A frame with room around it, within an element. */
  private async around({ x, y, width, height }: Clip, within: string): Promise<Clip> {
    const limit = await this.element(within);
    const left = Math.max(limit.x, x - MARGIN);
    const top = Math.max(limit.y, y - MARGIN);
    return {
      x: left,
      y: top,
      width: Math.min(limit.x + limit.width, x + width + MARGIN) - left,
      height: Math.min(limit.y + limit.height, y + height + MARGIN) - top,
    };
  }
}

const exampleNumbers = (): string[] => exampleFiles().map((file) => basename(file).slice(0, 2));

interface FreePorts {
  freePort(wanted: number, avoid: number[]): Promise<number>;
}

/** The examples on the ports that are written in them, or beside those where another program has one. */
async function onOwnPorts(flows: FlowNode[]): Promise<FlowNode[]> {
  const { freePort } = (await import(join(CHECKOUT, 'scripts', 'free-port.mjs'))) as FreePorts;
  const written = new Set([...JSON.stringify(flows).matchAll(/(?<![\w"])8[89]\d\d\b/g)].map(([port]) => Number(port)));
  const ports = new Map<number, number>();
  for (const port of written)
    ports.set(
      port,
      await freePort(
        port,
        [...written, ...ports.values()].filter((one) => one !== port),
      ),
    );
  return withPorts(flows, ports);
}
