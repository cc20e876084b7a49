import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import {
  NEWS_TOPIC,
  type AuthorityOverview,
  type CertificateDetails,
  type CertificatePage,
} from '../../src/model/certificate-view';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { ADMIN_AUTH, AdminPeople, post, type Answered, type Person } from '../support/admin-people';
import { Comms } from '../support/comms';
import { NodeRedProcess } from '../support/node-red-process';

const place = { z: 'tab', x: 10, y: 10 };
const FLOWS = [
  { id: 'tab', type: 'tab', label: 'test' },
  { ...TLS_CA_DEFAULTS, id: 'ca', type: 'tls-ca', name: 'Test CA', folder: 'pki/test', commonName: 'Test Root' },
  {
    ...TLS_CA_DEFAULTS,
    id: 'gone',
    type: 'tls-ca',
    name: 'Gone CA',
    folder: 'pki/gone',
    commonName: 'Gone',
    fingerprint256: Array(32).fill('AA').join(':'),
  },
  { id: 'http', type: 'http in', ...place, url: '/issue', method: 'post', wires: [['issue']] },
  {
    ...TLS_ISSUE_DEFAULTS,
    ...place,
    id: 'issue',
    type: 'tls-issue',
    ca: 'ca',
    profile: 'device',
    allowOverride: ['profile', 'action'],
    wires: [['export']],
  },
  { ...TLS_EXPORT_DEFAULTS, ...place, id: 'export', type: 'tls-export', ca: 'ca', folder: 'out', wires: [['answer']] },
  { id: 'http2', type: 'http in', ...place, url: '/handed-out', method: 'post', wires: [['issue2']] },
  {
    ...TLS_ISSUE_DEFAULTS,
    ...place,
    id: 'issue2',
    type: 'tls-issue',
    ca: 'ca',
    profile: 'device',
    privateKeyTo: 'message',
    wires: [['answer']],
  },
  // A second example of the workshop brings its own node over the same folder.
  { ...TLS_CA_DEFAULTS, id: 'twin', type: 'tls-ca', name: 'Twin', folder: 'pki/test', commonName: 'Test Root' },
  { ...TLS_EXPORT_DEFAULTS, ...place, id: 'export2', type: 'tls-export', ca: 'twin', folder: 'out2', wires: [[]] },
  { id: 'answer', type: 'http response', ...place, wires: [] },
];

