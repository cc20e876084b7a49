import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { EditorPage, startBrowser } from '../support/browser';
import { Canaries, type Sighting } from '../support/canary';
import { workshopFolder } from '../support/foreign-authority';
import { NodeRedProcess } from '../support/node-red-process';
import { judge } from '../support/openssl';

const WRITE = { 'Content-Type': 'application/json', 'X-Secure-MQTT': '1' };

describe('keeping a CA from its dialog', () => {
  let userDir: string;
  let red: NodeRedProcess;
  let browser: Browser;
  let editor: EditorPage;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-keeping-'));
    workshopFolder(join(userDir, 'workshop'), 'password123');
    const flows = [
      { id: 'tab', type: 'tab', label: 'test' },
      { ...TLS_CA_DEFAULTS, id: 'clear-ca', type: 'tls-ca', name: 'Clear CA', folder: 'pki/clear' },
      {
        ...TLS_CA_DEFAULTS,
        ...{ id: 'middle-ca', type: 'tls-ca', name: 'Middle CA', folder: 'pki/middle', issuer: 'clear-ca' },
      },
      {
        ...TLS_CA_DEFAULTS,
        ...{ id: 'old-ca', type: 'tls-ca', name: 'Workshop CA', folder: 'pki/workshop', source: 'import' },
        importPath: 'workshop/rootCA_certificate.pem',
      },
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

  const ask = (path: string, body: object | Uint8Array, headers: Record<string, string> = WRITE) =>
    fetch(`${red.url}secure-mqtt/${path}`, {
      method: 'POST',
      headers,
      body: body instanceof Uint8Array ? (body as never) : JSON.stringify(body),
    });
  const view = async (id: string) =>
    (await (await fetch(`${red.url}secure-mqtt/authorities/${id}`)).json()) as Record<string, unknown>;

  /** The flows come back a little after the deploy. */
  const living = async (id: string) => {
    for (;;) {
      const seen = await view(id);
      if (seen.subject) return seen;
    }
  };

  it('is told before the CA is there: what becomes of it, and where there is no room for it', async () => {
    await editor.openNewConfig('tls-ca');
    const card = editor.page.locator('.secure-mqtt-card');
    const alert = editor.page.locator('.secure-mqtt-alert[role=alert]');
    assert.match(await card.innerText(), /is made at the first deploy/);
    await editor.set('source', 'import');
    assert.match(await card.innerText(), /is taken over at the first deploy/);
    await editor.set('source', 'create');
    assert.match(await card.innerText(), /is made at the first deploy/);
    for (const [issuer, problem] of [
      ['clear-ca', ''],
      ['middle-ca', 'Issuer: “Middle CA” allows 0 CAs below it'],
    ] as const) {
      await editor.set('issuer', issuer);
      assert.equal(((await alert.textContent()) ?? '').slice(0, 41), problem);
      assert.equal((await editor.reasonAt('issuer'))?.slice(0, 41) ?? '', problem);
    }
    await editor.cancel();
  });

  it('hands out a backup that openssl opens, only sealed and only to whoever may write', async () => {
    const refused = await ask(
      'authorities/clear-ca/backup',
      { passphrase: 'away' },
      { 'Content-Type': 'application/json' },
    );
    assert.equal(refused.status, 403);
    assert.equal((await ask('authorities/clear-ca/backup', { passphrase: '' })).status, 400);
    const answer = await ask('authorities/clear-ca/backup', { passphrase: 'away' });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-disposition') ?? '', /clear-ca-\d{4}-\d\d-\d\d\.ca-backup\.p7m/);
    const sealed = Buffer.from(await answer.arrayBuffer());
    assert.doesNotMatch(sealed.toString('latin1'), /PRIVATE KEY/);
    const args = [
      'cms',
      '-decrypt',
      '-binary',
      '-inform',
      'DER',
      '-in',
      'b',
      '-pwri_password',
      'away',
      '-out',
      'b.tgz',
    ];
    const list = judge('sh', ['-c', `openssl ${args.join(' ')} && tar tzf b.tgz`], { b: sealed });
    assert.match(list.output, /^private\/ca\.key\.pem$/m);
    writeFileSync(join(userDir, 'kept.p7m'), sealed);
  });

  it('takes an upload in, under a name of its own, and nothing that is too curious', async () => {
    const octets = { 'Content-Type': 'application/octet-stream', 'X-Secure-MQTT': '1' };
    assert.equal((await ask('imports', Buffer.from('x'), { 'Content-Type': 'application/octet-stream' })).status, 403);
    assert.equal((await ask('imports', {})).status, 415);
    const answer = await ask('imports', readFileSync(join(userDir, 'kept.p7m')), octets);
    const { path } = (await answer.json()) as { path: string };
    assert.match(path, /^\.secure-mqtt\/imports\/[0-9a-f]{16}\.upload$/);
    assert.deepEqual(readFileSync(join(userDir, path)), readFileSync(join(userDir, 'kept.p7m')));
  });

  it('imports the file that was chosen last, whichever arrives last, and none before it is there', async () => {
    await editor.openNewConfig('tls-ca');
    await editor.set('source', 'import');
    await editor.set('importPath', 'chosen before');
    const { page } = editor;
    const choose = (name: string) =>
      page
        .locator('.secure-mqtt-form input[type=file]')
        .first()
        .setInputFiles(join(userDir, 'workshop', name));
    let sent = (): void => undefined;
    const first = new Promise<void>((resolve) => (sent = resolve));
    let count = 0;
    await page.route('**/secure-mqtt/imports', async (route) => {
      count += 1;
      const path = `upload ${count}`;
      if (count === 1) await first;
      await route.fulfill({ json: { path } });
    });
    await choose('rootCA_key.pem');
    assert.equal(await editor.shown('importPath'), '');
    await choose('rootCA_certificate.pem');
    await page.getByText('rootCA_certificate.pem is at Node-RED').waitFor();
    const late = page.waitForResponse('**/secure-mqtt/imports');
    sent();
    await (await late).finished();
    // What follows an answer runs before anything that is asked of the page now.
    await editor.evaluate('new Promise((resolve) => setTimeout(resolve))');
    assert.equal(await editor.shown('importPath'), 'upload 2');
    await page.unroute('**/secure-mqtt/imports');
    await editor.cancel();
  });

  it('opens with a typed passphrase what is imported, shows what to know, and fixes its source', async () => {
    await editor.openDialog('old-ca');
    assert.equal(await editor.applies('importPath'), true);
    assert.equal(await editor.applies('commonName'), false);
    await editor.set('passphrase', 'password123');
    await editor.save();
    await editor.deploy();
    const { subject, findings } = await living('old-ca');
    assert.match(String(subject), /^CN=Mosquitto Root CA/);
    assert.ok((findings as { code: string }[]).some(({ code }) => code === 'CERT_SERIAL_DUPLICATE'));
    await editor.openDialog('old-ca');
    await editor.page.waitForSelector('.secure-mqtt-card[data-state="living"] .secure-mqtt-findings');
    assert.equal(await editor.page.locator('#node-config-input-source').isDisabled(), true);
    await editor.cancel();
  });

  it('changes the passphrase: agreed on in the card, entered by itself, done by the deploy', async () => {
    await editor.openDialog('old-ca');
    await editor.page.getByRole('button', { name: 'Change the passphrase' }).click();
    const fill = async (old: string) => {
      for (const [label, value] of [
        ['Passphrase of this CA', old],
        ['New passphrase', 'a better one'],
        ['Repeat it', 'a better one'],
      ] as const) {
        await editor.page.locator(`.secure-mqtt-keeping input[aria-label="${label}"]:visible`).fill(value);
      }
      await editor.page.locator('.secure-mqtt-keeping .secure-mqtt-forget button:visible').click();
    };
    const note = editor.page.locator('.secure-mqtt-keeping .secure-mqtt-note:visible');
    await fill('wrong');
    await note.filter({ hasText: 'the old passphrase is not the one of this CA' }).waitFor();
    await fill('password123');
    await note.filter({ hasText: 'Agreed' }).waitFor();
    assert.equal(await editor.shown('passphrase'), 'a better one');
    assert.equal((await view('old-ca')).passphrasePending, true);
    await editor.save();
    await editor.deploy();
    const { passphrasePending, keysEncrypted } = await living('old-ca');
    assert.deepEqual([passphrasePending, keysEncrypted], [false, true]);
    const key = join(userDir, 'pki/workshop/private/ca.key.pem');
    const opened = (passphrase: string) =>
      judge('openssl', ['pkey', '-in', key, '-noout', '-passin', `pass:${passphrase}`]).status;
    assert.deepEqual([opened('a better one'), opened('password123') === 0], [0, false]);
    assert.deepEqual(
      readdirSync(join(userDir, 'pki/workshop/private')).filter((name) => !name.endsWith('.pem')),
      [],
    );
  });

  it('lets no passphrase and no key of the CA out, on the way to a new key neither', async () => {
    const key = readFileSync(join(userDir, 'pki/workshop/private/ca.key.pem'));
    const canaries = new Canaries()
      .addText('former passphrase', 'password123')
      .addText('passphrase', 'a better one')
      .addText('guessed passphrase', 'a guess of mine')
      .addKey('key of the CA', createPrivateKey({ key, passphrase: 'a better one' }));
    const seen: Sighting[] = [];
    const look = async (path: string, body?: object) => {
      const answer = await (body ? ask(path, body) : fetch(`${red.url}secure-mqtt/${path}`));
      seen.push(...canaries.search(path, Buffer.from(await answer.arrayBuffer())));
      return answer.ok;
    };
    for (const [path, body, isDone] of [
      ['authorities/old-ca/passphrase', { old: 'a guess of mine', new: 'a better one' }, false],
      ['authorities/old-ca/backup', { passphrase: 'a guess of mine' }, false],
      ['authorities/old-ca/backup', { passphrase: 'a better one' }, true],
      ['authorities/old-ca/rollover', { step: 'retire', passphrase: 'a better one' }, false],
      ['authorities/old-ca/rollover', { step: 'introduce' }, true],
      ['authorities/old-ca/rollover', undefined, true],
      ['authorities/old-ca', undefined, true],
    ] as const) {
      assert.equal(await look(path, body), isDone, path);
    }
    const generations = readdirSync(join(userDir, 'pki/workshop/private')).filter((name) => name.startsWith('ca-'));
    assert.equal(generations.length, 2);
    // The folder it was imported from is not ours; in the other CA the keys lie in clear, but not this one.
    seen.push(...canaries.searchFolder(userDir, (name) => /^(workshop|node_modules)/.test(name)));
    seen.push(...canaries.search('log', red.log));
    assert.deepEqual(seen, []);
  });
});
