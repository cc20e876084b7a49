import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Where systems put Chromium; the environment variable wins. */
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Nothing that phones home, and what a container needs. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Start a Chromium without window. The caller closes it. */
export async function startBrowser(): Promise<Browser> {
  const program = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  if (!program) throw new Error(`none of ${PROGRAMS.join(', ')} is installed (Debian: apt install chromium)`);
  return chromium.launch({ executablePath: program, args: FLAGS });
}

/** Node-RED's editor in a page of its own, with everything that went wrong in its console. */
export class EditorPage {
  /** Errors and warnings of the console, uncaught exceptions, failed requests. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
      // The editor catches what a definition throws and prints it as an ordinary line.
      else if (/Definition error|oneditprepare|oneditsave|Validation error/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /**
   * Open the editor and wait until its flows are loaded.
   *
   * @param url of a running Node-RED
   */
  static async open(browser: Browser, url: string): Promise<EditorPage> {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
    const editor = new EditorPage(page);
    await page.goto(url);
    // The curtain goes up when palette, flows and sidebars are there.
    await page.waitForFunction('window.RED?.workspaces?.count() > 0 && $("#red-ui-loading-progress").is(":hidden")');
    return editor;
  }

  /** Open the dialog of a node or config node and wait until it has been filled. */
  async openDialog(id: string): Promise<void> {
    const isConfig = await this.evaluate<boolean>(
      `(() => { const node = RED.nodes.node(${JSON.stringify(id)});
        if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id); else RED.editor.edit(node);
        return node._def.category === 'config'; })()`,
    );
    await this.page.waitForSelector(`${isConfig ? '#node-config-dialog-edit-form' : '#dialog-form'} .secure-mqtt-form`);
    await this.settled();
  }

  /** Press the button that stores the dialog, and wait until it is gone. */
  async save(): Promise<void> {
    await this.page.click('#node-config-dialog-ok, #node-dialog-ok');
    await this.trayGone();
  }

  async cancel(): Promise<void> {
    await this.page.click('#node-config-dialog-cancel, #node-dialog-cancel');
    await this.trayGone();
  }

  /** A property of a node as the editor holds it. */
  async property<Value>(id: string, name: string): Promise<Value> {
    return this.evaluate<Value>(`RED.nodes.node(${JSON.stringify(id)})[${JSON.stringify(name)}]`);
  }

  /** Why the field of a property is marked; undefined when it is not. */
  async reasonAt(selector: string): Promise<string | undefined> {
    return this.evaluate<string | undefined>(
      `(() => { const field = $(${JSON.stringify(selector)});
        if (!field.hasClass('input-error')) return undefined;
        const node = RED.editor.getEditStack().slice(-1)[0];
        const prefix = node._def.category === 'config' ? 'node-config-input-' : 'node-input-';
        const name = field.attr('id').slice(prefix.length);
        const verdict = node._def.defaults[name].validate?.call(node, field.val(), { label: node._def.defaults[name].label });
        return typeof verdict === 'string' ? verdict : 'invalid'; })()`,
    );
  }

  /** Run an expression in the page. A text, because the tests are compiled without the browser's types. */
  async evaluate<Value>(expression: string): Promise<Value> {
    return (await this.page.evaluate(expression)) as Value;
  }

  /**
   * Wait for the config node selectors, which report their value by a timer of 50 ms after they were filled. Timers of
   * one length fire in the order they were set (HTML standard, "run steps after a timeout"), so ours is behind theirs.
   */
  private async settled(): Promise<void> {
    await this.evaluate(`new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 50))`);
    await this.page.waitForFunction('!$(".red-ui-tray").is(":animated")');
  }

  private async trayGone(): Promise<void> {
    await this.page.waitForFunction('$(".red-ui-tray").length === 0');
  }
}
