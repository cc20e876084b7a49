import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IConnectPacket } from 'mqtt-packet';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { TLS_PROBE_DEFAULTS } from '../../src/model/config/tls-probe';
import type { ErrorCode } from '../../src/model/errors';
import type { ProbeAnswer } from '../../src/model/probe-view';
import { secretKeyStore } from '../../src/pki/key-store';
import { handmadeClient, handmadeRoot, handmadeServer } from '../support/certificates-fixture';
import { NodeRedProcess } from '../support/node-red-process';
import {
  closeServers,
  mqttConversation,
  startTlsServer,
  startWebSocketBroker,
  type TestServer,
} from '../support/tls-servers';

/** Who may do what; whoever knows the name gets in. */
const PEOPLE = {
  reader: ['flows.read', 'secure-mqtt.read'],
  almost: ['flows.read', 'secure-mqtt.read', 'secure-mqtt.write'],
  writer: ['*'],
};
type Person = keyof typeof PEOPLE | 'nobody';

const ADMIN_AUTH = `adminAuth: {
  type: 'credentials',
  users: async (username) => ({ username, permissions: ${JSON.stringify(PEOPLE)}[username] }),
  authenticate: async (username) => ({ username, permissions: ${JSON.stringify(PEOPLE)}[username] }),
},`;

const root = handmadeRoot();
const SECRETS = { username: 'stored-user', password: 'stored-password' };

type Body = { node: Record<string, unknown>; credentials: Record<string, string> };

