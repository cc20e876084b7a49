import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_IN_DEFAULTS } from '../../src/model/config/secure-mqtt-in';
import { SECURE_MQTT_OUT_DEFAULTS } from '../../src/model/config/secure-mqtt-out';
import { SECURE_MQTT_SERVER_DEFAULTS } from '../../src/model/config/secure-mqtt-server';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_INVENTORY_DEFAULTS } from '../../src/model/config/tls-inventory';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_PROBE_DEFAULTS } from '../../src/model/config/tls-probe';
import { TLS_REVOKE_DEFAULTS } from '../../src/model/config/tls-revoke';
import { TLS_WATCH_DEFAULTS } from '../../src/model/config/tls-watch';
import { EditorPage, startBrowser } from '../support/browser';
import { freePort } from '../support/free-port';
import { NodeRedProcess } from '../support/node-red-process';
import { CHECKOUT } from '../support/runtimes';
import { catalogueTexts, LOCALE_FOLDERS } from '../support/translations';

const LANGUAGES = readdirSync(join(CHECKOUT, 'nodes', 'locales'));
const SOURCE = 'en-US';
/** One that Node-RED speaks and this package does not. */
const UNKNOWN = 'ko';

const place = { z: 'tab', x: 200, y: 200, wires: [[]] };
const NODES: ({ id: string; type: string } & Record<string, unknown>)[] = [
  { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'First', folder: 'pki/first', commonName: 'First' },
  { ...TLS_ISSUE_DEFAULTS, ...place, id: 'issue', type: 'tls-issue', ca: 'ca', commonName: 'a.local' },
  { ...TLS_EXPORT_DEFAULTS, ...place, id: 'export', type: 'tls-export', ca: 'ca', folder: 'files' },
  { ...TLS_REVOKE_DEFAULTS, ...place, id: 'revoke', type: 'tls-revoke', ca: 'ca' },
  { ...TLS_INVENTORY_DEFAULTS, ...place, id: 'inventory', type: 'tls-inventory', ca: 'ca' },
  { ...TLS_WATCH_DEFAULTS, ...place, id: 'watch', type: 'tls-watch', ca: 'ca' },
  { ...TLS_PROBE_DEFAULTS, ...place, id: 'probe', type: 'tls-probe', ca: 'ca', outputs: 1 },
  // Disabled: what a connection does is not judged here.
  { ...SECURE_MQTT_BROKER_DEFAULTS, id: 'broker', type: 'secure-mqtt-broker-config', ca: 'ca', d: true },
  { ...SECURE_MQTT_IN_DEFAULTS, ...place, id: 'in', type: 'secure-mqtt-in', broker: 'broker', d: true },
  { ...SECURE_MQTT_OUT_DEFAULTS, ...place, id: 'out', type: 'secure-mqtt-out', broker: 'broker', wires: [], d: true },
  { ...SECURE_MQTT_SERVER_DEFAULTS, ...place, id: 'server', type: 'secure-mqtt-server', ca: 'ca', d: true },
];

/** Every text of a language by its key. */
function textsOf(language: string): Map<string, string> {
  const files = LOCALE_FOLDERS.flatMap((folder) => {
    const path = join(CHECKOUT, folder, 'locales', language);
    return readdirSync(path)
      .filter((file) => /^[^.]+\.json$/.test(file))
      .map((file) => join(path, file));
  });
  return new Map(files.flatMap((file) => [...catalogueTexts(readFileSync(file, 'utf8'))]));
}

/** What a person may read in a part of the page, folded parts and other tabs too: texts, placeholders, hints. */
const READABLE = (root: string): string => `(() => {
  const found = new Set();
  for (const part of document.querySelectorAll(${JSON.stringify(root)})) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      if (!walker.currentNode.parentElement.closest('code')) found.add(walker.currentNode.data.trim());
    }
    for (const each of part.querySelectorAll('[placeholder], [title], [aria-label]')) {
      for (const name of ['placeholder', 'title', 'aria-label']) found.add((each.getAttribute(name) ?? '').trim());
    }
  }
  return [...found].filter((text) => text !== ''); })()`;

