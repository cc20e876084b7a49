import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_OUT_DEFAULTS } from '../../src/model/config/secure-mqtt-out';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { EditorPage, startBrowser } from '../support/browser';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';

const VERSIONS: NodeRedVersion[] = ['4.1', '5'];
const place = { z: 'tab', x: 200, y: 200 };
/** Names in certificates may be written like this, and settings in flows of others. */
const MARKUP = '<img src=x onerror=alert(1)>';
const FLOWS = [
  { id: 'tab', type: 'tab', label: 'test' },
  { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'Test CA', folder: 'pki/test', commonName: 'Test CA' },
  // Disabled: what is looked at is the dialog, not a connection.
  {
    ...SECURE_MQTT_BROKER_DEFAULTS,
    id: 'broker',
    type: 'secure-mqtt-broker-config',
    broker: 'localhost',
    clientId: 'x',
    ca: 'ca',
    d: true,
  },
  { ...SECURE_MQTT_OUT_DEFAULTS, ...place, id: 'out', type: 'secure-mqtt-out', broker: 'broker', wires: [] },
  { ...TLS_EXPORT_DEFAULTS, ...place, id: 'export', type: 'tls-export', ca: 'ca', wires: [[]] },
  { ...TLS_EXPORT_DEFAULTS, ...place, id: 'strange', type: 'tls-export', ca: 'ca', layout: MARKUP, wires: [[]] },
  { ...TLS_ISSUE_DEFAULTS, ...place, id: 'issue', type: 'tls-issue', ca: 'ca', commonName: 'My broker', wires: [[]] },
];
const NAMES = '#secure-mqtt-names';
const LINES = `${NAMES} .red-ui-editableList-item-content`;
const FINGERPRINT = '[data-part="living"] .secure-mqtt-code >> nth=0';
const NEEDS_NAME = '[data-part="needs-name"]';

