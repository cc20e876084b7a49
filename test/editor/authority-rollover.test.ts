import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_OUT_DEFAULTS } from '../../src/model/config/secure-mqtt-out';
import { SECURE_MQTT_SERVER_DEFAULTS } from '../../src/model/config/secure-mqtt-server';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import type { RolloverView } from '../../src/node-red/rollover-view';
import { Certificate } from '../../src/pki/certificate';
import { EditorPage, startBrowser } from '../support/browser';
import { freePort } from '../support/free-port';
import { NodeRedProcess } from '../support/node-red-process';

const WRITE = { 'Content-Type': 'application/json', 'X-Secure-MQTT': '1' };

describe('renewing and replacing a CA from its dialog', () => {
  let userDir: string;
  let red: NodeRedProcess;
  let browser: Browser;
  let editor: EditorPage;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-rollover-'));
    const port = await freePort();
    const place = { z: 'tab', x: 100, y: 100, wires: [[]] };
    const flows = [
      { id: 'tab', type: 'tab', label: 'test' },
      { ...TLS_CA_DEFAULTS, id: 'home', type: 'tls-ca', name: 'Home CA', folder: 'pki/home', validityDays: 300 },
      { ...TLS_CA_DEFAULTS, id: 'used', type: 'tls-ca', name: 'Used CA', folder: 'pki/used' },
      {
        ...SECURE_MQTT_SERVER_DEFAULTS,
        ...place,
        id: 'srv',
        type: 'secure-mqtt-server',
        name: 'broker',
        ca: 'used',
        port,
      },
      {
        ...SECURE_MQTT_BROKER_DEFAULTS,
        ...{ id: 'con', type: 'secure-mqtt-broker-config', name: 'to broker', broker: 'localhost', port },
        ...{ ca: 'used', clientId: 'node-red' },
      },
      {
        ...place,
        ...{ id: 'go', type: 'inject', props: [{ p: 'payload' }], payload: 'dev01', payloadType: 'str' },
        ...{ once: true, onceDelay: 0.1, wires: [['dev']] },
      },
      {
        ...TLS_ISSUE_DEFAULTS,
        ...place,
        id: 'dev',
        type: 'tls-issue',
        ca: 'used',
        profile: 'device',
        wires: [['files']],
      },
      {
        ...TLS_EXPORT_DEFAULTS,
        ...place,
        id: 'files',
        type: 'tls-export',
        ca: 'used',
        layout: 'pem',
        folder: 'devices',
      },
      { ...SECURE_MQTT_OUT_DEFAULTS, ...place, id: 'out', type: 'secure-mqtt-out', broker: 'con', topic: 'a' },
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

  const panel = () => editor.page.locator('.secure-mqtt-rollover');
  const press = async (name: string, step: string) => {
    await panel().getByRole('button', { name }).click();
    await editor.page.waitForSelector(`.secure-mqtt-rollover[data-step="${step}"]`);
  };

  const trusted = () => Certificate.allFromPem(readFileSync(join(userDir, 'pki/home/trust.pem')));
  const ask = (body: object, headers: Record<string, string> = WRITE, id = 'home') =>
    fetch(`${red.url}secure-mqtt/authorities/${id}/rollover`, { method: 'POST', headers, body: JSON.stringify(body) });

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
    await panel().getByText('This CA ends in 299 days').waitFor();
    await panel().getByRole('button', { name: 'Renew with the same key' }).click();
    await editor.page
      .locator('.secure-mqtt-card dd', { hasText: first?.fingerprint256 ?? '' })
      .waitFor({ state: 'detached' });
    assert.ok(first && !trusted().some((one) => one.equals(first)));
    await panel().getByLabel('Kind of the new key').selectOption('rsa-2048');
    await press('Replace the key', 'introduced');
    assert.equal(trusted().length, 2);
    await panel().filter({ hasText: 'Home CA G2' }).waitFor();
    await press('Switch to the new key', 'switched');
    await editor.page.locator('.secure-mqtt-card dd', { hasText: 'CN=Home CA G2' }).waitFor();
    await panel().getByText('has issued is renewed or over').waitFor();
    await press('Retire the old key', 'stable');
    assert.deepEqual(
      trusted().map(({ subject }) => subject.commonName),
      ['Home CA G2'],
    );
    assert.equal(trusted()[0]?.keyDescription, 'rsa-2048');
    await editor.cancel();
  });

  it('names who shows the old key, and retires it for nobody who would be locked out unless the name is typed', async () => {
    const get = async (what: string): Promise<unknown> => {
      return (await fetch(`${red.url}secure-mqtt/authorities/used/${what}`)).json();
    };
    await red.logged(/connected to mqtts:/);
    while (!((await get('names')) as { names: string[] }).names.includes('dev01'));
    await editor.openDialog('used');
    await press('Replace the key', 'introduced');
    for (const line of [
      '“localhost”, shown by “broker” to its clients',
      '“node-red”, shown by “to broker” to its broker',
      '“node-red”, a client of “broker”',
    ]) {
      await panel().getByRole('listitem').filter({ hasText: line }).waitFor();
    }
    await press('Switch to the new key', 'switched');
    await editor.page.locator('.secure-mqtt-card dd', { hasText: 'CN=Used CA G2' }).waitFor();
    await editor.cancel();

    // What asks the CA itself changes over by itself; the device does not.
    let state: RolloverView;
    do {
      state = (await get('rollover')) as RolloverView;
    } while (state.shown.total > 0 || state.former?.waiting !== 1 || state.folders.length === 0);
    assert.deepEqual(state.former?.names, ['dev01']);
    await editor.openDialog('used');
    await panel().getByText('Renew them one by one').waitFor();
    await panel().getByText('Nobody that this Node-RED can see').waitFor();
    await panel()
      .getByText(`Files with certificates of the old key: ${join(userDir, 'devices')}.`)
      .waitFor();
    await panel()
      .getByText(/Retiring now locks out 1 .*: dev01\./)
      .waitFor();
    const retire = panel().getByRole('button', { name: 'Retire the old key' });
    assert.equal(await retire.isDisabled(), true);
    await panel().getByLabel('Type Used CA to lock them out').fill('Home CA');
    assert.equal(await retire.isDisabled(), true);
    assert.equal(((await (await ask({ step: 'retire' }, WRITE, 'used')).json()) as { code: string }).code, 'CA_IN_USE');
    await panel().getByLabel('Type Used CA to lock them out').fill('Used CA');
    await press('Retire the old key', 'stable');
    await editor.cancel();
  });
});
