import assert from 'node:assert/strict';
import { createHash, createPrivateKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { ADMIN_AUTH, AdminPeople, post, type Answered, type Person } from '../support/admin-people';
import { ROUTE_ROWS, writeRouteTeller, type RouteRow } from '../support/admin-route-rows';
import { Canaries, type Sighting } from '../support/canary';
import { NodeRedProcess } from '../support/node-red-process';

const PASSPHRASE = 'canary of the admin routes 6f1d';
const place = { z: 'tab', x: 10, y: 10 };
const FLOWS = [
  { id: 'tab', type: 'tab', label: 'test' },
  {
    ...TLS_CA_DEFAULTS,
    ...{ id: 'ca', type: 'tls-ca', name: 'Test CA', folder: 'pki/test', commonName: 'Test Root' },
    credentials: { passphrase: PASSPHRASE },
  },
  { id: 'http', type: 'http in', ...place, url: '/issue', method: 'post', wires: [['issue']] },
  {
    ...TLS_ISSUE_DEFAULTS,
    ...place,
    ...{ id: 'issue', type: 'tls-issue', ca: 'ca', profile: 'device', privateKeyTo: 'both', wires: [['answer']] },
  },
  { id: 'answer', type: 'http response', ...place, wires: [] },
  { ...TLS_EXPORT_DEFAULTS, ...place, id: 'export', type: 'tls-export', ca: 'ca', wires: [[]] },
];

const POLLUTION = '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}';

interface Attack {
  what: string;
  init: RequestInit;
  /** Answers that refuse. */
  status: number;
}

/** What no route that changes or hands out something takes, whoever asks. */
const UNSAFE_WRITES: readonly Attack[] = [
  { what: 'without our header', init: post({}, { 'X-Secure-MQTT': '' }), status: 403 },
  { what: 'as a form', init: post('a=1', { 'Content-Type': 'application/x-www-form-urlencoded' }), status: 415 },
  {
    what: 'as a form with files',
    init: post('--a--', { 'Content-Type': 'multipart/form-data; boundary=a' }),
    status: 415,
  },
  { what: 'as plain text', init: post('{}', { 'Content-Type': 'text/plain' }), status: 415 },
  { what: 'as XML', init: post('<a/>', { 'Content-Type': 'application/xml' }), status: 415 },
  { what: 'from another site', init: post({}, { 'Sec-Fetch-Site': 'cross-site' }), status: 403 },
  { what: 'from another port of this host', init: post({}, { 'Sec-Fetch-Site': 'same-site' }), status: 403 },
  { what: 'from another origin', init: post({}, { Origin: 'http://attacker.example' }), status: 403 },
  { what: 'from a page without origin', init: post({}, { Origin: 'null' }), status: 403 },
];

/** Other ways to write the same request, with which a guard is passed by where it looks at another form than the router. */
const DISGUISES: readonly { what: string; path?: (path: string) => string; headers?: Record<string, string> }[] = [
  { what: 'as it is' },
  { what: 'with a slash at its end', path: (path) => `${path}/` },
  { what: 'in capitals', path: (path) => path.replace(/^[a-z]+/, (first) => first.toUpperCase()) },
  { what: 'with a query that names a token', path: (path) => `${path}?access_token=undefined&token=null` },
  { what: 'with a token that is none', headers: { Authorization: 'Bearer undefined' } },
  { what: 'with a name and password', headers: { Authorization: `Basic ${btoa('writer:x')}` } },
  { what: 'as another method by header', headers: { 'X-HTTP-Method-Override': 'GET', 'X-HTTP-Method': 'GET' } },
  { what: 'as if a proxy had come from here', headers: { 'X-Forwarded-For': '127.0.0.1', 'X-Original-URL': '/' } },
];

const ROUNDABOUT: readonly ((path: string) => string)[] = [
  (path) => `x/..%2F${path}`,
  (path) => `..%2Fsecure-mqtt%2F${path}`,
  (path) => `${path}%00`,
  (path) => `${path};x=1`,
  (path) => `%${path.charCodeAt(0).toString(16)}${path.slice(1)}`,
];

describe('every admin route under attack', () => {
  let userDir: string;
  let red: NodeRedProcess;
  let people: AdminPeople;
  let secrets: Canaries;
  let serialNumber: string;
  let stateBefore: string[];
  const answers: Sighting[] = [];

  before(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-route-attacks-'));
    writeRouteTeller(userDir);
    red = await NodeRedProcess.start({ userDir, flows: [], settings: ADMIN_AUTH });
    people = await AdminPeople.login(red);
    // Credentials are taken by a deploy only.
    await fetch(`${red.url}flows`, {
      ...post(FLOWS),
      headers: { Authorization: `Bearer ${people.tokenOf('writer')}`, 'Content-Type': 'application/json' },
    });
    await red.logged(/Started flows[^]*Started flows/);
    assert.equal((await people.ask('reader', 'authorities/ca')).json.keysEncrypted, true);
    const issued = await fetch(`${red.url}issue`, post({ commonName: 'dev01' }));
    const certificate = (await issued.json()) as { serialNumber: string; privateKeyPem: string };
    serialNumber = certificate.serialNumber;
    secrets = new Canaries().addText('passphrase', PASSPHRASE).addKey('key of dev01', certificate.privateKeyPem);
    const folder = join(userDir, 'pki', 'test');
    for (const file of filesBelow(folder).filter((name) => readFileSync(name, 'utf8').includes('ENCRYPTED PRIVATE'))) {
      secrets.addKey(file, createPrivateKey({ key: readFileSync(file), passphrase: PASSPHRASE }));
    }
    stateBefore = stateOf(folder);
  });

  after(async () => {
    await red?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  const pathOf = ({ path }: RouteRow) => path.replace('SERIAL', serialNumber);
  const initOf = ({ method, access }: RouteRow): RequestInit => {
    if (method === 'get') return {};
    return access === 'upload' ? post('x', { 'Content-Type': 'application/octet-stream' }) : post();
  };

  async function ask(person: Person, path: string, init: RequestInit): Promise<Answered> {
    const answer = await people.ask(person, path, init);
    answers.push(...secrets.search(`${init.method ?? 'GET'} ${path} for ${person}`, answer.body));
    answers.push(...secrets.search(`headers of ${path}`, JSON.stringify([...answer.headers])));
    return answer;
  }

  it('is in the table: else it is attacked by nobody', async () => {
    const found = (await (await fetch(`${red.url}routes-of-the-test`)).json()) as [string[], string][];
    const known = ROUTE_ROWS.map(({ method, pattern }) => [[method], `/secure-mqtt/${pattern}`]);
    const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
    assert.deepEqual(sorted(found), sorted(known));
  });

  for (const row of ROUTE_ROWS) {
    const title = `${row.method.toUpperCase()} ${row.pattern}`;

    it(`${title} is closed to whoever did not log in, however it is written`, async () => {
      for (const { what, path = (same: string) => same, headers = {} } of DISGUISES) {
        const init = initOf(row);
        const asked = { ...init, headers: { ...(init.headers as object), ...headers } };
        const { status, body } = await ask('nobody', path(pathOf(row)), asked);
        assert.equal(status, 401, what);
        assert.equal(String(body), 'Unauthorized', what);
      }
      for (const method of ['HEAD', 'PUT', 'DELETE', 'PATCH']) {
        const { status } = await ask('nobody', pathOf(row), { method });
        assert.ok(status === 401 || status === 404, `${method} answered ${status}`);
      }
      for (const roundabout of ROUNDABOUT) {
        const { status } = await ask('nobody', roundabout(pathOf(row)), initOf(row));
        assert.ok(status === 401 || status === 404 || status === 400, `${roundabout('…')} answered ${status}`);
      }
      // What exists may be told, what it answers may not.
      const { body } = await ask('nobody', pathOf(row), { method: 'OPTIONS' });
      assert.match(String(body), /^(GET,HEAD|POST|GET,HEAD,POST|Not Found|)$/);
    });

    if (row.access === 'read') {
      it(`${title} answers whoever may read, not another site`, async () => {
        assert.equal((await ask('reader', pathOf(row), {})).status, 200);
        const foreign: Record<string, string>[] = [
          { 'Sec-Fetch-Site': 'cross-site' },
          { Origin: 'http://attacker.example' },
        ];
        for (const headers of foreign) {
          assert.equal((await ask('reader', pathOf(row), { headers })).status, 403);
        }
      });
      continue;
    }

    it(`${title} is closed to whoever may only read, and to HEAD and GET`, async () => {
      assert.equal((await ask('reader', pathOf(row), initOf(row))).status, 401);
      assert.equal((await ask('reader', `${pathOf(row)}?_method=GET`, initOf(row))).status, 401);
      const readable = ROUTE_ROWS.some(({ access, path }) => access === 'read' && path === row.path);
      for (const method of readable ? ['PUT', 'DELETE'] : ['GET', 'HEAD', 'PUT', 'DELETE']) {
        const { status } = await ask('writer', pathOf(row), { method });
        assert.ok(status === 404 || status === 400, `${method} answered ${status}`);
      }
    });

    it(`${title} refuses what a foreign page can send, and what is too large`, async () => {
      for (const { what, init, status } of UNSAFE_WRITES) {
        // Of an upload nothing is JSON.
        const found = (await ask('writer', pathOf(row), init)).status;
        assert.ok(found === status || (row.access === 'upload' && found === 415), `${what}: ${found}`);
      }
      if (row.access === 'upload') return;
      assert.equal((await ask('writer', pathOf(row), post({ a: 'x'.repeat(70_000) }))).status, 413);
      assert.equal(await inChunks(`${red.url}secure-mqtt/${pathOf(row)}`, people.tokenOf('writer') as string), 411);
    });

    if (row.access === 'write' && !/zip|renew/.test(row.pattern)) {
      it(`${title} takes no prototype for a setting`, async () => {
        for (const body of [POLLUTION, '[]', '[{}]', '{"name":{"toString":1}}']) {
          const { status, json: refusal } = await ask('writer', pathOf(row), post(body));
          assert.ok(status >= 400 && status < 500, `${body} answered ${status}`);
          assert.equal(typeof refusal.code, 'string', body);
        }
      });
    }
    if (row.path.includes('ca')) {
      it(`${title} takes no property of an object for a node`, async () => {
        for (const name of ['__proto__', 'constructor', 'toString', '..%2F..', '%00', 'x'.repeat(300)]) {
          const path = pathOf(row).replace(/(?<=\/)ca(?=\/|$)/, name);
          if (path === pathOf(row)) continue;
          const { status } = await ask('writer', path, initOf(row));
          assert.ok(status >= 400 && status < 500, `${name} answered ${status}`);
        }
      });
    }
  }

  it('has changed nothing, and answered no key', () => {
    assert.deepEqual(stateOf(join(userDir, 'pki', 'test')), stateBefore);
    assert.deepEqual(answers, []);
    assert.deepEqual(secrets.search('log', red.log), []);
  });
});

/** A body that does not say how long it is. @returns the status of the answer */
function inChunks(url: string, token: string): Promise<number | undefined> {
  const headers = { 'Content-Type': 'application/json', 'X-Secure-MQTT': '1', Authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method: 'POST', headers: { ...headers, 'Transfer-Encoding': 'chunked' } },
      (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode));
      },
    );
    asked.once('error', reject);
    asked.write('{"a":"');
    asked.write('x'.repeat(100_000));
    asked.end('"}');
  });
}

function filesBelow(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((name) => statSync(name).isFile())
    .sort();
}

/** Names and digests of all files. */
function stateOf(folder: string): string[] {
  return filesBelow(folder).map((file) => `${file} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`);
}
