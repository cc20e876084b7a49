import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Node, NodeMessage } from 'node-red';
import secureMqttBroker = require('../../nodes/secure-mqtt-broker-config');
import tlsCa = require('../../nodes/tls-ca');
import tlsProbe = require('../../nodes/tls-probe');
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { createRevocationList } from '../../src/pki/revocation-list';
import { parseSubjectAltNames } from '../../src/model/subject-alt-name';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_PROBE_DEFAULTS, type TlsProbeConfig } from '../../src/model/config/tls-probe';
import type { CertificateAuthority, IssuedCertificate, IssueRequest } from '../../src/ca/certificate-authority';
import type { TlsCaNode } from '../../src/node-red/authority-node';
import type { ProbeReport } from '../../src/tls/probe-report';
import { inDays } from '../support/certificates';
import { handmadeRoot, handmadeServer, type HandmadeCertificate } from '../support/certificates-fixture';
import { Flows } from '../support/flows';
import { callsOf } from '../support/mqtt-flow';
import { temporaryFolder } from '../support/temporary-folder';
import { closeServers, mqttConversation, startTcpServer, startTlsServer } from '../support/tls-servers';

const root = handmadeRoot();
const good = handmadeServer(root);
const soon = handmadeServer(root, { notBefore: inDays(-80), notAfter: inDays(20) });
const expired = handmadeServer(root, { notBefore: inDays(-9), notAfter: inDays(-2) });

