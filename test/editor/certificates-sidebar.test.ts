import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser, Locator } from 'playwright-core';
import { acquireAuthority } from '../../src/ca/authority-registry';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { DEVICE_STACKS } from '../../src/model/device-stacks';
import { EditorPage, startBrowser } from '../support/browser';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';
import { authorityOptions, deviceRequest, serverRequest } from '../support/test-authority';

const VERSIONS: NodeRedVersion[] = ['4.1', '5'];
const DEVICES = 10_000;
/** A few screens; far fewer than there are. */
const MOST_DRAWN = 80;

const place = { z: 'tab', x: 200, y: 200 };
const ROW = '.secure-mqtt-grid-row';
const DETAILS = '.secure-mqtt-details';

/** Two CAs, one of 10,000 devices and one whose folder is gone; a button that issues. */
function flowsOver(folder: string): Record<string, unknown>[] {
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'Big CA', folder },
    {
      ...TLS_CA_DEFAULTS,
      id: 'gone',
      type: 'tls-ca',
      name: 'Gone CA',
      folder: 'pki/gone',
      fingerprint256: Array(32).fill('AA').join(':'),
    },
    { id: 'press', type: 'inject', ...place, props: [], wires: [['issue']] },
    {
      ...TLS_ISSUE_DEFAULTS,
      ...place,
      id: 'issue',
      type: 'tls-issue',
      ca: 'ca',
      profile: 'device',
      commonName: 'newcomer',
      wires: [[]],
    },
  ];
}

