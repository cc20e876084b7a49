import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { Certificate } from '../../src/pki/certificate';
import { EditorPage, startBrowser } from '../support/browser';
import { NodeRedProcess } from '../support/node-red-process';

const WRITE = { 'Content-Type': 'application/json', 'X-Secure-MQTT': '1' };

describe('renewing and replacing a CA from its dialog', () => {
  let userDir: string;
  let red: NodeRedProcess;
  let browser: Browser;
  let editor: EditorPage;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-rollover-'));
    const flows = [
      { id: 'tab', type: 'tab', label: 'test' },
      { ...TLS_CA_DEFAULTS, id: 'home', type: 'tls-ca', name: 'Home CA', folder: 'pki/home' },
    ];
    red = await NodeRedProcess.start({ userDir, flows });
    browser = await startBrowser();
    editor = await EditorPage.open(browser, red.url);
  });
  after(async () => {
    await browser?.close();
    await red?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  const trusted = () => Certificate.allFromPem(readFileSync(join(userDir, 'pki/home/trust.pem')));
  const ask = (body: object, headers: Record<string, string> = WRITE) =>
    fetch(`${red.url}secure-mqtt/authorities/home/rollover`, { method: 'POST', headers, body: JSON.stringify(body) });

  it('takes only steps that there are, from whoever may write, and force only for the typed name', async () => {
    assert.equal((await ask({ step: 'renew' }, { 'Content-Type': 'application/json' })).status, 403);
    for (const body of [{ step: 'explode' }, {}, { step: 'retire', name: 'Other CA' }]) {
      const answer = await ask(body);
      assert.equal(answer.status, 400);
      assert.equal(((await answer.json()) as { code: string }).code, 'INPUT_PAYLOAD');
    }
    assert.equal(trusted().length, 1);
  });

  it('leads through the steps, and shows what lives after each', async () => {
    const [first] = trusted();
    await editor.openDialog('home');
    const panel = editor.page.locator('.secure-mqtt-rollover');
    const press = async (name: string, step: string) => {
      await panel.getByRole('button', { name }).click();
      await editor.page.waitForSelector(`.secure-mqtt-rollover[data-step="${step}"] button:not([disabled])`);
    };
    await panel.getByRole('button', { name: 'Renew with the same key' }).click();
    await editor.page
      .locator('.secure-mqtt-card dd', { hasText: first?.fingerprint256 ?? '' })
      .waitFor({ state: 'detached' });
    await editor.page.screenshot({ path: join(tmpdir(), 'secure-mqtt-rollover-0.png') });
    assert.ok(first && !trusted().some((one) => one.equals(first)));
    await press('Replace the key', 'introduced');
    assert.equal(trusted().length, 2);
    await panel.filter({ hasText: 'Home CA G2' }).waitFor();
    await editor.page.screenshot({ path: join(tmpdir(), 'secure-mqtt-rollover.png') });
    await press('Switch to the new key', 'switched');
    await editor.page.locator('.secure-mqtt-card dd', { hasText: 'CN=Home CA G2' }).waitFor();
    await editor.page.screenshot({ path: join(tmpdir(), 'secure-mqtt-rollover-2.png') });
    await press('Retire the old key', 'stable');
    assert.deepEqual(
      trusted().map(({ subject }) => subject.commonName),
      ['Home CA G2'],
    );
    await editor.cancel();
  });
});