describe('tls-probe', () => {
  let folder: string;
  let flows: Flows | undefined;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'secure-mqtt-probe-'));
    await writeFile(path.join(folder, 'ca.pem'), root.pem);
    await writeFile(path.join(folder, 'leaf.pem'), good.pem);
  });
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(async () => {
    await flows?.stop();
    flows = undefined;
    await closeServers();
  });

  const helper = (id: string) => ({ id, type: 'helper', z: 'tab', x: 1, y: 1 });

  async function start(
    config: Partial<TlsProbeConfig>,
    more: Record<string, unknown>[] = [],
    credentials = {},
    userDir?: string,
  ) {
    const wires = config.split ? [['ok'], ['warning'], ['critical']] : [['out']];
    const probe = {
      id: 'probe',
      type: 'tls-probe',
      ...TLS_PROBE_DEFAULTS,
      trust: 'file',
      caFile: path.join(folder, 'ca.pem'),
      family: 4,
      ...config,
      z: 'tab',
      x: 1,
      y: 1,
      wires,
    };
    const nodes = [
      probe,
      helper('out'),
      helper('ok'),
      helper('warning'),
      helper('critical'),
      { id: 'tab', type: 'tab' },
    ];
    flows = await Flows.start([tlsProbe, tlsCa, secureMqttBroker], [...nodes, ...more] as never, credentials, userDir);
    return flows;
  }

  async function broker(
    identity: HandmadeCertificate,
    onConnect?: Parameters<typeof mqttConversation>[1],
  ): Promise<string> {
    const { port } = await startTlsServer({ identity, conversation: mqttConversation(0, onConnect) });
    return `localhost:${port}`;
  }

  async function probed(
    msg: Partial<NodeMessage> & Record<string, unknown> = {},
    output = 'out',
  ): Promise<ProbeReport> {
    const { payload, error } = await flows!.send('probe', { payload: Date.now(), ...msg } as never, output);
    assert.equal(error, undefined, error?.message);
    return payload as ProbeReport;
  }

  it('reports an endpoint that is well', async () => {
    await start({ target: await broker(good) });
    const report = await probed();
    assert.deepEqual([report.ok, report.severity, report.stage, report.code], [true, 'ok', 'done', null]);
    assert.equal(report.leaf?.daysRemaining, 396);
    assert.ok(report.leaf && report.leaf.lifetimeUsed > 0 && report.leaf.lifetimeUsed < 0.1);
    assert.equal(report.verdicts.name.ok, true);
    const status = (flows!.node('probe') as Node & { status: { lastCall: { args: [{ fill: string; text: string }] } } })
      .status;
    assert.deepEqual([status.lastCall.args[0].fill, status.lastCall.args[0].text], ['green', 'ok, 396 days left']);
  });

  it('a finding is data, not an error', async () => {
    await start({ target: await broker(expired) });
    const report = await probed();
    assert.deepEqual(
      [report.ok, report.severity, report.stage, report.code],
      [false, 'critical', 'chain', 'CERT_EXPIRED'],
    );
  });

  const wrong: [name: string, config: Partial<TlsProbeConfig>, msg: Record<string, unknown>, code: string][] = [
    ['no target', {}, {}, 'INPUT_TARGET'],
    ['a malformed target', { target: 'a b' }, {}, 'INPUT_TARGET'],
    ['a bad port', { target: 'localhost:99999' }, {}, 'INPUT_PORT'],
    ['a hostile target', {}, { target: { target: { target: 'x' } } }, 'INPUT_TARGET'],
    ['a Buffer as target', {}, { target: Buffer.from('x') }, 'INPUT_TARGET'],
    ['10,001 targets', {}, { target: new Array(10_001).fill('localhost') }, 'INPUT_TOO_MANY'],
    ['a threshold nobody understands', { target: 'localhost', warnBefore: 'soon' }, {}, 'INPUT_VALIDITY'],
    ['a CA file that is not there', { target: 'localhost', caFile: '/no/such/ca.pem' }, {}, 'STORE_NOT_FOUND'],
    ['a CA file without CA', { target: 'localhost', caFile: 'leaf' }, {}, 'CERT_NOT_A_CA'],
    ['no CA chosen', { target: 'localhost', trust: 'ca' }, {}, 'INPUT_CONFIG'],
    ['a certificate without its key', { target: 'localhost', identity: 'file', certFile: 'leaf' }, {}, 'KEY_ABSENT'],
    ['an unknown broker', { broker: 'gone' }, {}, 'INPUT_CONFIG'],
    ['a configuration of tomorrow', { version: 2, target: 'localhost' }, {}, 'INPUT_CONFIG_VERSION'],
  ];
  for (const [name, config, msg, code] of wrong) {
    it(`refuses ${name} with ${code}`, async () => {
      const leaf = path.join(folder, 'leaf.pem');
      const files = Object.fromEntries(
        Object.entries(config).map(([key, value]) => [key, value === 'leaf' ? leaf : value]),
      );
      await start(files as Partial<TlsProbeConfig>);
      const { error } = await flows!.send('probe', { payload: '', ...msg } as never, 'out');
      assert.equal(error?.code, code, error?.message);
    });
  }

  describe('with revocation lists in a file', () => {
    const listing = (revoked: string[], issuer = root) =>
      createRevocationList({
        issuer,
        number: 1,
        thisUpdate: inDays(-1),
        nextUpdate: inDays(9),
        revoked: revoked.map((serialNumber) => ({
          serialNumber,
          revokedAt: inDays(-1),
          reason: 'superseded' as const,
        })),
      });

    const lists: [name: string, content: () => Promise<string | Buffer>, code: string | null][] = [
      ['PEM', async () => (await listing([good.certificate.serialNumber])).pem, 'CERT_REVOKED'],
      ['DER', async () => (await listing([good.certificate.serialNumber])).der, 'CERT_REVOKED'],
      ['without the certificate', async () => (await listing(['01'])).pem, null],
      ['of another CA', async () => (await listing([], handmadeRoot({ commonName: 'Other' }))).pem, 'CRL_ABSENT'],
    ];
    for (const [name, content, code] of lists) {
      it(`judges by a list, ${name}`, async () => {
        await writeFile(path.join(folder, 'crl'), await content());
        await start({ target: await broker(good), crlFile: path.join(folder, 'crl') });
        const report = await probed();
        assert.deepEqual([report.code, report.verdicts.revocation.ok], [code, code === null], report.message);
      });
    }

    const unusable: [name: string, content: () => Promise<string | Buffer>, code: string][] = [
      ['text', () => Promise.resolve('no list'), 'PEM_NO_BLOCK'],
      ['a certificate', () => Promise.resolve(root.pem), 'PEM_WRONG_LABEL'],
      ['a torn list', async () => (await listing([])).der.subarray(0, 60), 'CRL_MALFORMED'],
    ];
    for (const [name, content, code] of unusable) {
      it(`refuses ${name} with ${code}`, async () => {
        await writeFile(path.join(folder, 'crl'), await content());
        await start({ target: 'localhost', crlFile: path.join(folder, 'crl') });
        const { error } = await flows!.send('probe', { payload: '' }, 'out');
        assert.equal(error?.code, code, error?.message);
      });
    }
  });

  it('one bad target of a list refuses all, with its place', async () => {
    await start({});
    const { error } = await flows!.send('probe', { payload: ['localhost:1', 'localhost:x'] }, 'out');
    assert.deepEqual([error?.code, error?.cause.index], ['INPUT_PORT', 1]);
  });

  it('probes a list in its order; objects may bring a server name', async () => {
    const named = handmadeServer(root, { names: ['dns:broker.example'] });
    const list = [
      await broker(good),
      { target: await broker(named), servername: 'broker.example' },
      await broker(expired),
    ];
    await start({ target: JSON.stringify(list), targetType: 'json' });
    const reports = (await probed()) as unknown as ProbeReport[];
    assert.deepEqual(
      reports.map(({ code }) => code),
      [null, null, 'CERT_EXPIRED'],
    );
    assert.equal(reports[1]?.servername, 'broker.example');
  });

  it('a message may name target and server name', async () => {
    const named = handmadeServer(root, { names: ['dns:broker.example'] });
    await start({ target: 'nowhere.invalid' });
    const report = await probed({ target: await broker(named), servername: 'broker.example' });
    assert.equal(report.code, null, report.message);
  });

  it('splits by severity', async () => {
    await start({ split: true });
    const ok = await probed({ target: await broker(good) }, 'ok');
    const warning = await probed({ target: await broker(soon) }, 'warning');
    const critical = await probed({ target: await broker(expired) }, 'critical');
    assert.deepEqual([ok.severity, warning.severity, critical.severity], ['ok', 'warning', 'critical']);
  });

  it('sends only what changed, also over a restart, and says what', async () => {
    const target = await broker(good);
    await start({ target, emit: 'changes' });
    assert.equal((await probed()).changed, null, 'the first is news');
    await flows!.stop({ keepUserDir: true });

    const userDir = flows!.userDir;
    await start({ emit: 'changes' }, [], {}, userDir);
    const seen: unknown[] = [];
    flows!.node('out').on('input', (msg: NodeMessage) => seen.push(msg.payload));
    await completed(flows!, { target });
    assert.deepEqual(seen, [], 'the same certificate is no news');

    await closeServers();
    const { port } = await startTlsServer({
      identity: handmadeServer(root, { key: good.privateKey }),
      conversation: mqttConversation(),
      port: Number(target.split(':')[1]),
    });
    const renewed = await probed({ target: `localhost:${port}` });
    assert.deepEqual(renewed.changed, { fingerprint: true, issuer: false, key: false });
  });

  it('repeats by itself until it is closed', async () => {
    await start({ target: await broker(good), repeatSeconds: 1 });
    const payload = await new Promise<ProbeReport>((resolve) => {
      flows!.node('out').once('input', (msg: { payload: unknown }) => resolve(msg.payload as ProbeReport));
    });
    assert.equal(payload.code, null);
  });

  it('says nothing twice, and speaks again when the severity or the reason is another', async () => {
    const expiring = await broker(soon);
    await start({ target: expiring, emit: 'changes' });
    assert.equal((await probed()).severity, 'warning');
    const seen: ProbeReport[] = [];
    flows!.node('out').on('input', (msg: NodeMessage) => seen.push(msg.payload as ProbeReport));
    const port = Number(expiring.split(':')[1]);
    const serve = async (identity: HandmadeCertificate) => {
      await closeServers();
      await startTlsServer({ identity, conversation: mqttConversation(), port });
    };
    await completed(flows!, {});
    await serve(expired);
    await completed(flows!, {});
    await completed(flows!, {});
    await closeServers();
    await completed(flows!, {});
    await completed(flows!, {});
    await serve(good);
    await completed(flows!, {});
    await completed(flows!, {});
    assert.deepEqual(
      seen.map(({ severity, code, changed }) => [severity, code, changed?.fingerprint]),
      [
        ['critical', 'CERT_EXPIRED', true],
        ['critical', 'NET_REFUSED', undefined],
        ['ok', null, true],
      ],
    );
  });

  it('of a list it sends only those that changed', async () => {
    const list = [await broker(good), await broker(soon)];
    await start({ target: JSON.stringify(list), targetType: 'json', emit: 'changes' });
    assert.equal(((await probed()) as unknown as ProbeReport[]).length, 2);
    const more = (await probed({ target: [...list, await broker(expired)] })) as unknown as ProbeReport[];
    assert.deepEqual(
      more.map(({ code }) => code),
      ['CERT_EXPIRED'],
    );
  });

  it('probes more than fifty in a thread, in their order, with the progress as status', async () => {
    const [first, second] = [await broker(good), await broker(expired)];
    const list = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? first : second));
    await start({ target: JSON.stringify(list), targetType: 'json' });
    const reports = (await probed()) as unknown as ProbeReport[];
    assert.deepEqual(
      reports.map(({ code }) => code),
      list.map((target) => (target === first ? null : 'CERT_EXPIRED')),
    );
    const { args } = (flows!.node('probe') as unknown as { status: { args: [{ text: string }][] } }).status;
    const texts = args.map(([{ text }]) => text);
    assert.ok(['probing 0/60', 'probing 30/60', 'probing 60/60'].every((text) => texts.includes(text)));
  });

  it('lets go of everything when it is closed in the middle', async () => {
    let open = 0;
    const connected = new Promise<string>((resolve) => {
      void startTcpServer((socket) => {
        open += 1;
        socket.once('close', () => (open -= 1));
        if (open === 8) resolve('connected');
      }).then(async ({ port }) => {
        await start({ target: JSON.stringify(new Array(60).fill(`localhost:${port}`)), targetType: 'json' });
        flows!.node('probe').receive({ payload: '' });
      });
    });
    await connected;
    await flows!.stop();
    while (open > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  describe('with a CA that knows what it has issued', () => {
    const CA = { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA' };
    const request = (profile: 'server' | 'client', ...names: string[]): IssueRequest => ({
      profile,
      subject: { commonName: 'the broker' },
      subjectAltNames: parseSubjectAltNames(names.length > 0 ? names : ['dns:localhost']),
    });
    let authority: CertificateAuthority;

    async function startWithCa(config: Partial<TlsProbeConfig> = {}, more: Record<string, unknown>[] = []) {
      await start({ trust: 'ca', ca: 'ca', ...config }, [CA, ...more]);
      authority = await (flows!.node('ca') as unknown as TlsCaNode).authority();
    }

    async function issue(profile: 'server' | 'client' = 'server', ...names: string[]): Promise<IssuedCertificate> {
      const [issued] = await authority.issue([request(profile, ...names)]);
      return issued!;
    }

    async function serve(
      { certificate, secretPrivateKey }: IssuedCertificate,
      onConnect?: Parameters<typeof mqttConversation>[1],
    ): Promise<string> {
      const keyPem = secretPrivateKey?.export({ type: 'pkcs8', format: 'pem' }) as string;
      return broker({ certificate, pem: certificate.pem, keyPem, privateKey: secretPrivateKey! }, onConnect);
    }

    it('tells a server that still serves the old certificate', async () => {
      await startWithCa();
      const old = await issue();
      const newer = await issue();
      await issue('client');
      const report = await probed({ target: await serve(old) });
      assert.deepEqual([report.ok, report.severity, report.code], [true, 'warning', null]);
      assert.equal(report.warnings[0]?.code, 'CERT_SUPERSEDED');
      assert.deepEqual(
        [report.cause.served, report.cause.issued],
        [old.serialNumber, newer.serialNumber],
        report.message,
      );
      const status = (flows!.node('probe') as Node & { status: { lastCall: { args: [{ fill: string }] } } }).status;
      assert.equal(status.lastCall.args[0].fill, 'yellow');
    });

    const current: [name: string, later: () => Promise<unknown>][] = [
      ['the newest one is served', () => Promise.resolve()],
      ['a client has the same name', () => issue('client')],
      ['another server has the same name', () => issue('server', 'dns:other.example')],
      ['another server has the same name and more', () => issue('server', 'dns:localhost', 'dns:mosquitto')],
    ];
    for (const [name, later] of current) {
      it(`is content when ${name}`, async () => {
        await startWithCa();
        const served = await issue();
        await later();
        const report = await probed({ target: await serve(served) });
        assert.deepEqual([report.severity, report.warnings], ['ok', []]);
      });
    }

    it('tells of the newer certificate when the old one lacks the name', async () => {
      await startWithCa();
      const old = await issue('server', 'dns:old.example');
      await issue('server', 'dns:localhost');
      const report = await probed({ target: await serve(old) });
      assert.deepEqual([report.code, report.warnings[0]?.code], ['CERT_NAME_MISMATCH', 'CERT_SUPERSEDED']);
    });

    it('tells a revoked certificate, whether or not a list was checked', async () => {
      await startWithCa();
      const served = await issue();
      const said: unknown[] = [];
      const target = await serve(served, (packet) => said.push(packet));
      await authority.revoke({ by: 'serial', value: served.serialNumber }, { reason: 'keyCompromise' });
      const byList = await probed({ target });
      assert.deepEqual([byList.severity, byList.stage, byList.code], ['critical', 'chain', 'CERT_REVOKED']);
      await flows!.stop({ keepUserDir: true });

      await writeFile(path.join(folder, 'own-ca.pem'), authority.trustAnchorsPem);
      const byFile = { trust: 'file', caFile: path.join(folder, 'own-ca.pem'), ca: 'ca', target } as const;
      await start({ ...byFile, identity: 'issue', identityName: 'watcher' }, [CA], {}, flows!.userDir);
      const connects = said.length;
      const byInventory = await probed();
      assert.equal(said.length, connects, 'refused before anything was said to it');
      assert.deepEqual(
        [byInventory.ok, byInventory.severity, byInventory.stage, byInventory.code],
        [false, 'critical', 'chain', 'CERT_REVOKED'],
      );
      assert.equal(byInventory.cause.reason, 'keyCompromise');
      assert.match(byInventory.message, /was revoked on/);
      assert.equal(byInventory.verdicts.revocation.ok, false);
    });

    it('names an intermediate that the server does not send', async () => {
      const below = {
        ...CA,
        id: 'below',
        name: 'Issuing CA',
        commonName: 'Plant 1',
        folder: 'pki/below',
        issuer: 'ca',
      };
      await startWithCa({}, [below]);
      const issuing = await (flows!.node('below') as unknown as TlsCaNode).authority();
      const [issued] = await issuing.issue([request('server')]);
      const report = await probed({ target: await serve(issued!) });
      assert.deepEqual([report.code, report.cause.because], ['CERT_CHAIN_INCOMPLETE', 'known']);
      assert.match(report.message, /does not send the intermediate certificate "CN=Plant 1/);
    });

    it('tells a certificate of the CA before it was made again', async () => {
      await startWithCa();
      const { commonName } = authority.certificate.subject;
      const before = handmadeRoot({ commonName, notBefore: inDays(-90) });
      const report = await probed({ target: await broker(handmadeServer(before, { notBefore: inDays(-60) })) });
      assert.equal(report.code, 'CERT_ISSUER_REPLACED');
      assert.match(report.message, /before the trusted CA of that name was created again/);
    });

    it('asks the CA of the broker settings too', async () => {
      const settings = {
        id: 'settings',
        type: 'secure-mqtt-broker-config',
        ...SECURE_MQTT_BROKER_DEFAULTS,
        broker: 'localhost',
        security: 'server',
        trust: 'ca',
        ca: 'ca',
      };
      await startWithCa({ broker: 'settings' }, [settings]);
      const old = await issue();
      await issue();
      const report = await probed({ target: await serve(old) });
      assert.equal(report.warnings[0]?.code, 'CERT_SUPERSEDED', report.message);
    });
  });

  for (const [name, payload] of [
    ['a hole', [undefined]],
    ['a sparse list', new Array(2)],
  ] as const) {
    it(`refuses ${name} among the targets and names its place`, async () => {
      await start({ trust: 'system' });
      const { error } = await flows!.send('probe', { payload }, 'out');
      assert.deepEqual([error?.code, error?.cause.index], ['INPUT_TARGET', 0]);
    });
  }

  it('uses a tls-ca and its certificates', async () => {
    await start({ trust: 'ca', ca: 'ca', identity: 'issue', identityName: 'watcher' }, [
      { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA' },
    ]);
    const authority = await (flows!.node('ca') as unknown as TlsCaNode).authority();
    const [issued] = await authority.issue([
      {
        profile: 'server',
        subject: { commonName: 'localhost' },
        subjectAltNames: [{ type: 'dns', value: 'localhost' }],
      },
    ]);
    const key = issued?.secretPrivateKey?.export({ type: 'pkcs8', format: 'pem' }) as string;
    const { port } = await startTlsServer({
      identity: {
        certificate: issued!.certificate,
        pem: issued!.certificate.pem,
        keyPem: key,
        privateKey: issued!.secretPrivateKey!,
      },
      requestCert: true,
      ca: authority.trustAnchorsPem,
      conversation: mqttConversation(),
    });
    const report = await probed({ target: `localhost:${port}` });
    assert.equal(report.code, null, report.message);
    assert.equal(report.clientAuth.sent, true);
    assert.equal(report.verdicts.strict.ok, true, report.verdicts.strict.message);
    assert.equal(report.verdicts.revocation.ok, true);
  });

  it('takes target, trust and user from broker settings, and gives the user to nobody else', async () => {
    const users: (string | undefined)[] = [];
    const own = await broker(good, ({ username }) => users.push(username));
    const other = await broker(good, ({ username }) => users.push(username));
    const settings = {
      id: 'settings',
      type: 'secure-mqtt-broker-config',
      ...SECURE_MQTT_BROKER_DEFAULTS,
      broker: 'localhost',
      port: Number(own.split(':')[1]),
      security: 'server',
      trust: 'file',
      caFile: path.join(folder, 'ca.pem'),
    };
    await start({ broker: 'settings' }, [settings], { settings: { username: 'anna', password: 'canary' } });
    const first = await probed();
    assert.equal(first.code, null, first.message);
    const second = await probed({ target: other });
    assert.equal(second.code, null, second.message);
    assert.deepEqual(users, ['anna', undefined]);
    assert.doesNotMatch(JSON.stringify([first, second]), /canary/);
  });
});

describe('tls-probe with a stored password', () => {
  const folder = temporaryFolder();
  const caFile = path.join(folder, 'ca.pem');
  const placed = { z: 'tab', x: 1, y: 1 };
  let flows: Flows;
  let passwords: (string | undefined)[];
  beforeEach(() => {
    writeFileSync(caFile, root.pem);
    passwords = [];
  });
  afterEach(async () => {
    await flows.stop();
    await closeServers();
  });

  const conversation = mqttConversation(0, ({ password }) => passwords.push(password?.toString()));
  const listen = async () => (await startTlsServer({ identity: good, conversation })).port;
  async function probe(config: Partial<TlsProbeConfig>, msg: object): Promise<void> {
    const settings = { ...TLS_PROBE_DEFAULTS, trust: 'file', caFile, family: 4, ...config };
    const node = { id: 'probe', type: 'tls-probe', ...settings, ...placed, wires: [['out']] };
    const others = [
      { id: 'out', type: 'helper', ...placed },
      { id: 'tab', type: 'tab' },
    ];
    const credentials = { probe: { username: 'anna', password: 'canary' } };
    flows = await Flows.start([tlsProbe], [node, ...others] as never, credentials);
    await flows.send('probe', msg as never, 'out');
  }

  it('gives it to its own targets, named by itself or by a message', async () => {
    const own = `localhost:${await listen()}`;
    await probe({ target: own }, {});
    await flows.send('probe', { target: [own] } as never, 'out');
    assert.deepEqual(passwords, ['canary', 'canary']);
  });

  for (const how of ['target', 'payload', 'configured type']) {
    it(`does not give it to a target of a message (${how})`, async () => {
      const own = await listen();
      const other = `localhost:${await listen()}`;
      if (how === 'target') await probe({ target: `localhost:${own}` }, { target: other });
      else if (how === 'payload') await probe({ target: '' }, { payload: other });
      else await probe({ target: 'payload', targetType: 'msg' }, { payload: other });
      assert.deepEqual(passwords, [undefined]);
    });
  }

  it('does not give it to whom a message names for its own target', async () => {
    const own = `127.0.0.1:${await listen()}`;
    await probe({ target: own }, { servername: 'localhost' });
    assert.deepEqual(passwords, [undefined]);
  });

  it('takes no empty variable for "no revocation list"', async () => {
    process.env.SECURE_MQTT_TEST_EMPTY = '';
    const said = probe({ target: 'localhost:1', crlFile: '${SECURE_MQTT_TEST_EMPTY}' }, {});
    await said.finally(() => delete process.env.SECURE_MQTT_TEST_EMPTY);
    const [error] = callsOf(flows.node('probe'), 'error')[0] as [{ code: string; cause: object }];
    assert.deepEqual([error.code, (error.cause as { field: string }).field], ['INPUT_CONFIG', 'crlFile']);
  });

  it('sends it in clear only where the node itself says mqtt://', async () => {
    const { port } = await startTcpServer((socket) => conversation(socket as never));
    await probe({ target: `localhost:${port}` }, { target: `mqtt://localhost:${port}` });
    assert.deepEqual(passwords, [undefined]);
  });
});

/** Wait until the node has said `done`, whether or not it sent anything. */
function completed(flows: Flows, msg: Record<string, unknown>): Promise<void> {
  return new Promise((resolve) => {
    const node = flows.node('probe') as Node & { _complete(msg: unknown, error?: unknown): void };
    const complete = node._complete.bind(node);
    node._complete = (...args) => {
      complete(...args);
      resolve();
    };
    node.receive(msg as never);
  });
}
