import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { AUTHORITY_EVENTS } from '../../src/model/authority-event-name';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_INVENTORY_DEFAULTS } from '../../src/model/config/tls-inventory';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_REVOKE_DEFAULTS } from '../../src/model/config/tls-revoke';
import { TLS_WATCH_DEFAULTS } from '../../src/model/config/tls-watch';
import { EditorPage, startBrowser } from '../support/browser';
import { Comms } from '../support/comms';
import { judgeDialogs, type DialogCase } from '../support/dialog-cases';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';

const VERSIONS: NodeRedVersion[] = ['4.1', '5'];
const place = { z: 'tab', x: 200, y: 200, wires: [[]] };
const CA = { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'Test CA', folder: 'pki/test', commonName: 'Test CA' };
const REVOKE = { ...TLS_REVOKE_DEFAULTS, ...place, id: 'revoke', type: 'tls-revoke', ca: 'ca', selector: 'dev01' };
const INVENTORY = { ...TLS_INVENTORY_DEFAULTS, ...place, id: 'inventory', type: 'tls-inventory', ca: 'ca' };
const WATCH = { ...TLS_WATCH_DEFAULTS, ...place, id: 'watch', type: 'tls-watch', ca: 'ca' };

const noCa = { set: { ca: '_ADD_' }, field: 'ca', reason: /CA: something is needed here/ };

/** One row per dialog. */
function dialogs(): DialogCase[] {
  return [
    {
      node: REVOKE,
      change: { name: 'stolen', selector: 'serial:00AB', reason: 'keyCompromise', all: true },
      refused: [
        noCa,
        { set: { selector: 'serial:xyz' }, field: 'selector', reason: /not a serial number/ },
        { set: { selector: 'name:' }, field: 'selector', reason: /does not name a certificate/ },
      ],
      accepted: [
        { set: { selector: '' }, field: 'selector' },
        { set: { selector: 'name:dev 01' }, field: 'selector' },
        { set: { selector: 'serial:00:ab' }, field: 'selector' },
      ],
      applying: [{ set: {}, shown: ['ca', 'selector', 'reason', 'all'], hidden: [] }],
    },
    {
      node: INVENTORY,
      change: { name: 'devices', query: '{"profile":"device"}', format: 'csv' },
      refused: [
        noCa,
        { set: { query: '{"status":"fine"}' }, field: 'query', reason: /Which: status is "fine", expected valid/ },
        { set: { query: '{"foo":1}' }, field: 'query', reason: /one of the fields status/ },
        { set: { query: '[]' }, field: 'query', reason: /a JSON object/ },
        { set: { query: '{' }, field: 'query', reason: /a JSON object/ },
      ],
      accepted: [
        { set: { query: '' }, field: 'query' },
        { set: { query: '{"limit":0}' }, field: 'query' },
      ],
      applying: [{ set: {}, shown: ['ca', 'format'], hidden: [] }],
    },
    {
      node: WATCH,
      change: { name: 'alarms' },
      refused: [noCa],
      applying: [{ set: {}, shown: ['name', 'ca'], hidden: [] }],
    },
  ];
}

judgeDialogs('the dialogs of the life of a certificate', dialogs, [CA]);

const FLOWS = [
  { id: 'tab', type: 'tab', label: 'test' },
  CA,
  { ...REVOKE, selector: '' },
  { ...INVENTORY, query: '{"status":"valid","name":"dev*","limit":5}' },
  WATCH,
  {
    id: 'begin',
    type: 'inject',
    ...place,
    props: [{ p: 'payload' }],
    payload: '["dev01","dev02"]',
    payloadType: 'json',
    once: true,
    onceDelay: 0.1,
    wires: [['issue']],
  },
  { ...TLS_ISSUE_DEFAULTS, ...place, id: 'issue', type: 'tls-issue', ca: 'ca', profile: 'device' },
];
const SOURCE = '#secure-mqtt-query-source';
const field = (name: string) => `[data-query="${name}"]`;

