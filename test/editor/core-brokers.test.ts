import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { EditorPage, startBrowser } from '../support/browser';
import { coreFlow } from '../support/core-mqtt';
import { freePort } from '../support/free-port';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`core brokers in the dialog of the broker settings, Node-RED ${version}`, function () {
    this.timeout(60_000);
    let nodeRed: NodeRedProcess;
    let browser: Browser;
    let editor: EditorPage;

    before(async () => {
      const port = await freePort();
      const place = { z: 'tab', x: 200, y: 100 };
      const settings = {
        ...SECURE_MQTT_BROKER_DEFAULTS,
        ...{ id: 'settings', type: 'secure-mqtt-broker-config', broker: 'broker.local', ca: 'ca', clientId: 'dev01' },
      };
      const user = { id: 'user', type: 'secure-mqtt-out', ...place, broker: 'settings', wires: [] };
      const flows = [
        { id: 'tab', type: 'tab', label: 'flow' },
        { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'CA', folder: 'pki/test', commonName: 'CA' },
        { ...settings, coreBrokers: ['core-broker'] },
        { ...settings, id: 'other', name: 'Other' },
        ...[user, { ...user, id: 'other-user', broker: 'other', y: 160 }],
        ...coreFlow({ port }).filter(({ type }) => type !== 'helper'),
        { ...coreFlow({ port })[1], id: 'plain-broker', name: 'Plain', usetls: false, clientid: '' },
      ] as never[];
      nodeRed = await NodeRedProcess.start({ version, flows });
      browser = await startBrowser();
      editor = await EditorPage.open(browser, nodeRed.url);
    });
    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });
    afterEach(() => assert.deepEqual(editor.complaints, []));

    const show = () => editor.page.click('#secure-mqtt-broker-tabs a[href="#secure-mqtt-broker-core"]');
    const text = () => editor.page.innerText('#secure-mqtt-broker-core');
    const ticks = () =>
      editor.evaluate<Record<string, boolean>>(
        `Object.fromEntries($('[data-core]').get().map((box) => [box.dataset.core, box.checked]))`,
      );

    it('count as users of the settings that drive them, as long as they are ticked', async () => {
      const usersOf = (id: string) => editor.evaluate<string[]>(`RED.nodes.node('${id}').users.map(({ id }) => id)`);
      assert.deepEqual(await usersOf('settings'), ['user', 'core-broker']);
      assert.deepEqual(await usersOf('other'), ['other-user']);
      const change = (ids: string) =>
        editor.evaluate(`(() => { const node = RED.nodes.node('settings'); node.coreBrokers = ${ids};
          RED.events.emit('nodes:change', node); })()`);
      await change('[]');
      assert.deepEqual(await usersOf('settings'), ['user']);
      await change(`['core-broker']`);
      assert.deepEqual(await usersOf('settings'), ['user', 'core-broker']);
    });

    it('are listed with what each of them lacks', async () => {
      await editor.openDialog('settings');
      await show();
      assert.deepEqual(await ticks(), { 'core-broker': true, 'plain-broker': false });
      assert.match(await text(), /Plain\s+“Use TLS” is not ticked/);
      await editor.save();
      assert.equal(await editor.isChanged('settings'), false, 'looking changes nothing');
      await editor.openDialog('other');
      await show();
      assert.match(await text(), /Core\s+Already ticked in “broker.local”/);
      await editor.cancel();
    });

    it('are made at the press of a button, and undone', async () => {
      await editor.openDialog('settings');
      await show();
      await editor.page.click('[data-part="core-create"] button');
      await editor.page.waitForFunction(`$('[data-core]').length === 3`);
      await editor.save();
      const { coreBrokers } = (await editor.exported('settings')) as { coreBrokers: string[] };
      assert.equal(coreBrokers.length, 2);
      const made = await editor.exported(coreBrokers.find((id) => id !== 'core-broker') as string);
      const { type, broker, usetls, tls } = made;
      assert.deepEqual({ type, broker, usetls }, { type: 'mqtt-broker', broker: 'broker.local', usetls: true });
      const tlsConfig = await editor.exported(tls as string);
      assert.equal(tlsConfig.verifyservercert, true);
      assert.match(String(tlsConfig.ca), /pki\/test\/trust\.pem$/);
      assert.equal(await editor.evaluate(`RED.nodes.node('settings').valid`), true);
      await editor.evaluate('RED.history.pop(); RED.history.pop()');
      assert.equal(await editor.evaluate(`Boolean(RED.nodes.node(${JSON.stringify(made.id)}))`), false);
      assert.deepEqual((await editor.exported('settings')).coreBrokers, ['core-broker']);
    });

    it('get new ids in a copy', async () => {
      const copied = await editor.evaluate<{ id: string; type: string; coreBrokers?: string[] }[]>(
        `(() => { const flow = RED.nodes.createExportableNodeSet([RED.nodes.node('user')]);
          return RED.nodes.import(flow, { generateIds: true, importMap: Object.fromEntries(flow.map(({ id }) => [id, 'copy'])) })
            .nodes.map(({ id, type, coreBrokers }) => ({ id, type, coreBrokers })); })()`,
      );
      const settings = copied.find(({ type }) => type === 'secure-mqtt-broker-config');
      const core = copied.find(({ type }) => type === 'mqtt-broker');
      assert.ok(core, 'the ticked broker goes with the settings');
      assert.notEqual(core.id, 'core-broker');
      assert.deepEqual(settings?.coreBrokers, [core.id]);
    });

    it('are stored as they are ticked', async () => {
      await editor.openDialog('settings');
      await show();
      await editor.page.click('[data-core="plain-broker"]');
      await editor.page.click('[data-core="core-broker"]');
      await editor.save();
      assert.deepEqual((await editor.exported('settings')).coreBrokers, ['plain-broker']);
      assert.equal(await editor.isChanged('settings'), true);
      assert.equal(await editor.evaluate(`RED.nodes.node('settings').valid`), false, 'what is not ready is marked');
    });
  });
}