describe('the routes of the certificates sidebar', () => {
  let userDir: string;
  let red: NodeRedProcess;
  let people: AdminPeople;

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-certificate-routes-'));
    red = await NodeRedProcess.start({ userDir, flows: FLOWS, settings: ADMIN_AUTH });
    people = await AdminPeople.login(red);
    await issue([{ commonName: 'dev01' }, { commonName: 'dev02' }, { commonName: 'dev03', validityDays: 5 }]);
    await issue({ commonName: 'broker.local', profile: 'server', subjectAltNames: ['dns:broker.local'] });
  });

  after(async () => {
    await red?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function issue(payload: unknown, path = 'issue'): Promise<void> {
    const answer = await fetch(red.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(payload),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  const get = async <Answer>(path: string, person: Person = 'reader'): Promise<Answer> => {
    const { status, json } = await people.ask(person, path);
    assert.equal(status, 200, JSON.stringify(json));
    return json as Answer;
  };
  const list = (query: string) => get<CertificatePage>(`certificates?limit=50&${query}`);
  const namesOf = async (query: string) => (await list(query)).items.map(({ commonName }) => commonName);
  const serialOf = async (name: string) => {
    const { items } = await list(`text=${name}&sort=notBefore&order=down`);
    return items.findLast(({ replacedBy }) => !replacedBy)?.serialNumber ?? '';
  };
  const details = async (name: string) => get<CertificateDetails>(`certificates/ca/${await serialOf(name)}`);

  describe('are guarded', () => {
    const serial = 'ABCD';
    const reads = ['certificates', 'certificates/authorities', 'certificates/timeline', 'certificates/ca/crl/pem'];
    const single = [`certificates/ca/${serial}`, `certificates/ca/${serial}/pem`];
    const writes = ['renew', 'revoke', 'zip'].map((action) => `certificates/ca/${serial}/${action}`);
    for (const path of [...reads, ...single, ...writes]) {
      it(`${path}: not for whoever did not log in`, async () => {
        assert.equal((await people.ask('nobody', path, writes.includes(path) ? post() : {})).status, 401);
      });
    }
    for (const path of [...reads, ...single]) {
      it(`${path}: not from another site`, async () => {
        const init = { headers: { 'Sec-Fetch-Site': 'cross-site' } };
        assert.equal((await people.ask('reader', path, init)).status, 403);
      });
    }
    for (const path of writes) {
      it(`${path}: not for whoever may only read`, async () =>
        assert.equal((await people.ask('reader', path, post())).status, 401));
      const unsafe: [what: string, init: RequestInit, status: number][] = [
        ['without our header', post({}, { 'X-Secure-MQTT': '' }), 403],
        ['as a form', post('a=1', { 'Content-Type': 'application/x-www-form-urlencoded' }), 415],
        ['from another site', post({}, { 'Sec-Fetch-Site': 'cross-site' }), 403],
        ['from another origin', post({}, { Origin: 'http://attacker.example' }), 403],
        ['with 100 KiB', post({ reason: 'x'.repeat(100 * 1024) }), 413],
      ];
      for (const [what, init, status] of unsafe) {
        it(`${path}: not ${what}`, async () => assert.equal((await people.ask('writer', path, init)).status, status));
      }
    }
  });

  describe('refuse what cannot be read', () => {
    const garbage: { path: string; status: number; code: string }[] = [
      { path: 'certificates?limit=201', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates?limit=-1', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates?offset=1e3', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates?status=fine', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates?sort=constructor', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates?bar=d8', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates?text[]=a', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates?text[__proto__]=a', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates?toString=a', status: 400, code: 'INPUT_QUERY' },
      { path: `certificates?text=${'x'.repeat(257)}`, status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates/timeline?withinDays=soon', status: 400, code: 'INPUT_QUERY' },
      { path: 'certificates/none/ABCD', status: 404, code: 'INPUT_CONFIG' },
      { path: 'certificates/issue/ABCD', status: 404, code: 'INPUT_CONFIG' },
      { path: 'certificates/__proto__/ABCD', status: 404, code: 'INPUT_CONFIG' },
      { path: 'certificates/gone/ABCD', status: 409, code: 'CA_MISSING' },
      { path: 'certificates/ca/xyz', status: 400, code: 'INPUT_SELECTOR' },
      { path: 'certificates/ca/..%2F..%2Fca', status: 400, code: 'INPUT_SELECTOR' },
      { path: 'certificates/ca/ABCD', status: 404, code: 'CERT_NOT_FOUND' },
      { path: 'certificates/ca/ABCD/pem', status: 404, code: 'CERT_NOT_FOUND' },
      { path: 'certificates/ca/ABCD/key', status: 400, code: 'INPUT_LAYOUT' },
      { path: 'certificates/ca/ABCD/constructor', status: 400, code: 'INPUT_LAYOUT' },
      { path: 'certificates/ca/crl/exe', status: 400, code: 'INPUT_LAYOUT' },
    ];
    for (const { path, status, code } of garbage) {
      it(`${path.slice(0, 60)} with ${status} ${code}`, async () => {
        const { status: found, json } = await people.ask('reader', path);
        assert.deepEqual([found, json.code], [status, code]);
        assert.deepEqual(Object.keys(json), ['code', 'message', 'hint', 'cause']);
      });
    }

    const writes: { path: string; body: unknown; status: number; code: string }[] = [
      { path: 'revoke', body: [], status: 400, code: 'INPUT_REASON' },
      { path: 'revoke', body: { reason: 'toString' }, status: 400, code: 'INPUT_REASON' },
      { path: 'revoke', body: { reason: ['keyCompromise'] }, status: 400, code: 'INPUT_REASON' },
      { path: 'revoke', body: { reason: 'removeFromCRL' }, status: 409, code: 'CERT_STATUS' },
      { path: 'zip', body: { layout: 'workshop' }, status: 400, code: 'INPUT_LAYOUT' },
      { path: 'zip', body: { layout: 'mosquitto' }, status: 400, code: 'INPUT_LAYOUT' },
      { path: 'zip', body: { layout: 'esp8266' }, status: 400, code: 'INPUT_LAYOUT' },
      { path: 'zip', body: { layout: 'esp32', brokerHost: 7 }, status: 400, code: 'INPUT_LAYOUT' },
      { path: 'zip', body: { layout: 'esp32', brokerHost: 'a\nb' }, status: 400, code: 'INPUT_LAYOUT' },
      { path: 'zip', body: { layout: 'pkcs12' }, status: 400, code: 'INPUT_PASSPHRASE' },
      { path: 'zip', body: { layout: 'pem', passphrase: { a: 1 } }, status: 400, code: 'INPUT_PASSPHRASE' },
    ];
    for (const { path, body, status, code } of writes) {
      it(`${path} ${JSON.stringify(body)} with ${status} ${code}`, async () => {
        const { serialNumber } = await details('dev01');
        const { status: found, json } = await people.ask(
          'writer',
          `certificates/ca/${serialNumber}/${path}`,
          post(body),
        );
        assert.deepEqual([found, json.code], [status, code]);
      });
    }
  });

  describe('list', () => {
    it('what matches, sorted and by pages', async () => {
      assert.deepEqual(await namesOf('sort=name'), ['broker.local', 'dev01', 'dev02', 'dev03']);
      assert.deepEqual(await namesOf('sort=name&order=down&text=DEV'), ['dev03', 'dev02', 'dev01']);
      assert.deepEqual(await namesOf('withinDays=7'), ['dev03']);
      assert.deepEqual(await namesOf('bar=d0'), ['dev03']);
      assert.deepEqual(await namesOf('text=dns:broker'), ['broker.local']);
      assert.deepEqual(await namesOf('status=revoked'), []);
      assert.deepEqual(await namesOf('ca=gone'), []);
      const page = await get<CertificatePage>('certificates?sort=name&offset=1&limit=2');
      assert.deepEqual([page.total, page.all, page.offset], [4, 4, 1]);
      assert.deepEqual(
        page.items.map(({ commonName }) => commonName),
        ['dev01', 'dev02'],
      );
    });

    it('by serial number, with colons as openssl prints it', async () => {
      const serial = await serialOf('dev02');
      const colons = serial.toLowerCase().replace(/..(?=.)/g, '$&:');
      assert.deepEqual(await namesOf(`text=${colons}`), ['dev02']);
    });

    it('the CAs, two nodes over one folder as one, those that are not available with the reason', async () => {
      const { authorities } = await get<{ authorities: AuthorityOverview[] }>('certificates/authorities');
      const [ready, gone, ...others] = authorities;
      assert.deepEqual(others, []);
      assert.deepEqual([ready?.name, ready?.state, ready?.users], ['Test CA', 'ready', 4]);
      assert.ok(ready?.state === 'ready' && ready.issued === 4 && ready.crlUntil);
      assert.ok(gone?.state === 'failed');
      assert.deepEqual([gone.name, gone.code], ['Gone CA', 'CA_MISSING']);
      assert.ok(gone.message && gone.hint);
    });

    it('when they end, in bars that add up', async () => {
      const { bars } = await get<{ bars: { bar: string; count: number }[] }>('certificates/timeline');
      assert.deepEqual(
        bars.filter(({ count }) => count > 0).map(({ bar, count }) => [bar, count]),
        [
          ['d0', 1],
          ['d365', 1],
          ['d730', 2],
        ],
      );
    });
  });

  describe('do', () => {
    it('hand out certificate, chain and revocation list as openssl reads them', async () => {
      const { serialNumber, fingerprint256 } = await details('broker.local');
      const file = (name: string, bytes: Buffer): string => {
        writeFileSync(join(userDir, name), bytes);
        return join(userDir, name);
      };
      const pem = await people.ask('reader', `certificates/ca/${serialNumber}/pem`);
      assert.equal(pem.headers.get('content-disposition'), 'attachment; filename="broker.local.crt.pem"');
      assert.equal(new X509Certificate(pem.body).fingerprint256, fingerprint256);
      const der = await people.ask('reader', `certificates/ca/${serialNumber}/der`);
      assert.equal(new X509Certificate(der.body).fingerprint256, fingerprint256);
      const root = await people.ask('reader', 'authorities/ca/root/pem');
      const crl = await people.ask('reader', 'certificates/ca/crl/pem');
      const chain = await people.ask('reader', `certificates/ca/${serialNumber}/chain`);
      const [rootFile, crlFile] = [file('root.pem', root.body), file('crl.pem', crl.body)];
      const args = ['verify', '-x509_strict', '-crl_check', '-CAfile', rootFile, '-CRLfile', crlFile];
      assert.match(String(execFileSync('openssl', [...args, file('chain.pem', chain.body)])), /OK/);
      const crlDer = await people.ask('reader', 'certificates/ca/crl/der');
      execFileSync('openssl', ['crl', '-inform', 'DER', '-in', file('crl.der', crlDer.body), '-noout']);
    });

    it('tell who uses a certificate, after another deploy too', async () => {
      const out = join(userDir, 'out');
      const exported = {
        kind: 'exported',
        node: 'export',
        type: 'tls-export',
        label: 'tls-export',
        place: out,
        at: undefined,
      };
      const usesOf = ({ uses: all }: CertificateDetails) => all.map((use) => ({ ...use, at: undefined }));
      const fresh = await details('dev01');
      assert.deepEqual(usesOf(fresh), [exported]);
      assert.ok(Math.abs(Date.now() - Date.parse(fresh.uses[0]?.at ?? '')) < 3_600_000, 'when it was written');
      const files = { cert: join(out, 'dev01.crt.pem'), key: join(out, 'dev01.key.pem'), ca: join(out, 'ca.pem') };
      const core = { id: 'core', type: 'tls-config', name: 'core TLS', ...files, verifyservercert: true };
      const answer = await fetch(`${red.url}flows`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${people.tokenOf('writer')}`, 'Content-Type': 'application/json' },
        body: JSON.stringify([...FLOWS, core]),
      });
      assert.equal(answer.status, 204);
      // Nodes are made after the answer; from then on the route waits until the CA is open.
      while ((await people.ask('reader', 'authorities/ca')).status === 404);
      const used = await details('dev01');
      const { drift, confirm } = used;
      const byCore = { at: undefined, kind: 'core', node: 'core', type: 'tls-config', label: 'core TLS' };
      assert.deepEqual(usesOf(used), [exported, byCore]);
      assert.equal(drift, false);
      assert.equal(confirm, 'dev01', 'in use: its name must be typed');
    });

    it('no private key stands in any JSON', async () => {
      const { serialNumber } = await details('dev01');
      for (const path of ['certificates?limit=50', `certificates/ca/${serialNumber}`, 'certificates/authorities']) {
        assert.doesNotMatch(String((await people.ask('writer', path)).body), /PRIVATE|BEGIN/);
      }
    });

    it('an export holds certificate and key, encrypted where a passphrase is given', async () => {
      const { serialNumber } = await details('dev01');
      const zip = async (body: object) => {
        const answer = await people.ask('writer', `certificates/ca/${serialNumber}/zip`, post(body));
        assert.equal(answer.status, 200, String(answer.body));
        assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="dev01.zip"');
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        return unzipSync(answer.body);
      };
      const plain = await zip({ layout: 'pem' });
      assert.match(Buffer.from(plain['dev01.key.pem'] ?? []).toString(), /BEGIN PRIVATE KEY/);
      const sealed = await zip({ layout: 'pem', passphrase: 'canary passphrase' });
      assert.match(Buffer.from(sealed['dev01.key.pem'] ?? []).toString(), /BEGIN ENCRYPTED PRIVATE KEY/);
      const store = (await zip({ layout: 'pkcs12', passphrase: 'canary passphrase' }))['dev01.p12'];
      writeFileSync(join(userDir, 'dev01.p12'), store ?? '');
      const env = { ...process.env, PASS: 'canary passphrase' };
      const args = ['pkcs12', '-in', join(userDir, 'dev01.p12'), '-passin', 'env:PASS', '-nodes'];
      assert.match(String(execFileSync('openssl', args, { env, stdio: ['ignore', 'pipe', 'ignore'] })), /PRIVATE KEY/);
      assert.ok(!red.log.includes('canary passphrase'));
      const sketch = await zip({ layout: 'esp8266', brokerHost: ' plant.local ' });
      assert.match(Buffer.from(sketch['mqtt_over_tls.ino'] ?? []).toString(), /"plant\.local"/);
    });

    it('an export of a server is one for Mosquitto, too', async () => {
      const path = `certificates/ca/${await serialOf('broker.local')}/zip`;
      const { status, body } = await people.ask('writer', path, post({ layout: 'mosquitto' }));
      assert.equal(status, 200, String(body));
      assert.match(Buffer.from(unzipSync(body)['mosquitto.conf'] ?? []).toString(), /require_certificate true/);
      const refused = await people.ask('writer', path, post({ layout: 'esp8266', brokerHost: 'x' }));
      assert.deepEqual([refused.status, refused.json.code], [400, 'INPUT_LAYOUT']);
    });

    it('renew, tell editors, and mark what still uses the old one', async () => {
      const old = await details('dev02');
      const comms = await Comms.connect(red.url, people.tokenOf('writer'));
      const ask = () => people.ask('writer', `certificates/ca/${old.serialNumber}/renew`, post());
      const [{ status, json }, ...same] = (await Promise.all([ask(), ask(), ask(), ask()])) as [
        Answered,
        ...Answered[],
      ];
      assert.equal(status, 200);
      assert.deepEqual(
        new Set(same.map((one) => one.json.serialNumber)),
        new Set([json.serialNumber]),
        'pressed twice',
      );
      await comms.until('editors are told', () => comms.news.has(NEWS_TOPIC));
      assert.deepEqual(Object.keys(comms.news.get(NEWS_TOPIC) as object), ['changed'], 'no facts without permission');
      comms.close();
      const renewed = await details('dev02');
      assert.equal(renewed.serialNumber, json.serialNumber);
      const before = await get<CertificateDetails>(`certificates/ca/${old.serialNumber}`);
      assert.equal(before.replacedBy, renewed.serialNumber);
      assert.equal(before.drift, true, 'the exported folder still holds the old one');
      assert.equal(renewed.drift, false);
      const { items } = await list(`text=${old.serialNumber}`);
      assert.deepEqual([items[0]?.drift, items[0]?.uses], [true, 1]);
    });

    it('renew for the same key where the folder holds none: it is with its owner', async () => {
      await issue({ commonName: 'handed' }, 'handed-out');
      const old = await details('handed');
      const { status } = await people.ask('writer', `certificates/ca/${old.serialNumber}/renew`, post());
      const renewed = await details('handed');
      assert.deepEqual([status, old.hasKey, renewed.hasKey], [200, false, false]);
      assert.notEqual(renewed.serialNumber, old.serialNumber);
      const keyOf = async (serialNumber: string) => {
        const { body } = await people.ask('reader', `certificates/ca/${serialNumber}/pem`);
        return new X509Certificate(body).publicKey.export({ type: 'spki', format: 'pem' });
      };
      assert.equal(await keyOf(renewed.serialNumber), await keyOf(old.serialNumber));
    });

    it('revoke a device at once, a server only when its name was typed', async () => {
      const device = await details('dev03');
      assert.equal(device.confirm, '');
      const path = `certificates/ca/${device.serialNumber}`;
      assert.equal((await people.ask('writer', `${path}/revoke`, post({ reason: 'certificateHold' }))).status, 200);
      assert.deepEqual(await namesOf('status=revoked'), ['dev03']);
      assert.equal((await people.ask('writer', `${path}/renew`, post())).json.code, 'CERT_STATUS');
      const { json } = await people.ask('writer', `${path}/revoke`, post({ reason: 'removeFromCRL' }));
      assert.match(String(json.crlNumber), /^\d+$/);
      assert.deepEqual(await namesOf('status=revoked'), []);

      const server = await details('broker.local');
      assert.equal(server.confirm, 'broker.local');
      const revoke = `certificates/ca/${server.serialNumber}/revoke`;
      for (const confirm of [undefined, '', 'BROKER.local', ['broker.local']]) {
        const refused = await people.ask('writer', revoke, post({ reason: 'superseded', confirm }));
        assert.deepEqual([refused.status, refused.json.code], [400, 'INPUT_PAYLOAD']);
      }
      const done = await people.ask('writer', revoke, post({ reason: 'superseded', confirm: 'broker.local' }));
      assert.equal(done.status, 200);
      const again = await people.ask('writer', revoke, post({ reason: 'superseded', confirm: 'broker.local' }));
      assert.deepEqual([again.status, again.json.code], [409, 'CERT_STATUS']);
      assert.equal((await details('broker.local')).reason, 'superseded');
    });
  });
});
