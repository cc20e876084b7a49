import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { Browser } from 'playwright-core';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_PROBE_DEFAULTS } from '../../src/model/config/tls-probe';
import { EditorPage, startBrowser } from '../support/browser';
import { inDays } from '../support/certificates';
import {
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  type HandmadeCertificate,
} from '../support/certificates-fixture';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';
import { closeServers, mqttConversation, startTlsServer, type TestServer } from '../support/tls-servers';

const VERSIONS: NodeRedVersion[] = ['4.1', '5'];
const root = handmadeRoot();
const intermediate = handmadeIntermediate(root);

for (const version of VERSIONS) {
  describe(`probing from a dialog in Node-RED ${version}`, () => {
    let browser: Browser;
    let red: NodeRedProcess;
    let editor: EditorPage;
    let good: TestServer;
    let incomplete: TestServer;
    let ending: TestServer;

    before(async () => {
      const serve = (identity: HandmadeCertificate, chain: HandmadeCertificate[]) =>
        startTlsServer({ identity, chain, conversation: mqttConversation() });
      good = await serve(handmadeServer(intermediate), [intermediate]);
      incomplete = await serve(handmadeServer(intermediate), []);
      ending = await serve(handmadeServer(intermediate, { notBefore: inDays(-90), notAfter: inDays(5) }), [
        intermediate,
        handmadeRoot({ commonName: 'Needless' }),
      ]);
      const flows = [
        { id: 'tab', type: 'tab', label: 'test' },
        { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'Test CA', folder: 'pki/test', commonName: 'Test CA' },
        {
          ...SECURE_MQTT_BROKER_DEFAULTS,
          id: 'broker',
          type: 'secure-mqtt-broker-config',
          broker: 'localhost',
          // Nobody deploys what is tried here.
          port: 1,
          security: 'server',
          trust: 'pem',
          caPem: root.pem,
          d: true,
        },
        { ...TLS_PROBE_DEFAULTS, id: 'probe', type: 'tls-probe', z: 'tab', x: 200, y: 200, ca: 'ca', wires: [[]] },
      ];
      browser = await startBrowser();
      red = await NodeRedProcess.start({ version, flows });
      editor = await EditorPage.open(browser, red.url);
    });

    after(async () => {
      await browser.close();
      await red.stop();
      await closeServers();
    });

    const card = () => editor.page.locator('.secure-mqtt-answer .secure-mqtt-card');
    const links = () => editor.page.locator('.secure-mqtt-chain > li');
    const outcomes = () =>
      editor.evaluate<string[]>(`$('.secure-mqtt-stages li').get().map((li) => li.dataset.outcome)`);

    async function press(): Promise<void> {
      await editor.page.locator('.secure-mqtt-try button').first().click();
      await editor.page.waitForSelector('.secure-mqtt-answer[aria-busy="false"] .secure-mqtt-card');
    }

    async function testBroker(server: TestServer): Promise<void> {
      await editor.openDialog('broker');
      await editor.set('port', String(server.port));
      await press();
    }

    afterEach(async () => {
      assert.deepEqual(editor.complaints, []);
      await editor.load(red.url);
    });

    it('shows a connection that works, with the whole chain', async () => {
      await testBroker(good);
      assert.equal(await card().getAttribute('data-state'), 'ok');
      assert.match((await card().locator('h4').textContent()) ?? '', /^It works/);
      assert.deepEqual(await outcomes(), ['passed', 'passed', 'passed', 'passed', 'passed', 'skipped', 'passed']);
      const text = (await links().allTextContents()).map((one) => one.replace(/\s+/g, ' '));
      assert.equal(text.length, 3);
      assert.match(text[0] ?? '', /serverCN=localhostsent by the server.*days left.*CN=Intermediate/);
      assert.match(text[2] ?? '', /rootCN=Rootnot sent; known here as trusted/);
      assert.match((await card().textContent()) ?? '', /TLSv1\.3.*the broker accepted the connection/);
      // Nothing was stored and nothing deployed.
      await editor.cancel();
      assert.equal((await editor.exported('broker')).port, 1);
      assert.equal(await editor.isChanged('broker'), false);
    });

    it('can be read and walked through without a mouse', async () => {
      await testBroker(good);
      const bar = editor.page.locator('[role="meter"]').first();
      assert.match((await bar.getAttribute('aria-valuetext')) ?? '', /^until .*\d+ days left$/);
      assert.equal(await bar.getAttribute('aria-valuenow'), '0');
      await bar.focus();
      await editor.page.keyboard.press('Tab');
      assert.equal(await editor.evaluate('document.activeElement.tagName'), 'SUMMARY');
      await editor.page.keyboard.press('Enter');
      assert.match((await links().first().locator('details').innerText()) ?? '', /dns:localhost[\s\S]*SHA-256/);
      assert.equal(await editor.page.locator('.secure-mqtt-answer').getAttribute('aria-live'), 'polite');
    });

    it('shows where a chain breaks', async () => {
      await testBroker(incomplete);
      assert.match((await card().textContent()) ?? '', /It does not work.*What to do:.*CERT_CHAIN_INCOMPLETE/);
      assert.deepEqual((await outcomes()).slice(2, 5), ['passed', 'failed', 'unreached']);
      assert.match((await links().last().textContent()) ?? '', /The chain breaks here: CN=Intermediate/);
    });

    it('shows what ends soon, and what was sent in vain', async () => {
      await testBroker(ending);
      assert.match((await card().locator('h4').textContent()) ?? '', /^It works, but act now/);
      assert.equal(await editor.page.locator('[role="meter"]').first().getAttribute('data-state'), 'critical');
      assert.match((await links().last().textContent()) ?? '', /besidesCN=Needlesssent, but leads nowhere/);
    });

    it('says which setting cannot work', async () => {
      await editor.openDialog('broker');
      await editor.set('security', 'mutual');
      await editor.set('clientId', 'x');
      await press();
      assert.match((await card().textContent()) ?? '', /These settings cannot work.*No CA is chosen/);
    });

    it('is called off when the dialog is closed', async () => {
      const silent = net.createServer();
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const connection = once(silent, 'connection') as Promise<[net.Socket]>;
      await editor.openDialog('broker');
      await editor.set('port', String((silent.address() as net.AddressInfo).port));
      await editor.page.locator('.secure-mqtt-try button').first().click();
      const [socket] = await connection;
      const closed = once(socket.on('error', () => undefined).resume(), 'close');
      await editor.cancel();
      await closed;
      silent.close();
    });

    it('probes a list from the dialog of tls-probe, each with a card', async () => {
      await editor.openDialog('probe');
      await editor.set('targetType', 'json');
      await editor.evaluate(`$('#node-input-target').typedInput('type', 'json')`);
      await editor.set('target', JSON.stringify([`localhost:${good.port}`, 'two.invalid']));
      await press();
      assert.equal(await card().count(), 2);
      assert.match((await card().nth(0).textContent()) ?? '', /CERT_ISSUER_UNKNOWN/);
      assert.match((await card().nth(1).textContent()) ?? '', /NET_DNS/);
      await editor.page.locator('.secure-mqtt-try button', { hasText: 'Hide' }).click();
      assert.equal(await card().count(), 0);
      await editor.cancel();
    });

    it('fits into a narrow dialog', async () => {
      await testBroker(ending);
      await editor.evaluate(`$('.secure-mqtt-form').css('width', '320px')`);
      const wide = await editor.evaluate<number>(
        `Math.max(...$('.secure-mqtt-probe *').get().map((one) => one.getBoundingClientRect().right)) - $('.secure-mqtt-probe')[0].getBoundingClientRect().right`,
      );
      assert.ok(wide <= 0, `${wide} pixels beyond the card`);
    });

    describe('the broker', () => {
      it('may be pasted as a whole address', async () => {
        await editor.openDialog('broker');
        const field = editor.page.locator('#node-config-input-broker-text');
        await field.fill('wss://mosquitto.local:9001/mqtt');
        await field.blur();
        const shown = await Promise.all(['broker', 'port', 'transport', 'path'].map((name) => editor.shown(name)));
        assert.deepEqual(shown, ['mosquitto.local', '9001', 'wss', '/mqtt']);
        assert.match(
          (await editor.page.locator('[data-part="address"]').textContent()) ?? '',
          /^Read from the address/,
        );
        await field.fill('mqtt://mosquitto.local');
        await field.blur();
        assert.equal(await editor.shown('security'), 'server', 'encryption is not switched off by an address');
        assert.match((await editor.page.locator('[data-part="address"]').textContent()) ?? '', /without encryption/);
        await editor.cancel();
      });

      it('may come from the environment', async () => {
        await editor.openDialog('broker');
        await editor.evaluate(`$('#node-config-input-broker').typedInput('type', 'env')`);
        await editor.set('broker', 'MQTT_HOST');
        await editor.save();
        const { broker, brokerType } = await editor.exported('broker');
        assert.deepEqual([broker, brokerType], ['MQTT_HOST', 'env']);
      });
    });

    it('says what the chosen CA has issued for this host', async () => {
      await editor.openDialog('broker');
      await editor.set('trust', 'ca');
      await editor.set('ca', 'ca');
      const hint = editor.page.locator('[data-part="servers"]', { hasText: /no server certificate yet.*localhost/ });
      await hint.waitFor({ state: 'attached' });
      await editor.set('verifyHostname', false);
      assert.equal(await editor.evaluate(`$('[data-part="servers"]').prop('hidden')`), true);
      await editor.cancel();
    });

    describe('a PEM file', () => {
      const upload = (part: string, name: string, content: string | Buffer) =>
        editor.page
          .locator(`[data-part="${part}"] input[type="file"]`)
          .setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) });
      const note = (part: string, words: RegExp) =>
        editor.page
          .locator(`[data-part="${part}"] .secure-mqtt-quiet`, { hasText: words })
          .waitFor({ state: 'attached' });

      beforeEach(async () => editor.openDialog('broker'));

      it('with certificate and key goes into both fields', async () => {
        await upload('upload-certificate', 'both.pem', intermediate.pem + intermediate.keyPem);
        await note('upload-certificate', /Certificate and private key read from both\.pem/);
        assert.equal(await editor.shown('certPem'), intermediate.pem);
        assert.equal(await editor.shown('keyPem'), intermediate.keyPem);
        await editor.cancel();
      });

      it('for the CA leaves a key out', async () => {
        await upload('upload-ca', 'ca.pem', root.keyPem + root.pem);
        await note('upload-ca', /a private key has no place here/);
        assert.equal(await editor.shown('caPem'), root.pem);
        await editor.cancel();
      });

      it('must be one', async () => {
        await upload('upload-ca', 'store.p12', Buffer.from([0x30, 0x82, 1, 1]));
        await note('upload-ca', /PKCS#12 file\. It cannot be kept in the flow/);
        await upload('upload-ca', 'ca.der', Buffer.from([0x30, 0x82, 1, 1]));
        await note('upload-ca', /no PEM text/);
        assert.equal(await editor.shown('caPem'), root.pem, 'the old one stays');
        await editor.cancel();
      });
    });
  });
}