describe('the certificates sidebar', () => {
  const userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-sidebar-'));
  const folder = join(userDir, 'pki', 'ca');
  let browser: Browser;

  before(async () => {
    browser = await startBrowser();
    const { authority, release } = await acquireAuthority(authorityOptions({ userDir }));
    const devices = Array.from({ length: DEVICES }, (_, index) => {
      const name = `device-${String(index).padStart(5, '0')}`;
      return deviceRequest(name, { storeKey: false, validityDays: 30 + (index % 1000) });
    });
    const withKeys = VERSIONS.map((version) => deviceRequest(`with-key-${version}`));
    const servers = VERSIONS.map((version) => serverRequest([`dns:broker-${version}.local`]));
    await authority.issue(devices);
    await authority.issue([...withKeys, ...servers]);
    await release();
  });

  after(async () => {
    await browser.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  for (const version of VERSIONS) {
    describe(`in Node-RED ${version}`, () => {
      let red: NodeRedProcess;
      let editor: EditorPage;
      let row: (name: string) => Locator;

      before(async () => {
        red = await NodeRedProcess.start({ version, flows: flowsOver(folder) });
        editor = await EditorPage.open(browser, red.url);
        await editor.evaluate(`RED.sidebar.show('certificates')`);
        row = (name) => editor.page.locator(`${ROW}:has-text("${name}")`).first();
      });

      after(async () => red.stop());

      // Loading takes longer than the tests: only after one that failed. Escape closes what is open and shows all again.
      let isLeftOver = false;

      beforeEach(async () => {
        if (isLeftOver) {
          await editor.load(red.url);
          await editor.evaluate(`RED.sidebar.show('certificates')`);
        }
        isLeftOver = false;
        for (const place of [DETAILS, '.secure-mqtt-grid']) {
          const key = `new KeyboardEvent('keydown', { key: 'Escape' })`;
          await editor.evaluate(`document.querySelector('${place}').dispatchEvent(${key})`);
        }
        await editor.page.waitForSelector(`${ROW}:has-text("device-")`);
        await editor.page.waitForSelector('.secure-mqtt-count:not(:has-text(" of "))');
      });

      afterEach(function () {
        isLeftOver = this.currentTest?.state !== 'passed';
        assert.deepEqual(editor.complaints.splice(0), []);
      });

      const filter = (text: string) => editor.page.fill('.secure-mqtt-filter input', text);
      const count = (text: string) => editor.page.waitForSelector(`.secure-mqtt-count:has-text("${text}")`);
      const activeRow = () =>
        editor.evaluate<string>(`(() => { const grid = document.querySelector('.secure-mqtt-grid');
          const row = document.getElementById(grid.getAttribute('aria-activedescendant'));
          return row.getAttribute('aria-rowindex') + ' ' + row.querySelector('.secure-mqtt-strong').textContent; })()`);
      const focused = () => editor.evaluate<string>(`document.activeElement.className`);
      const open = async (name: string) => {
        await filter(name);
        await row(name).click();
        await editor.page.waitForSelector(`${DETAILS} h4:has-text("${name}")`);
      };

      it('draws of 10,000 certificates those in sight, and the last one when it is scrolled to', async () => {
        const total = Number(await editor.page.getAttribute('.secure-mqtt-grid', 'aria-rowcount')) - 1;
        assert.ok(total >= DEVICES + VERSIONS.length, String(total));
        for (const position of [0.3, 0.7, 1]) {
          await editor.evaluate(`(() => { const body = document.querySelector('.secure-mqtt-grid-body');
            body.scrollTop = body.scrollHeight * ${position}; })()`);
          const wanted = Math.min(total - 1, Math.floor(total * position) + 2);
          await editor.page.waitForSelector(`${ROW}[data-index="${wanted}"]:not([aria-busy])`);
          const drawn = await editor.page.locator(ROW).count();
          assert.ok(drawn > 3 && drawn <= MOST_DRAWN, `${drawn} rows are drawn`);
        }
      });

      it('filters by text, status, time and the bars, and shows all again at Escape', async () => {
        // Typed and chosen in one go, without a pause: both count.
        const inOneGo = (text: string, status: string) =>
          editor.evaluate(`(() => { const [field, choice] = $('.secure-mqtt-filter').find('input, select');
            field.value = '${text}'; field.dispatchEvent(new Event('input'));
            choice.value = '${status}'; choice.dispatchEvent(new Event('change')); })()`);
        await inOneGo('device-0001', 'valid');
        await count('10 of');
        await inOneGo('', 'expired');
        await editor.page.waitForSelector('.secure-mqtt-empty:has-text("No certificate matches")');
        await editor.page.click('.secure-mqtt-empty button');
        await row('device-').waitFor();
        const bar = editor.page.locator('.secure-mqtt-bar[data-bar="d60"]');
        const counted = Number(/: ([\d,]+)/.exec((await bar.getAttribute('aria-label')) ?? '')?.[1]?.replace(',', ''));
        await bar.click();
        await count(`${counted.toLocaleString('en-US')} of`);
        assert.equal(await bar.getAttribute('aria-pressed'), 'true');
        await editor.page.focus('.secure-mqtt-grid');
        await editor.page.keyboard.press('Escape');
        await editor.page.waitForSelector('.secure-mqtt-count:not(:has-text(" of "))');
      });

      it('sorts by a column and turns the order', async () => {
        const head = editor.page.locator('[role="columnheader"]:has-text("Name")');
        await head.locator('button').click();
        await editor.page.waitForSelector(`${ROW}[data-index="0"]:has-text("broker-")`);
        assert.equal(await head.getAttribute('aria-sort'), 'ascending');
        await head.locator('button').click();
        await editor.page.waitForSelector(`${ROW}[data-index="0"]:not(:has-text("broker-"))`);
        assert.equal(await head.getAttribute('aria-sort'), 'descending');
      });

      it('is used by the keyboard alone', async () => {
        await filter('device-0002');
        await count('10 of');
        const names = await editor.page.locator(`${ROW} .secure-mqtt-strong`).allTextContents();
        await editor.page.focus('.secure-mqtt-grid');
        const press = async (key: string, expected: number) => {
          await editor.page.keyboard.press(key);
          assert.equal(await activeRow(), `${expected + 2} ${names[expected]}`);
        };
        await press('ArrowDown', 0);
        await press('ArrowDown', 1);
        await press('End', 9);
        await press('ArrowDown', 9);
        await press('Home', 0);
        await press('ArrowUp', 0);
        await editor.page.keyboard.press('PageDown');
        const [, paged = ''] = (await activeRow()).split(' ');
        const shown = names.indexOf(paged);
        assert.ok(shown > 0);
        assert.match(await focused(), /secure-mqtt-grid/);
        await editor.page.keyboard.press('Enter');
        await editor.page.waitForSelector(`${DETAILS} h4:has-text("${paged}")`);
        assert.match(await focused(), /secure-mqtt-details/);
        await editor.page.keyboard.press('Escape');
        await editor.page.waitForSelector(DETAILS, { state: 'hidden' });
        assert.match(await focused(), /secure-mqtt-grid/);
      });

      it('shows what a flow issues without being asked', async () => {
        await filter('newcomer');
        await count(' of ');
        const before = await editor.page.locator(ROW).count();
        await fetch(`${red.url}inject/press`, { method: 'POST' });
        await editor.page.waitForFunction(`document.querySelectorAll('${ROW}').length > ${before}`);
      });

      const verdicts = (place: string) =>
        editor.evaluate<string>(`[...document.querySelectorAll('${place} .secure-mqtt-stacks > li')]
          .map((column) => column.dataset.stack + ' ' + column.dataset.verdict).join()`);
      const all = (verdict: string) =>
        Object.keys(DEVICE_STACKS)
          .map((stack) => `${stack} ${verdict}`)
          .join();

      it('says which devices and programs can use a certificate', async () => {
        await open(`broker-${version}.local`);
        assert.equal(await verdicts(DETAILS), all('ok'));
      });

      it('says it in the dialog of tls-issue of a certificate that is being described', async () => {
        await editor.openDialog('issue');
        const place = '[data-part="compatibility"]';
        assert.equal(await verdicts(place), all('ok'));
        await editor.set('keyType', 'rsa-4096');
        assert.match(await verdicts(place), /^esp8266 limited,esp32 ok,/);
        await editor.set('profile', 'server');
        assert.equal(await verdicts(place), all('ok'));
        await editor.set('validityDays', '3650');
        assert.match(await verdicts(place), /,apple refused,/);
        const reasons = editor.page.locator(`${place} ul:last-child > li`);
        assert.match((await reasons.allInnerTexts()).join(), /^Apple – does not work: .*825 days.* Issue it for/);
        await editor.set('validityDays', '');
        await editor.set('commonName', 'My broker');
        assert.equal(await verdicts(place), '', 'the runtime issues no server certificate without a name');
        assert.match(await editor.page.locator(place).innerText(), /^A server needs at least one name/);
        await editor.set('commonName', '');
        assert.equal(await verdicts(place), all('ok'), 'the names come with the message');
        await editor.cancel();
      });

      it('asks the runtime nothing about a CA that was never deployed', async () => {
        const asked: string[] = [];
        const listen = (request: { url(): string }) => asked.push(request.url());
        editor.page.on('request', listen);
        await editor.evaluate(`RED.nodes.import([{ id: 'young', type: 'tls-ca', name: 'Young', version: 1 }])`);
        for (const id of ['issue', 'young']) {
          await editor.openDialog(id);
          if (id === 'issue') await editor.set('ca', 'young');
          await editor.cancel();
        }
        await editor.evaluate(`RED.nodes.remove('young')`);
        editor.page.off('request', listen);
        // The editor itself asks for the credentials of every node.
        const aboutIt = asked.filter((url) => /secure-mqtt.*young/.test(url));
        assert.deepEqual(aboutIt, []);
        assert.ok(asked.some((url) => url.includes('authorities/ca/')));
      });

      it('shows names where it is narrow, and the list where it is low', async () => {
        const sized = (size: string) =>
          editor.evaluate<{ nameWidth: number; above: number; height: number }>(`(() => {
            const tab = document.querySelector('.secure-mqtt-certificates');
            tab.setAttribute('style', '${size}');
            const name = document.querySelector('${ROW} .secure-mqtt-two').getBoundingClientRect();
            const { top, height } = tab.getBoundingClientRect();
            const answer = { nameWidth: name.width, above: name.top - top, height };
            tab.removeAttribute('style');
            return answer; })()`);
        const narrow = await sized('width: 180px; height: 640px');
        assert.ok(narrow.nameWidth > 110, JSON.stringify(narrow));
        const low = await sized('width: 294px; height: 260px');
        assert.ok(low.above + 20 < low.height, JSON.stringify(low));
      });

      it('says of a CA that is not available why', async () => {
        const line = editor.page.locator('[data-authority="gone"] .secure-mqtt-authority-line');
        assert.equal(await line.getAttribute('aria-expanded'), 'false');
        await line.click();
        const body = editor.page.locator('[data-authority="gone"] .secure-mqtt-authority-body');
        assert.match((await body.textContent()) ?? '', /CA_MISSING/);
        const press = body.locator('button:has-text("Try again")');
        const answers = [/authorities\/gone/, /certificates\/authorities/].map((one) =>
          editor.page.waitForResponse(one),
        );
        await press.click();
        // The attempt, which the CA refused again.
        await Promise.all(answers);
        assert.match(editor.complaints.splice(0).join(), /^Failed to load resource: .* 409 \(Conflict\)$/);
      });

      it('downloads root, revocation list and certificate', async () => {
        const download = async (button: Locator) => {
          const [got] = await Promise.all([editor.page.waitForEvent('download'), button.click()]);
          return { name: got.suggestedFilename(), content: readFileSync(await got.path()) };
        };
        await editor.page.click('[data-authority="ca"] .secure-mqtt-authority-line');
        const card = editor.page.locator('[data-authority="ca"]');
        const root = await download(card.locator('button:has-text("Root")'));
        assert.equal(new X509Certificate(root.content).subject, 'CN=Test CA');
        const crl = await download(card.locator('button:has-text("Revocation list")'));
        assert.match(String(crl.content), /BEGIN X509 CRL/);
        await open('device-00042');
        const pem = await download(editor.page.locator(`${DETAILS} button:has-text("PEM")`));
        assert.equal(pem.name, 'device-00042.crt.pem');
        assert.equal(new X509Certificate(pem.content).subject, 'CN=device-00042');
      });

      it('renews, shows the new certificate and exports it with its key', async () => {
        const name = `with-key-${version}`;
        await open(name);
        const old = await editor.page.locator(`${DETAILS} dd.secure-mqtt-code`).first().textContent();
        await editor.page.click(`${DETAILS} button:has-text("Renew")`);
        await editor.page.waitForSelector('.red-ui-notification:has-text("Renewed")');
        await editor.page.waitForFunction(
          `![undefined, ${JSON.stringify(old)}].includes(document.querySelector('${DETAILS} dd.secure-mqtt-code')?.textContent)`,
        );
        assert.match(await focused(), /secure-mqtt-details/, 'Escape still means the panel');
        await editor.page.click(`${DETAILS} button:has-text("Export with key")`);
        const press = editor.page.locator(`${DETAILS} button:has-text("Download .zip")`);
        await editor.page.selectOption(`${DETAILS} select`, 'esp32');
        assert.ok(await press.isDisabled(), 'a sketch needs the name of the broker');
        await editor.page.fill(`${DETAILS} .secure-mqtt-form-card input[type="text"]`, 'plant.local');
        assert.ok(await press.isEnabled());
        assert.equal(await editor.page.locator(`${DETAILS} option[value="mosquitto"]`).count(), 0);
        await editor.page.selectOption(`${DETAILS} select`, 'pkcs12');
        assert.ok(await press.isDisabled(), 'a key store needs a passphrase');
        await editor.page.fill(`${DETAILS} input[type="password"]`, 'a passphrase');
        const [got] = await Promise.all([editor.page.waitForEvent('download'), press.click()]);
        assert.ok(`${name}.p12` in unzipSync(readFileSync(await got.path())));
        await editor.page.keyboard.press('Escape');
        await editor.page.waitForFunction(`document.querySelectorAll('${ROW}').length === 2`);
        assert.ok(await editor.page.locator(`${ROW} [aria-label="replaced"]`).isVisible());
      });

      it('revokes a server only when its name is typed', async () => {
        const name = `broker-${version}.local`;
        await open(name);
        await editor.page.click(`${DETAILS} button:has-text("Revoke")`);
        const press = editor.page.locator(`${DETAILS} .secure-mqtt-form-card button:has-text("Revoke")`);
        await editor.page.selectOption(`${DETAILS} select`, 'superseded');
        assert.ok(await press.isDisabled());
        await editor.page.fill(`${DETAILS} .secure-mqtt-form-card input`, name.toUpperCase());
        assert.ok(await press.isDisabled());
        await editor.page.fill(`${DETAILS} .secure-mqtt-form-card input`, name);
        await press.click();
        await editor.page.waitForSelector('.red-ui-notification:has-text("revocation list has the number")');
        await editor.page.waitForSelector(`${DETAILS} dd:has-text("replaced by another certificate")`);
        assert.equal(await editor.page.locator(`${DETAILS} button:has-text("Renew")`).count(), 0);
      });

      it('a form that is being filled in survives news', async () => {
        await open('device-00077');
        await editor.page.click(`${DETAILS} button:has-text("Revoke")`);
        await editor.page.selectOption(`${DETAILS} select`, 'keyCompromise');
        const asked = editor.page.waitForResponse(/secure-mqtt\/certificates\/ca\/[0-9A-F]+/);
        await fetch(`${red.url}inject/press`, { method: 'POST' });
        await asked;
        assert.equal(await editor.page.inputValue(`${DETAILS} select`), 'keyCompromise');
      });

      it('has no buttons that change anything for whoever may only read', async () => {
        await editor.evaluate(`RED.settings.user = { username: 'reader', permissions: ['*.read'] }`);
        await open('device-00077');
        const buttons = await editor.page.locator(`${DETAILS} .secure-mqtt-actions button`).allTextContents();
        assert.deepEqual(
          buttons.map((text) => text.trim()),
          ['PEM', 'with chain', 'DER'],
        );
      });
    });
  }

  it('teaches what to do when there is no CA', async () => {
    const red = await NodeRedProcess.start({ flows: [{ id: 'tab', type: 'tab', label: 'test' }] });
    try {
      const editor = await EditorPage.open(browser, red.url);
      await editor.evaluate(`RED.sidebar.show('certificates')`);
      const empty = editor.page.locator('.secure-mqtt-empty');
      await empty.locator('h4').waitFor();
      assert.match((await empty.textContent()) ?? '', /01 - Make the certificates of the workshop/);
      await empty.locator('button').click();
      await editor.page.waitForSelector('#red-ui-clipboard-dialog-import-tab-examples:visible');
      await editor.load(red.url);
      await editor.openNewConfig('secure-mqtt-broker-config');
      const tip = editor.page.locator('.form-row:has(#node-config-input-ca) [data-when="ca="]:not([hidden])');
      assert.match((await tip.textContent()) ?? '', /press \+ to make one/);
      assert.deepEqual(editor.complaints, []);
    } finally {
      await red.stop();
    }
  });
});