const english = textsOf(SOURCE);

/** English texts that the language says in another way. */
function englishOnly(language: string): Set<string> {
  const own = textsOf(language);
  const said = new Set(own.values());
  return new Set(
    [...english].filter(([key, text]) => own.get(key) !== text && !said.has(text)).map(([, text]) => text),
  );
}

describe('the editor in other languages', () => {
  let browser: Browser;
  let red: NodeRedProcess;
  let editor: EditorPage;

  before(async () => {
    browser = await startBrowser();
    const flows = [{ id: 'tab', type: 'tab', label: 'tab' }, ...NODES];
    red = await NodeRedProcess.start({ version: '5', flows, settings: `lang: 'de'` });
    editor = await EditorPage.open(browser, red.url);
  });

  after(async () => {
    await browser.close();
    await red.stop();
  });

  async function speak(language: string): Promise<void> {
    await editor.evaluate(`localStorage.setItem('editor-language', ${JSON.stringify(language)})`);
    await editor.load(red.url);
  }

  /** The texts of dialogs, and of the sidebar. */
  async function read(nodes: typeof NODES): Promise<Map<string, string[]>> {
    const shown = new Map<string, string[]>();
    for (const { id, type } of nodes) {
      await editor.openDialog(id);
      // The card of the CA asks the runtime first.
      if (type === 'tls-ca') await editor.page.waitForSelector('.secure-mqtt-card[data-state=living]');
      shown.set(type, await editor.evaluate<string[]>(READABLE('.secure-mqtt-form')));
      await editor.cancel();
    }
    await editor.evaluate(`RED.sidebar.show('certificates')`);
    await editor.page.waitForFunction(`$('.secure-mqtt-certificates').text().includes('First')`);
    shown.set('certificates', await editor.evaluate<string[]>(READABLE('.secure-mqtt-certificates')));
    return shown;
  }

  const RAW_KEY = /^[\w-]+\.(?:label|tip|section|unit|placeholder|status|editor)\.|^(?:tls|secure)-[\w-]+\.[\w-]+\./;

  // A text that a form or script does not take from the catalogue is seen in any language: one reads every dialog, the
  // others show that they are found and asked for. That each has all texts is judged in test/architecture.
  for (const [index, language] of LANGUAGES.filter((one) => one !== SOURCE).entries()) {
    it(`${language}: no dialog shows a key or an English text`, async () => {
      await speak(language);
      const foreign = englishOnly(language);
      for (const [type, texts] of await read(index === 0 ? NODES : NODES.slice(0, 1))) {
        assert.ok(texts.length > 5, type);
        assert.deepEqual(
          texts.filter((text) => RAW_KEY.test(text) || foreign.has(text)),
          [],
          type,
        );
      }
      assert.deepEqual(editor.complaints, []);
    });
  }

  it('de: statuses speak the language of the runtime', async () => {
    // The CA itself is what ends first: "next: First in … days".
    const [next = ''] = (textsOf('de').get('secure-mqtt.status.watchNextDays') ?? '').split('__');
    await editor.page.waitForFunction(`RED.nodes.node('watch').status?.text?.startsWith(${JSON.stringify(next)})`);
  });

  it('de: the card of a probe says in German what to do, with its values', async () => {
    await speak('de');
    const port = await freePort();
    await editor.openDialog('probe');
    await editor.set('target', `127.0.0.1:${port}`);
    await editor.page.locator('.secure-mqtt-try button').first().click();
    const card = await editor.page.locator('.secure-mqtt-probe').innerText();
    assert.match(card, new RegExp(`Den Broker starten.* Port ${port} lauschen lassen`));
    await editor.cancel();
  });

  it(`${UNKNOWN}: what this package does not speak is English`, async () => {
    await speak(UNKNOWN);
    const known = new Set(english.values());
    for (const [type, texts] of await read(NODES.slice(0, 1))) {
      assert.deepEqual(
        texts.filter((text) => RAW_KEY.test(text)),
        [],
        type,
      );
      assert.ok(
        texts.some((text) => known.has(text) && text.includes(' ')),
        type,
      );
    }
  });
});