for (const version of VERSIONS) {
  describe(`the widgets in Node-RED ${version}`, () => {
    let browser: Browser;
    let red: NodeRedProcess;
    let editor: EditorPage;

    before(async () => {
      browser = await startBrowser(['--host-resolver-rules=MAP *.example 127.0.0.1']);
      red = await NodeRedProcess.start({ version, flows: FLOWS });
      editor = await EditorPage.open(browser, red.url);
    });

    after(async () => {
      await browser.close();
      await red.stop();
    });

    beforeEach(async () => editor.load(red.url));

    const namesOf = async () => (await editor.exported('issue')).subjectAltNames;

    describe('the list of names', () => {
      beforeEach(async () => editor.openDialog('issue'));

      it('begins with one empty line, which is not stored', async () => {
        assert.equal(await editor.page.locator(LINES).count(), 1);
        await editor.save();
        assert.equal(await namesOf(), '[]');
      });

      it('stores what is typed, chosen and added', async () => {
        const line = editor.page.locator(LINES);
        await line.nth(0).locator('input').fill('mosquitto.local');
        await editor.page.click('.red-ui-editableList-addButton');
        await line.nth(1).locator('select').selectOption('ip');
        await line.nth(1).locator('input').fill('192.168.0.147');
        await editor.save();
        assert.equal(await namesOf(), '["dns:mosquitto.local","ip:192.168.0.147"]');
        await editor.openDialog('issue');
        assert.equal(await line.count(), 2);
        assert.equal(await line.nth(1).locator('input').inputValue(), '192.168.0.147');
        await editor.page.locator(`${NAMES} .red-ui-editableList-item-remove`).nth(0).click();
        await editor.save();
        assert.equal(await namesOf(), '["ip:192.168.0.147"]');
      });

      it('says that a server needs a name until there is one', async () => {
        const hint = editor.page.locator(NEEDS_NAME);
        const first = editor.page.locator(LINES).nth(0).locator('input');
        assert.ok(await hint.isVisible(), 'the common name is no host name');
        await first.fill('mosquitto.local');
        assert.ok(!(await hint.isVisible()), 'with a name');
        await first.fill('');
        assert.ok(await hint.isVisible(), 'without it again');
        await editor.set('commonName', 'mosquitto');
        assert.ok(!(await hint.isVisible()), 'a host name as common name');
        await editor.set('commonName', 'My broker');
        await editor.set('profile', 'device');
        assert.ok(!(await hint.isVisible()), 'a device');
        await editor.cancel();
      });

      it('gives way to a message property, and comes back', async () => {
        const source = '$("#secure-mqtt-names-source")';
        await editor.evaluate(`${source}.typedInput('type', 'msg'), ${source}.typedInput('value', 'names')`);
        assert.ok(!(await editor.page.locator(NAMES).isVisible()));
        await editor.save();
        const { subjectAltNames, subjectAltNamesType } = await editor.exported('issue');
        assert.deepEqual([subjectAltNames, subjectAltNamesType], ['names', 'msg']);
        await editor.openDialog('issue');
        assert.equal(await editor.evaluate(`${source}.typedInput('value')`), 'names');
        await editor.evaluate(`${source}.typedInput('type', 'list')`);
        assert.ok(await editor.page.locator(NAMES).isVisible());
        await editor.save();
        assert.equal((await editor.exported('issue')).subjectAltNamesType, 'json');
        assert.equal(await namesOf(), '[]');
        assert.deepEqual(editor.complaints, []);
      });
    });

    describe('the card of a CA', () => {
      const certificate = () => new X509Certificate(readFileSync(join(red.userDir, 'pki', 'test', 'ca.pem')));

      beforeEach(async () => {
        await editor.openDialog('ca');
        await editor.page.waitForSelector('[data-part="living"][data-state="living"]');
      });

      it('shows the one that lives in the folder, and the node remembers it', async () => {
        assert.equal(await editor.page.textContent(FINGERPRINT), certificate().fingerprint256);
        await editor.save();
        assert.equal((await editor.exported('ca')).fingerprint256, certificate().fingerprint256);
        assert.deepEqual(editor.complaints, []);
      });

      it('locks what is part of the certificate', async () => {
        for (const field of ['folder', 'commonName', 'keyType', 'validityDays', 'issuer']) {
          assert.ok(await editor.page.locator(`#node-config-input-${field}`).isDisabled(), field);
        }
        assert.ok(await editor.page.locator('#node-config-input-leafValidityDays').isEnabled());
        await editor.cancel();
      });

      for (const [label, name] of [
        ['PEM', 'test-ca.pem'],
        ['DER', 'test-ca.der'],
        ['C header', 'test-ca.der.h'],
      ]) {
        it(`downloads the root certificate as ${label}`, async () => {
          const [download] = await Promise.all([
            editor.page.waitForEvent('download'),
            editor.page.click(`[data-part="living"] button:has-text("${label}")`),
          ]);
          assert.equal(download.suggestedFilename(), name);
          const content = readFileSync(await download.path());
          if (label === 'C header') assert.match(String(content), /^unsigned char test_ca_der\[\] = \{/);
          else assert.equal(new X509Certificate(content).fingerprint256, certificate().fingerprint256);
          await editor.cancel();
        });
      }
    });

    it('a new CA works with one click: name, common name and folder are filled in', async () => {
      await editor.openNewConfig('tls-ca');
      assert.match((await editor.page.textContent('[data-part="living"]')) ?? '', /first deploy/);
      await editor.page.fill('#node-config-input-name', 'Käse & Söhne');
      assert.equal(await editor.page.getAttribute('#node-config-input-folder-text', 'placeholder'), 'pki/kase-sohne');
      const added = editor.evaluate<string>(
        `new Promise((resolve) => RED.events.on('nodes:add', function added(node) {
          if (node.type === 'tls-ca') { RED.events.off('nodes:add', added); resolve(node.id); } }))`,
      );
      await editor.save();
      const { name, commonName, folder } = await editor.exported(await added);
      assert.deepEqual([name, commonName, folder], ['Käse & Söhne', 'Käse & Söhne', 'pki/kase-sohne']);
      assert.deepEqual(editor.complaints, []);
    });

    it('a refusal is shown as text, whatever stands in it', async () => {
      await editor.openDialog('strange');
      await editor.page.click('.secure-mqtt-section-heading:has-text("Download now")');
      await editor.page.click('button:has-text("Download .zip")');
      const note = editor.page.locator('.red-ui-notification', { hasText: MARKUP });
      await note.waitFor();
      assert.equal(await note.locator('img').count(), 0);
    });

    it('the .zip of an export is downloaded', async () => {
      await editor.openDialog('export');
      await editor.page.click('.secure-mqtt-section-heading:has-text("Download now")');
      const [download] = await Promise.all([
        editor.page.waitForEvent('download'),
        editor.page.click('button:has-text("Download .zip")'),
      ]);
      assert.equal(download.suggestedFilename(), 'pem.zip');
      await editor.cancel();
    });

    it('no page of another host reads or writes, whatever headers Node-RED lets it set', async () => {
      const attacker = createServer((_request, answer) => void answer.end('hello'));
      await once(attacker.listen(0, '127.0.0.1'), 'listening');
      const host = `attacker.example:${(attacker.address() as AddressInfo).port}`;
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`http://${host}/`);
      // By a name, not localhost: without HTTPS browsers send no Sec-Fetch-Site there.
      const base = `http://node-red.example:${new URL(red.url).port}/secure-mqtt/authorities/ca`;
      const ask = (path: string, init: object) =>
        page.evaluate(
          `fetch(${JSON.stringify(base + path)}, ${JSON.stringify(init)}).then(({ status }) => status, () => 'no answer')`,
        );
      const asIfThere = { 'X-Forwarded-Host': host };
      const write = { 'Content-Type': 'application/json', 'X-Secure-MQTT': '1', ...asIfThere };
      // Node-RED 5 says no to the preflight.
      const refused = version === '5' ? 'no answer' : 403;
      for (const headers of [{}, asIfThere]) assert.equal(await ask('', { headers }), refused);
      const body = JSON.stringify({ passphrase: 'a long enough passphrase' });
      assert.equal(await ask('/backup', { method: 'POST', headers: write, body }), refused);
      await context.close();
      attacker.close();
    });

    it('tabs and folded parts say when a field behind them is marked', async () => {
      const marked = () =>
        editor.evaluate<string[]>(
          `[...document.querySelectorAll('.secure-mqtt-mistake')].map((dot) => dot.parentElement.textContent.trim())`,
        );
      await editor.openDialog('broker');
      assert.deepEqual(await marked(), []);
      await editor.set('pin', 'rubbish');
      await editor.page.waitForSelector('.secure-mqtt-mistake >> nth=0');
      const [tab, ...parts] = await marked();
      assert.equal(tab, 'Security');
      assert.equal(parts.length, 1, 'the folded part that holds the field');
      // A pin that does not apply is not marked.
      await editor.set('security', 'none');
      await editor.page.waitForFunction(`!document.querySelector('#secure-mqtt-broker-tabs .secure-mqtt-mistake')`);
      await editor.set('security', 'mutual');
      await editor.page.waitForSelector('#secure-mqtt-broker-tabs .secure-mqtt-mistake', { state: 'attached' });
      await editor.set('pin', '');
      await editor.page.waitForFunction(`!document.querySelector('.secure-mqtt-mistake')`);
      await editor.cancel();
    });

    it('a pasted key keeps its lines, is stored as a credential and never comes back, nor does a name', async () => {
      const typeOfName = () => editor.evaluate(`$('#node-config-input-username').attr('type')`);
      // No key at all: what matters is that every line arrives.
      const pem = '-----BEGIN PRIVATE KEY-----\nfirst line\nsecond line\n-----END PRIVATE KEY-----\n';
      await editor.openDialog('broker');
      await editor.page.click('#secure-mqtt-broker-tabs a[href="#secure-mqtt-broker-security"]');
      await editor.page.selectOption('#node-config-input-identity', 'pem');
      await editor.page.fill('[data-part="key-pem"] textarea', pem);
      await editor.set('username', 'sensor');
      assert.equal(await typeOfName(), 'text', 'whoever types a name sees it');
      await editor.save();
      assert.equal(await editor.evaluate(`RED.nodes.node('broker').credentials.keyPem`), pem);
      await editor.deploy();
      await editor.load(red.url);
      await editor.openDialog('broker');
      await editor.page.click('#secure-mqtt-broker-tabs a[href="#secure-mqtt-broker-security"]');
      assert.ok(!(await editor.page.locator('[data-part="key-pem"] textarea').isVisible()));
      assert.ok(!(await editor.page.content()).includes('second line'));
      assert.equal(await typeOfName(), 'password', 'dots stand for one that is stored');
      await editor.set('username', 'display');
      assert.equal(await typeOfName(), 'text');
      await editor.page.click('[data-part="key-pem"] button');
      assert.ok(await editor.page.locator('[data-part="key-pem"] textarea').isVisible());
      await editor.cancel();
    });

    it('verify toggles say in red what switching them off means', async () => {
      await editor.openDialog('broker');
      await editor.page.click('#secure-mqtt-broker-tabs a[href="#secure-mqtt-broker-security"]');
      const alert = editor.page.locator('.secure-mqtt-alert:visible');
      assert.equal(await alert.count(), 0);
      await editor.page.uncheck('#node-config-input-verifyHostname');
      assert.match((await alert.textContent()) ?? '', /certificate of this CA/);
      await editor.page.uncheck('#node-config-input-verifyServer');
      assert.match((await alert.textContent()) ?? '', /Whoever answers/);
      const colour = (selector: string) =>
        editor.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).color`);
      assert.notEqual(await colour('.secure-mqtt-alert:not([hidden])'), await colour('.secure-mqtt-tip'));
      await editor.cancel();
    });

    it('parts fold and unfold by the keyboard', async () => {
      await editor.openDialog('issue');
      const heading = editor.page.locator('.secure-mqtt-section-heading:has-text("More about the owner")');
      const field = editor.page.locator('#node-input-organization + .red-ui-typedInput-container');
      assert.equal(await heading.getAttribute('aria-expanded'), 'false');
      await heading.focus();
      await editor.page.keyboard.press('Enter');
      assert.equal(await heading.getAttribute('aria-expanded'), 'true');
      assert.ok(await field.isVisible());
      await editor.page.keyboard.press('Space');
      assert.ok(!(await field.isVisible()));
      await editor.cancel();
    });
  });
}
