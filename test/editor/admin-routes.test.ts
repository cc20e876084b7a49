import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import type { AuthorityView } from '../../src/node-red/admin-authorities';
import { ADMIN_AUTH, AdminPeople, post, type Person } from '../support/admin-people';
import { NodeRedProcess } from '../support/node-red-process';

const FLOWS = [
  { id: 'tab', type: 'tab', label: 'test' },
  { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'Test CA', folder: 'pki/test', commonName: 'Test Root' },
  { ...TLS_EXPORT_DEFAULTS, id: 'export', type: 'tls-export', z: 'tab', ca: 'ca', x: 10, y: 10, wires: [[]] },
];

describe('the admin routes', () => {
  let userDir: string;
  let red: NodeRedProcess;
  let people: AdminPeople;

  async function start(): Promise<void> {
    red = await NodeRedProcess.start({ userDir, flows: FLOWS, settings: ADMIN_AUTH });
    people = await AdminPeople.login(red);
  }

  const ask = (...question: Parameters<AdminPeople['ask']>) => people.ask(...question);

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-admin-'));
    await start();
  });

  after(async () => {
    await red.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  describe('are guarded', () => {
    const reads = [
      'authorities/ca',
      'authorities/ca/names',
      'authorities/ca/issuing',
      'authorities/ca/servers/localhost',
      'authorities/ca/root/pem',
      'authorities/ca/rollover',
    ];
    const writes = [
      'authorities/ca/forget',
      'authorities/ca/backup',
      'authorities/ca/passphrase',
      'imports',
      'exports/export/zip',
    ];
    it('authorities/ca/rollover: a step not for whoever may only read', async () => {
      for (const [person, status] of [
        ['nobody', 401],
        ['reader', 401],
        ['writer', 400],
      ] as const) {
        assert.equal((await ask(person, 'authorities/ca/rollover', post({ step: 'retire now' }))).status, status);
      }
    });
    for (const path of [...reads, ...writes]) {
      it(`${path}: not for whoever did not log in`, async () => {
        const init = writes.includes(path) ? post() : {};
        assert.equal((await ask('nobody', path, init)).status, 401);
      });
    }
    for (const path of writes) {
      it(`${path}: not for whoever may only read`, async () =>
        assert.equal((await ask('reader', path, post())).status, 401));
      it(`${path}: not by GET`, async () => assert.equal((await ask('writer', path)).status, 404));
    }

    const unsafe: { what: string; init: RequestInit; status: number }[] = [
      { what: 'without our header', init: post({}, { 'X-Secure-MQTT': '' }), status: 403 },
      { what: 'as a form', init: post('a=1', { 'Content-Type': 'application/x-www-form-urlencoded' }), status: 415 },
      { what: 'as plain text', init: post('{}', { 'Content-Type': 'text/plain' }), status: 415 },
      { what: 'from another site', init: post({}, { 'Sec-Fetch-Site': 'cross-site' }), status: 403 },
      { what: 'from another port of this host', init: post({}, { 'Sec-Fetch-Site': 'same-site' }), status: 403 },
      { what: 'from another origin', init: post({}, { Origin: 'http://attacker.example' }), status: 403 },
      { what: 'from no origin', init: post({}, { Origin: 'null' }), status: 403 },
      { what: 'with 100 KiB', init: post({ name: 'x'.repeat(100 * 1024) }), status: 413 },
    ];
    for (const { what, init, status } of unsafe) {
      it(`a write ${what} is refused with ${status}`, async () => {
        const { status: found, json } = await ask('writer', 'authorities/ca/forget', init);
        assert.equal(found, status);
        assert.equal(typeof json.message, 'string');
      });
    }

    it('a read from another site is refused', async () => {
      const { status } = await ask('reader', 'authorities/ca', { headers: { 'Sec-Fetch-Site': 'cross-site' } });
      assert.equal(status, 403);
    });

    it('the editor itself is let in', async () => {
      const own = { Origin: new URL(red.url).origin };
      assert.equal((await ask('writer', 'exports/export/zip', post({}, own))).status, 200);
    });
  });

  describe('answer', () => {
    const certificate = (): X509Certificate =>
      new X509Certificate(readFileSync(join(userDir, 'pki', 'test', 'ca.pem')));

    it('the living CA', async () => {
      const { status, json, headers } = await ask('reader', 'authorities/ca');
      const view = json as unknown as AuthorityView;
      assert.equal(status, 200);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(view.fingerprint256, certificate().fingerprint256);
      assert.equal(view.subject, 'CN=Test Root');
      assert.equal(view.notAfter, new Date(certificate().validTo).toISOString());
      assert.equal(view.keysEncrypted, false);
      assert.ok(view.folder.endsWith(join('pki', 'test')));
    });

    it('the names it issued', async () => {
      const { json } = await ask('reader', 'authorities/ca/names');
      assert.deepEqual(json, { total: 0, names: [] });
      const servers = await ask('reader', 'authorities/ca/servers/localhost');
      assert.deepEqual(servers.json, { match: null, names: [] });
    });

    it('what it fills in, and what decides who can use its certificates', async () => {
      const { json } = await ask('reader', 'authorities/ca/issuing');
      const { issuers, ...defaults } = json as { issuers: { role: string; marks: string[] }[] };
      assert.deepEqual(defaults, { keyType: 'ec-p256', leafValidityDays: 397, deviceValidityDays: 1825 });
      assert.deepEqual(
        issuers.map(({ role, marks }) => [role, marks]),
        [['root', []]],
      );
    });

    it('the root certificate in three formats', async () => {
      const pem = await ask('reader', 'authorities/ca/root/pem');
      assert.equal(new X509Certificate(pem.body).fingerprint256, certificate().fingerprint256);
      assert.equal(pem.headers.get('content-disposition'), 'attachment; filename="test-root.pem"');
      const der = await ask('reader', 'authorities/ca/root/der');
      assert.ok(der.body.equals(certificate().raw));
      const header = await ask('reader', 'authorities/ca/root/h');
      writeFileSync(join(userDir, 'test-root.der'), der.body);
      const judge = execFileSync('xxd', ['-i', 'test-root.der'], { cwd: userDir });
      assert.equal(String(header.body), String(judge));
    });

    it('an export as .zip', async () => {
      const { status, body, headers } = await ask('writer', 'exports/export/zip', post());
      assert.equal(status, 200);
      assert.match(headers.get('content-disposition') ?? '', /^attachment; filename="pem\.zip"$/);
      assert.ok('ca.pem' in unzipSync(body));
    });

    const refusals: { person: Person; path: string; init?: RequestInit; status: number; code: string }[] = [
      { person: 'reader', path: 'authorities/none', status: 404, code: 'INPUT_CONFIG' },
      { person: 'reader', path: 'authorities/export', status: 404, code: 'INPUT_CONFIG' },
      { person: 'reader', path: 'authorities/ca/root/exe', status: 400, code: 'INPUT_LAYOUT' },
      { person: 'reader', path: 'authorities/ca/root/constructor', status: 400, code: 'INPUT_LAYOUT' },
      { person: 'writer', path: 'exports/none/zip', init: post(), status: 404, code: 'INPUT_CONFIG' },
      { person: 'writer', path: 'exports/ca/zip', init: post(), status: 404, code: 'INPUT_CONFIG' },
      { person: 'writer', path: 'authorities/ca/forget', init: post(), status: 400, code: 'INPUT_PAYLOAD' },
      {
        person: 'writer',
        path: 'authorities/ca/forget',
        init: post({ name: 'test ca' }),
        status: 400,
        code: 'INPUT_PAYLOAD',
      },
      {
        person: 'writer',
        path: 'authorities/ca/forget',
        init: post({ name: ['Test CA'] }),
        status: 400,
        code: 'INPUT_PAYLOAD',
      },
    ];
    for (const { person, path, init, status, code } of refusals) {
      it(`${path} ${String(init?.body ?? '')} with ${status} ${code}`, async () => {
        const { status: found, json } = await ask(person, path, init);
        assert.deepEqual([found, json.code], [status, code]);
        assert.deepEqual(Object.keys(json), ['code', 'message', 'hint', 'cause']);
      });
    }
  });

  it('say that a CA is gone, and forget it when its name is typed', async () => {
    const { fingerprint256: old } = (await ask('reader', 'authorities/ca')).json;
    await red.stop();
    renameSync(join(userDir, 'pki'), join(userDir, 'lost'));
    await start();
    const gone = await ask('reader', 'authorities/ca');
    assert.deepEqual([gone.status, gone.json.code], [409, 'CA_MISSING']);
    const { status, json } = await ask('writer', 'authorities/ca/forget', post({ name: 'Test CA' }));
    assert.equal(status, 200);
    assert.notEqual(json.fingerprint256, old);
    assert.equal((await ask('reader', 'authorities/ca')).json.fingerprint256, json.fingerprint256);
  });
});