for (const version of VERSIONS) {
  describe(`the widgets of the life of a certificate in Node-RED ${version}`, () => {
    let browser: Browser;
    let red: NodeRedProcess;
    let editor: EditorPage;

    before(async () => {
      browser = await startBrowser();
      red = await NodeRedProcess.start({ version, flows: FLOWS });
      const comms = await Comms.connect(red.url);
      await comms.status('issue', '2 certificates');
      comms.close();
      editor = await EditorPage.open(browser, red.url);
    });

    after(async () => {
      await browser.close();
      await red.stop();
    });

    beforeEach(async () => editor.load(red.url));
    afterEach(() => assert.deepEqual(editor.complaints, []));

    describe('the fields of a query', () => {
      beforeEach(async () => editor.openDialog('inventory'));

      const queryOf = async () => {
        await editor.save();
        const { query, queryType } = await editor.exported('inventory');
        return [queryType, query];
      };
      const chooseSource = (type: string) =>
        editor.evaluate(`void $('${SOURCE}').typedInput('type', ${JSON.stringify(type)})`);

      it('show what is stored', async () => {
        for (const [name, value] of Object.entries({ status: 'valid', profile: '', name: 'dev*', limit: '5' })) {
          assert.equal(await editor.page.inputValue(field(name)), value, name);
        }
      });

      it('are stored as they are filled in, numbers as numbers, yes and no as such', async () => {
        await editor.page.selectOption(field('status'), 'expiring');
        await editor.page.selectOption(field('profile'), 'device');
        await editor.page.fill(field('name'), '');
        await editor.page.fill(field('expiresWithinDays'), '30.5');
        await editor.page.selectOption(field('replaced'), 'false');
        assert.deepEqual(await queryOf(), [
          'json',
          '{"status":"expiring","profile":"device","expiresWithinDays":30.5,"replaced":false,"limit":5}',
        ]);
      });

      it('are marked where the runtime would refuse them', async () => {
        await editor.page.fill(field('limit'), '-1');
        assert.match((await editor.reasonAt('query')) ?? 'not marked', /limit is -1/);
        assert.ok(await editor.page.locator(`${field('limit')}.input-error`).isVisible());
        await editor.page.fill(field('limit'), '1');
        assert.equal(await editor.reasonAt('query'), undefined);
        assert.equal(await editor.page.locator(`${field('limit')}.input-error`).count(), 0);
      });

      it('give way to a query from elsewhere, and come back with it', async () => {
        await chooseSource('json');
        assert.equal(await editor.page.isVisible(field('status')), false);
        assert.equal(await editor.shown('query'), '{"status":"valid","name":"dev*","limit":5}');
        await editor.evaluate(`void $('${SOURCE}').typedInput('value', '{"status":"revoked"}')`);
        await chooseSource('filter');
        assert.equal(await editor.page.inputValue(field('status')), 'revoked');
        assert.equal(await editor.page.inputValue(field('limit')), '');
        await chooseSource('msg');
        await editor.evaluate(`void $('${SOURCE}').typedInput('value', 'payload.query')`);
        assert.deepEqual(await queryOf(), ['msg', 'payload.query']);
        await editor.openDialog('inventory');
        assert.equal(await editor.page.isVisible(field('status')), false);
        assert.deepEqual(await queryOf(), ['msg', 'payload.query']);
      });
    });

    describe('the events of a watch', () => {
      beforeEach(async () => editor.openDialog('watch'));
      const NONE = '[data-part="none"]';

      it('are stored as they are ticked', async () => {
        for (const event of AUTHORITY_EVENTS) {
          const box = editor.page.locator(`[data-part="event-${event}"]`);
          assert.ok(await box.isChecked(), event);
          if (event !== 'due' && event !== 'crl-overdue') await box.uncheck();
        }
        await editor.save();
        assert.deepEqual((await editor.exported('watch')).events, ['due', 'crl-overdue']);
        assert.ok(await editor.isChanged('watch'));
      });

      it('must be some', async () => {
        assert.equal(await editor.page.isVisible(NONE), false);
        for (const event of AUTHORITY_EVENTS) await editor.page.uncheck(`[data-part="event-${event}"]`);
        assert.ok(await editor.page.isVisible(NONE));
        await editor.save();
        assert.equal(await editor.evaluate(`RED.nodes.node('watch').valid`), false);
      });
    });

    describe('the certificate to revoke', () => {
      it('is suggested among those that the CA has issued, while it is a text', async () => {
        await editor.openDialog('revoke');
        const options = editor.page.locator('#secure-mqtt-names-of-selector option');
        await options.first().waitFor({ state: 'attached' });
        const names = await options.evaluateAll((all) => all.map((one) => one.getAttribute('value')));
        assert.deepEqual(names.toSorted(), ['dev01', 'dev02']);
        const listOf = () =>
          editor.evaluate(`$('#node-input-selector').next().find('.red-ui-typedInput-input').attr('list') ?? 'none'`);
        assert.equal(await listOf(), 'secure-mqtt-names-of-selector');
        await editor.evaluate(`void $('#node-input-selector').typedInput('type', 'msg')`);
        assert.equal(await listOf(), 'none');
      });
    });
  });
}
