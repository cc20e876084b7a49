import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { EditorPage, startBrowser } from '../support/browser';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';
import { CHECKOUT } from '../support/runtimes';

const VERSIONS: NodeRedVersion[] = ['4.1', '5'];
const PACKAGE = '@flowcerts/node-red-secure-mqtt';
/** The palette tells a story from top to bottom: DESIGN §1. */
const PALETTE = [
  'tls issue',
  'tls export',
  'tls revoke',
  'tls inventory',
  'tls watch',
  'tls probe',
  'secure mqtt in',
  'secure mqtt out',
  'secure mqtt server',
];
const CONFIG_NODES = ['tls-ca', 'secure-mqtt-broker-config'];

for (const version of VERSIONS) {
  describe(`the palette of Node-RED ${version}`, () => {
    let browser: Browser;
    let red: NodeRedProcess;
    let editor: EditorPage;

    before(async () => {
      browser = await startBrowser();
      red = await NodeRedProcess.start({ version, flows: [{ id: 'tab', type: 'tab', label: 'test' }] });
      editor = await EditorPage.open(browser, red.url);
    });

    after(async () => {
      await browser.close();
      await red.stop();
    });

    it('loads every node without a complaint', async () => {
      const answer = await fetch(`${red.url}nodes`, { headers: { Accept: 'application/json' } });
      const sets = (await answer.json()) as { module: string; types: string[]; err?: unknown; enabled: boolean }[];
      const own = sets.filter(({ module }) => module === PACKAGE);
      const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
        'node-red': { nodes: Record<string, string> };
      };
      assert.deepEqual(own.flatMap(({ types }) => types).sort(), Object.keys(manifest['node-red'].nodes).sort());
      assert.deepEqual(
        own.filter(({ err, enabled }) => err !== undefined || !enabled),
        [],
      );
      assert.deepEqual(editor.complaints, []);
    });

    it('shows the nodes in their category, in the order of the story', async () => {
      const labels = await editor.page
        .locator('#red-ui-palette-base-category-secure_mqtt .red-ui-palette-label')
        .allTextContents();
      assert.deepEqual(
        labels.map((label) => label.trim().replace(/\s+/g, ' ')),
        PALETTE,
      );
    });

    it('has an icon for every node', async () => {
      const icons = (await (await fetch(`${red.url}icons`)).json()) as Record<string, string[]>;
      const types = await editor.evaluate<string[]>(
        `RED.nodes.registry.getNodeTypes().filter((type) => RED.nodes.getType(type).set?.module === '${PACKAGE}')`,
      );
      for (const type of types) {
        assert.ok(icons[PACKAGE]?.includes(`${type}.svg`), type);
        const icon = await fetch(`${red.url}icons/${PACKAGE}/${type}.svg`);
        assert.match(await icon.text(), /^<svg width="40" height="60"/);
      }
    });

    it('has help for every node', async () => {
      for (const type of [...PALETTE.map((label) => label.replaceAll(' ', '-')), ...CONFIG_NODES]) {
        const help = await editor.evaluate<string>(`$("script[data-help-name='${type}']").html() ?? ''`);
        assert.match(help, /<h3>Details|<h3>When it does not connect/, type);
      }
    });
  });
}