describe('the route for probes with undeployed settings', () => {
  let red: NodeRedProcess;
  let broker: TestServer;
  let other: TestServer;
  let connects: IConnectPacket[];
  const tokens = new Map<Person, string>();

  const deployed = (): Record<string, unknown>[] => [
    { id: 'tab', type: 'tab', label: 'test', env: [{ name: 'PLACE', value: 'localhost', type: 'str' }] },
    {
      ...SECURE_MQTT_BROKER_DEFAULTS,
      id: 'broker',
      type: 'secure-mqtt-broker-config',
      broker: 'localhost',
      port: broker.port,
      security: 'server',
      trust: 'pem',
      caPem: root.pem,
    },
    {
      ...TLS_PROBE_DEFAULTS,
      id: 'probe',
      type: 'tls-probe',
      z: 'tab',
      x: 10,
      y: 10,
      broker: 'broker',
      wires: [[]],
      outputs: 1,
    },
  ];

  before(async () => {
    connects = [];
    const identity = handmadeServer(root);
    const conversation = mqttConversation(0, (packet) => connects.push(packet));
    broker = await startTlsServer({ identity, conversation });
    other = await startTlsServer({ identity, conversation });
    red = await NodeRedProcess.start({ flows: [], settings: ADMIN_AUTH });
    for (const username of Object.keys(PEOPLE) as (keyof typeof PEOPLE)[]) {
      const answer = await fetch(`${red.url}auth/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          client_id: 'node-red-admin',
          grant_type: 'password',
          scope: '',
          username,
          password: 'x',
        }),
      });
      tokens.set(username, ((await answer.json()) as { access_token: string }).access_token);
    }
    const flows = deployed().map((node) => (node.id === 'broker' ? { ...node, credentials: SECRETS } : node));
    const answer = await fetch(`${red.url}flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${tokens.get('writer')}` },
      body: JSON.stringify(flows),
    });
    assert.equal(answer.status, 204);
  });

  after(async () => {
    await red.stop();
    await closeServers();
  });

  beforeEach(() => (connects.length = 0));

  /** The dialog of the broker as it opens, with what is typed into it. */
  const brokerBody = (changes: Record<string, unknown> = {}, credentials: Record<string, string> = {}): Body => ({
    node: { ...deployed()[1], z: '', ...changes },
    credentials: { username: '__PWRD__', password: '__PWRD__', keyPem: '', passphrase: '', ...credentials },
  });
  const probeBody = (changes: Record<string, unknown> = {}): Body => ({
    node: { ...deployed()[2], broker: '', trust: 'file', caFile: 'ca.pem', ...changes },
    credentials: { username: '', password: '', passphrase: '' },
  });

  async function post(
    person: Person,
    body: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<{ status: number; json: Record<string, unknown> }> {
    const token = tokens.get(person);
    const answer = await fetch(`${red.url}secure-mqtt/probe`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Secure-MQTT': '1',
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: JSON.stringify(body),
      signal,
    });
    const text = await answer.text();
    return { status: answer.status, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }

  async function probed(body: Body): Promise<ProbeAnswer> {
    const { status, json } = await post('writer', body);
    assert.equal(status, 200, JSON.stringify(json));
    return json as unknown as ProbeAnswer;
  }

  async function problemOf(body: Body): Promise<{ code: string; text: string }> {
    const { problem, views } = await probed(body);
    assert.deepEqual(views, []);
    return { code: problem?.code ?? 'none', text: `${problem?.message}. ${problem?.hint}` };
  }

  describe('is guarded', () => {
    const refusals: { who: string; person: Person; headers?: Record<string, string>; status: number }[] = [
      { who: 'whoever did not log in', person: 'nobody', status: 401 },
      { who: 'whoever may only read', person: 'reader', status: 401 },
      { who: 'whoever may not deploy', person: 'almost', status: 401 },
      { who: 'another site', person: 'writer', headers: { 'Sec-Fetch-Site': 'cross-site' }, status: 403 },
      { who: 'another origin', person: 'writer', headers: { Origin: 'http://attacker.example' }, status: 403 },
      { who: 'a page that cannot set our header', person: 'writer', headers: { 'X-Secure-MQTT': '' }, status: 403 },
      { who: 'a form', person: 'writer', headers: { 'Content-Type': 'text/plain' }, status: 415 },
    ];
    for (const { who, person, headers, status } of refusals) {
      it(`against ${who}`, async () => {
        assert.equal((await post(person, brokerBody(), headers)).status, status);
        assert.equal(connects.length, 0);
      });
    }

    const garbage: { what: string; body: () => unknown }[] = [
      { what: 'nothing', body: () => ({}) },
      { what: 'a node without type', body: () => ({ node: { id: 'broker' }, credentials: {} }) },
      {
        what: 'a secret that is no text',
        body: () => ({ node: brokerBody().node, credentials: { password: { a: 1 } } }),
      },
      {
        what: 'a setting that is an object',
        body: () => ({ node: { ...brokerBody().node, broker: {} }, credentials: {} }),
      },
      { what: 'another type of node', body: () => ({ node: { id: 'broker', type: 'mqtt-broker' }, credentials: {} }) },
      { what: 'an inherited name', body: () => ({ node: { id: 'broker', type: 'constructor' }, credentials: {} }) },
    ];
    for (const { what, body } of garbage) {
      it(`against ${what}`, async () => {
        const { status, json } = await post('writer', body());
        const code = (json.problem as { code?: string } | undefined)?.code ?? json.code;
        assert.ok(status === 400 || status === 200, String(status));
        assert.equal(code, 'INPUT_PAYLOAD');
      });
    }
  });

  describe('uses stored secrets', () => {
    it('for the deployed settings', async () => {
      const { views } = await probed(brokerBody({ name: 'renamed', keepalive: '10' }));
      assert.equal(views[0]?.severity, 'ok', views[0]?.message);
      assert.equal(views[0]?.mqtt, 'accepted');
      assert.equal(connects[0]?.username, SECRETS.username);
      assert.equal(String(connects[0]?.password), SECRETS.password);
    });

    it('and never puts them into the answer', async () => {
      const { json } = await post('writer', brokerBody());
      assert.doesNotMatch(JSON.stringify(json), /stored-user|stored-password/);
    });

    /** Whoever changes one of these could have the secret sent to himself. */
    const elsewhere: { what: string; changes: () => Record<string, unknown> }[] = [
      { what: 'another port', changes: () => ({ port: other.port }) },
      { what: 'another host', changes: () => ({ broker: '127.0.0.1' }) },
      { what: 'no encryption', changes: () => ({ security: 'none' }) },
      { what: 'another CA', changes: () => ({ caPem: handmadeRoot().pem }) },
      { what: 'public CAs', changes: () => ({ trust: 'system' }) },
      { what: 'no verification', changes: () => ({ verifyServer: false }) },
      { what: 'no host name check', changes: () => ({ verifyHostname: false }) },
      { what: 'another server name', changes: () => ({ servername: 'evil.example' }) },
      { what: 'a host from the environment', changes: () => ({ broker: 'PLACE', brokerType: 'env', z: 'tab' }) },
      { what: 'another transport', changes: () => ({ transport: 'wss' }) },
    ];
    for (const { what, changes } of elsewhere) {
      it(`not for ${what}`, async () => {
        const { code, text } = await problemOf(brokerBody(changes()));
        assert.equal(code, 'INPUT_SECRET' satisfies ErrorCode, text);
        assert.match(text, /Type User and Password again/);
        assert.equal(connects.length, 0);
      });
    }

    it('not of a node of another type, and not of another node', async () => {
      const asProbe = { node: { ...probeBody().node, id: 'broker' }, credentials: { username: '__PWRD__' } };
      await writeCa();
      await probed({ ...asProbe, node: { ...asProbe.node, target: `localhost:${broker.port}` } });
      await probed(brokerBody({ id: 'unknown' }));
      assert.deepEqual(
        connects.map(({ username }) => username),
        [undefined, undefined],
      );
    });

    it('typed ones go where they are told', async () => {
      const { views } = await probed(brokerBody({ port: other.port }, { username: 'typed', password: 'typed too' }));
      assert.equal(views[0]?.mqtt, 'accepted');
      assert.equal(connects[0]?.username, 'typed');
    });

    it('an emptied field means none', async () => {
      await probed(brokerBody({}, { username: '', password: '' }));
      assert.equal(connects[0]?.username, undefined);
    });
  });

  it('says what is wrong with a server, as tls-probe does', async () => {
    const typed = { username: '', password: '' };
    const { views } = await probed(brokerBody({ caPem: handmadeRoot({ commonName: 'Other' }).pem }, typed));
    const [view] = views;
    assert.equal(view?.code, 'CERT_ISSUER_UNKNOWN');
    assert.equal(view?.brokenAt, 'CN=Root');
    assert.deepEqual(
      view?.chain.map(({ role, sent }) => ({ role, sent })),
      [{ role: 'leaf', sent: true }],
    );
    assert.deepEqual(view?.stages.find(({ outcome }) => outcome === 'failed')?.stage, 'chain');
    assert.equal(connects.length, 0);
  });

  it('takes variables of the place of a new node', async () => {
    const typed = { username: '', password: '' };
    for (const broker of [{ broker: 'PLACE', brokerType: 'env' }, { broker: '${PLACE}' }]) {
      const { views } = await probed(brokerBody({ id: 'new', z: 'tab', ...broker }, typed));
      assert.equal(views[0]?.severity, 'ok', views[0]?.message);
    }
    const { code, text } = await problemOf(brokerBody({ id: 'new', broker: 'NOWHERE', brokerType: 'env' }, typed));
    assert.equal(code, 'INPUT_CONFIG');
    assert.match(text, /"NOWHERE".*is not set/);
  });

  describe('reads files, but answers nothing of them', () => {
    it('that is no certificate', async () => {
      writeFileSync(join(red.userDir, 'secret.txt'), 'the content of a file');
      const { code, text } = await problemOf(
        brokerBody({ trust: 'file', caFile: 'secret.txt' }, { username: '', password: '' }),
      );
      assert.equal(code, 'PEM_NO_BLOCK');
      assert.doesNotMatch(text, /content of a file/);
    });

    it('that is a certificate', async () => {
      await writeCa();
      const { views } = await probed(brokerBody({ trust: 'file', caFile: 'ca.pem' }, { username: '', password: '' }));
      assert.equal(views[0]?.severity, 'ok');
    });
  });

  it('goes over secure WebSockets, too', async () => {
    const sockets = await startWebSocketBroker(handmadeServer(root));
    const typed = { username: '', password: '' };
    const { views } = await probed(brokerBody({ transport: 'wss', path: '/mqtt', port: sockets.port }, typed));
    assert.equal(views[0]?.target, `wss://localhost:${sockets.port}/mqtt`);
    assert.equal(views[0]?.mqtt, 'accepted', views[0]?.message);
  });

  it('remarks on a weak key store', async () => {
    const entry = { alias: 'dev01', ...handmadeClient(root), chain: [] };
    const store = await secretKeyStore([entry], { secretPassphrase: 'typed', legacy: true });
    writeFileSync(join(red.userDir, 'old.p12'), store);
    const identity = { security: 'mutual', identity: 'pkcs12', p12File: 'old.p12' };
    const typed = { username: '', password: '', passphrase: 'typed' };
    const { views, remarks } = await probed(brokerBody(identity, typed));
    assert.equal(views[0]?.severity, 'ok', views[0]?.message);
    assert.deepEqual(
      remarks.map(({ code }) => code),
      ['P12_WEAK'],
    );
    const { code } = await problemOf(brokerBody(identity, { ...typed, passphrase: 'wrong' }));
    assert.equal(code, 'P12_PASSPHRASE_WRONG');
  });

  describe('probes for tls-probe', () => {
    before(writeCa);

    it('the first of a long list', async () => {
      const target = JSON.stringify(Array.from({ length: 25 }, () => `localhost:${broker.port}`));
      const { views, targets } = await probed(probeBody({ target, targetType: 'json' }));
      assert.deepEqual([views.length, targets], [10, 25]);
      assert.ok(views.every(({ severity }) => severity === 'ok'));
    });

    it('with the login of a broker only that broker, encrypted and by its own name', async () => {
      const own = { broker: 'broker', trust: 'ca', caFile: '' };
      const targets = ['', `localhost:${other.port}`, `mqtt://localhost:${broker.port}`, `localhost:${broker.port}`];
      for (const target of targets) await probed(probeBody({ ...own, target }));
      await probed(probeBody({ ...own, target: '', servername: '127.0.0.1' }));
      assert.deepEqual(
        connects.map(({ username }) => username),
        [SECRETS.username, undefined, SECRETS.username, undefined],
      );
    });

    it('a target from the environment', async () => {
      const target = `\${PLACE}:${broker.port}`;
      const { views } = await probed(probeBody({ target, targetType: 'env' }));
      assert.equal(views[0]?.target, `mqtts://localhost:${broker.port}`);
      assert.equal(views[0]?.severity, 'ok', views[0]?.message);
    });

    it('not what only a message can say', async () => {
      for (const source of [{ target: 'payload', targetType: 'msg' }, { target: '' }]) {
        assert.equal((await problemOf(probeBody(source))).code, 'INPUT_TARGET');
      }
    });
  });

  it('ends with the dialog, and lets the next one in', async () => {
    const silent = net.createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as net.AddressInfo;
    const target = { broker: 'localhost', port };
    const typed = { username: '', password: '' };
    const leaving = new AbortController();
    const connection = once(silent, 'connection') as Promise<[net.Socket]>;
    const left = post('writer', brokerBody(target, typed), {}, leaving.signal).catch(() => 'left');
    const [socket] = await connection;
    const closed = once(socket.on('error', () => undefined).resume(), 'close');
    leaving.abort();
    assert.equal(await left, 'left');
    await closed;
    assert.equal((await probed(brokerBody())).views.length, 1);
    silent.close();
  });

  async function writeCa(): Promise<void> {
    writeFileSync(join(red.userDir, 'ca.pem'), root.pem);
  }
});
