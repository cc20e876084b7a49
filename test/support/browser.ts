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

/**
 * The editor slides its trays in and out by timers of 150 to 300 ms, some seven of them a dialog. A tenth of it looks the
 * same to a test; longer timers (time limits, a refresh each minute) stay as they are.
 */
const QUICK_TIMERS = `(() => {
  const { setTimeout } = window;
  window.setTimeout = (run, delay, ...args) => setTimeout(run, delay > 500 ? delay : delay / 10, ...args);
})()`;

/** Start a Chromium without window, with an environment of its own when it is to trust other roots. The caller closes it. */
export async function startBrowser(flags: readonly string[] = [], env?: NodeJS.ProcessEnv): Promise<Browser> {
  const program = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  if (!program) throw new Error(`none of ${PROGRAMS.join(', ')} is installed (Debian: apt install chromium)`);
  return chromium.launch({
    executablePath: program,
    args: [...FLAGS, ...flags],
    ...(env && { env: env as Record<string, string> }),
  });
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
    const editor = new EditorPage(await browser.newPage({ viewport: { width: 1400, height: 1100 } }));
    await editor.page.addInitScript(QUICK_TIMERS);
    await editor.load(url);
    return editor;
  }

  /** Load the editor again: what was changed and not deployed is gone, and so are open dialogs and complaints. */
  async load(url: string): Promise<void> {
    // The editor would ask whether to leave undeployed changes behind.
    await this.page.evaluate('window.onbeforeunload = null; window.RED?.nodes?.dirty?.(false)');
    await this.page.goto(url);
    // The curtain goes up when palette, flows and sidebars are there.
    await this.page.waitForFunction(
      'window.RED?.workspaces?.count() > 0 && $("#red-ui-loading-progress").is(":hidden")',
    );
    this.complaints.length = 0;
  }

  /** Open the dialog of a node or config node and wait until it has been filled. */
  async openDialog(id: string): Promise<void> {
    await this.evaluate(
      `(() => { const node = RED.nodes.node(${JSON.stringify(id)});
        if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id); else RED.editor.edit(node); })()`,
    );
    await this.filled();
  }

  /** Open the dialog of a config node that does not exist yet. */
  async openNewConfig(type: string): Promise<void> {
    await this.evaluate(`RED.editor.editConfig('', ${JSON.stringify(type)}, '_ADD_')`);
    await this.filled();
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

  /** The properties of a node as the editor would deploy them. */
  async exported(id: string): Promise<Record<string, unknown>> {
    return this.evaluate(`RED.nodes.convertNode(RED.nodes.node(${JSON.stringify(id)}), { credentials: false })`);
  }

  /** True when the editor would deploy the node again. */
  async isChanged(id: string): Promise<boolean> {
    return this.evaluate(`Boolean(RED.nodes.node(${JSON.stringify(id)}).changed)`);
  }

  /** Press Deploy and wait until the runtime has taken over the flows. */
  async deploy(): Promise<void> {
    await this.evaluate(`new Promise((resolve) => {
      RED.events.on('deploy', function done() { RED.events.off('deploy', done); resolve(); });
      RED.actions.invoke('core:deploy-flows'); })`);
  }

  /** Put a value into the field of a property, as typing and choosing would. Works in folded parts, too. */
  async set(name: string, value: string | boolean): Promise<void> {
    await this.evaluate(
      `(() => { const field = $('#node-input-${name}, #node-config-input-${name}'); const value = ${JSON.stringify(value)};
        if (field.length !== 1) throw new Error('no field ${name}');
        if (field.is(':checkbox')) field.prop('checked', value).trigger('change');
        else if (field.data('noderedTypedInput')) field.typedInput('value', value);
        else field.val(value).trigger('input').trigger('change'); })()`,
    );
  }

  /** What stands in the field of a property. */
  async shown(name: string): Promise<string | boolean> {
    return this.evaluate(
      `(() => { const field = $('#node-input-${name}, #node-config-input-${name}');
        if (field.length !== 1) throw new Error('no field ${name}');
        if (field.is(':checkbox')) return field.prop('checked');
        return field.data('noderedTypedInput') ? field.typedInput('value') : field.val(); })()`,
    );
  }

  /** True when the row of a property applies, be it in a folded part or on another tab. */
  async applies(name: string): Promise<boolean> {
    return this.evaluate(
      `(() => { const field = $('#node-input-${name}, #node-config-input-${name}')[0];
        const tabs = ['connection', 'security', 'messages'].map((one) => 'secure-mqtt-broker-' + one);
        for (let at = field; at && !at.matches('.secure-mqtt-form'); at = at.parentElement) {
          if (at.hidden && !at.matches('.secure-mqtt-section-body, input') && !tabs.includes(at.id)) return false;
        }
        return !(field.hidden && field.dataset.when); })()`,
    );
  }

  /** Why the field of a property is marked; undefined when it is not. */
  async reasonAt(name: string): Promise<string | undefined> {
    return this.evaluate<string | undefined>(
      `(() => { const field = $('#node-input-${name}, #node-config-input-${name}');
        if (!field.hasClass('input-error')) return undefined;
        const node = RED.editor.getEditStack().slice(-1)[0];
        const { required, validate, label } = node._def.defaults['${name}'];
        if (required && field.val() === '') return 'required';
        const verdict = validate?.call(node, field.val(), { label });
        return typeof verdict === 'string' ? verdict : 'marked'; })()`,
    );
  }

  /** Fields and buttons of the open dialog, folded ones too, of which a screen reader could say no name. */
  async nameless(): Promise<string[]> {
    return this.evaluate(
      `[...document.querySelectorAll('.secure-mqtt-form :is(input:not([type=hidden]), select, textarea, button)')]
        .filter((field) => !field.matches('[hidden], [class*=red-ui-typedInput-option]') && ![
          field.getAttribute('aria-label'), field.title, field.textContent && field.matches('button') ? field.textContent : '',
          ...[...field.labels ?? []].map((label) => label.textContent),
          ...(field.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent),
        ].some((name) => name?.trim()))
        .map((field) => field.id || field.outerHTML.slice(0, 120))`,
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
  private async filled(): Promise<void> {
    await this.page.waitForSelector('.secure-mqtt-form[data-filled]');
    await this.evaluate(`new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 50))`);
    await this.page.waitForFunction('!$(".red-ui-tray").is(":animated")');
  }

  private async trayGone(): Promise<void> {
    await this.page.waitForFunction('$(".red-ui-tray").length === 0');
  }
}
