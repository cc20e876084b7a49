import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectAsync, type IClientOptions } from 'mqtt';
import type { IssuedCertificate } from '../../src/ca/issue-request';
import type { ExportPlan } from '../../src/export/export-plan';
import { planExport } from '../../src/export/layouts';
import type { MosquittoUser } from '../../src/export/mosquitto-users';
import type { SecurityLevel, TlsExportConfig } from '../../src/model/config/tls-export';
import { publish, receive, startExportedBroker, subscribe, type ExportedBroker } from '../support/exported-broker';
import { freePort } from '../support/free-port';
import { SampleAuthority } from '../support/sample-export';

const USERS: MosquittoUser[] = [
  { name: 'dev01', secretPassword: 'pä ss:word', topics: [] },
  { name: 'node-red', secretPassword: 'another one', topics: ['readwrite #'] },
];
const LOGIN = ['-u', 'dev01', '-P', 'pä ss:word'];

/** Every level that needs a host name can be reached by both; 127.0.0.2 is the same broker, but in no certificate. */
const HOSTS = ['localhost', '127.0.0.1'];
const FOREIGN_HOST = '127.0.0.2';

describe('exported Mosquitto configuration in a real Mosquitto', () => {
  let ours: SampleAuthority;
  let folder: string;
  let port: number;
  let broker: ExportedBroker | undefined;
  let pem: Record<'ca' | 'otherCa' | 'device' | 'deviceKey', string>;

  before(async () => {
    ours = await SampleAuthority.create({ intermediate: true });
    const other = await SampleAuthority.create();
    pem = { otherCa: other.root.certificate.pem } as typeof pem;
  });

  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'exported-'))));
  afterEach(async () => {
    await broker?.stop();
    broker = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  interface Changes {
    users?: MosquittoUser[];
    beforeExport?(device: IssuedCertificate): void;
    beforeStart?(plan: ExportPlan): void;
  }

  /** Export into the folder and start the broker on it. */
  async function start(settings: Partial<TlsExportConfig>, changes: Changes = {}): Promise<void> {
    port = await freePort();
    const [server, device, program] = [
      await ours.server(),
      await ours.issue('device', 'dev01'),
      await ours.issue('client', 'node-red'),
    ];
    changes.beforeExport?.(device);
    const users = changes.users ?? [];
    const input = ours.input(
      [server, device, program],
      { targetDir: folder, brokerPort: port, ...settings },
      { users },
    );
    const plan = await planExport('mosquitto', input);
    changes.beforeStart?.(plan);
    for (const { name, content, mode } of plan.files) writeFileSync(path.join(folder, name), content, { mode });
    writeFileSync(path.join(folder, 'other-ca.pem'), pem.otherCa);
    const text = (name: string): string => plan.files.find((file) => file.name === name)?.content.toString() ?? '';
    Object.assign(pem, { ca: text('ca.pem'), device: text('dev01.crt.pem'), deviceKey: text('dev01.key.pem') });
    broker = await startExportedBroker(folder);
  }

  const at = (host: string): string[] => ['-h', host, '-p', String(port)];
  const trusting = (host = 'localhost', ca = 'ca.pem'): string[] => [...at(host), '--cafile', path.join(folder, ca)];
  const showing = (name: string): string[] => ['--cert', path.join(folder, `${name}.crt.pem`), '--key', path.join(folder, `${name}.key.pem`)]; // prettier-ignore

  /** MQTT.js, with what Node-RED's own nodes would have. */
  async function mqttJs(options: IClientOptions): Promise<void> {
    const client = await connectAsync({
      protocol: 'mqtts',
      host: 'localhost',
      port,
      ca: pem.ca,
      reconnectPeriod: 0,
      ...options,
    });
    await client.publishAsync('dev01/status', 'from MQTT.js', { qos: 1 });
    await client.endAsync();
  }

  it('plain: lets everybody in', async () => {
    await start({ level: 'plain' });
    assert.ok(publish(at('localhost'), 'any/topic', 'hello').accepted);
    await mqttJs({ protocol: 'mqtt' });
  });

  it('plain with users: asks for the password', async () => {
    await start({ level: 'plain' }, { users: USERS });
    assert.ok(publish([...at('localhost'), ...LOGIN], 'dev01/status', 'hello').accepted);
    assert.ok(!publish(at('localhost'), 'dev01/status', 'hello').accepted);
  });

  it('server: by name and by address; refused are a wrong host and a wrong CA', async () => {
    await start({ level: 'server' });
    for (const host of HOSTS) {
      assert.ok(publish(trusting(host), 'any/topic', 'hello').accepted, host);
      await mqttJs({ host });
    }
    assert.match(publish(trusting(FOREIGN_HOST), 'any/topic', 'hello').errors, /TLS error/);
    assert.ok(!publish(trusting(FOREIGN_HOST), 'any/topic', 'hello').accepted);
    assert.ok(!publish(trusting('localhost', 'other-ca.pem'), 'any/topic', 'hello').accepted);
    await assert.rejects(mqttJs({ host: FOREIGN_HOST }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await assert.rejects(mqttJs({ ca: pem.otherCa }), { code: /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY/ }); // prettier-ignore
  });

  it('server: the broker sends its intermediate, so the root alone is enough to trust', async () => {
    await start({ level: 'server' });
    await mqttJs({ ca: ours.root.certificate.pem });
  });

  it('server-password: the right password; refused are none, a wrong one and a user without', async () => {
    await start({ level: 'server-password' }, { users: USERS });
    for (const host of HOSTS) assert.ok(publish([...trusting(host), ...LOGIN], 'dev01/status', 'hello').accepted, host);
    assert.match(publish(trusting(), 'dev01/status', 'x').errors, /not authori[sz]ed/i);
    assert.match(
      publish([...trusting(), '-u', 'dev01', '-P', 'wrong'], 'dev01/status', 'x').errors,
      /not authori[sz]ed/i,
    );
    assert.match(
      publish([...trusting(), '-u', 'nobody', '-P', 'pä ss:word'], 'dev01/status', 'x').errors,
      /not authori[sz]ed/i,
    );
    await mqttJs({ username: 'dev01', password: 'pä ss:word' });
    await assert.rejects(mqttJs({ username: 'dev01', password: 'wrong' }), { code: 5 });
  });

  for (const crl of ['none', 'static', 'live'] as const) {
    it(`mutual, revocation list ${crl}: with a client certificate; refused are all others`, async () => {
      await start({ level: 'mutual', crl });
      for (const host of HOSTS) {
        assert.ok(publish([...trusting(host), ...showing('dev01')], 'dev01/status', 'hello').accepted, host);
        await mqttJs({ host, cert: pem.device, key: pem.deviceKey });
      }
      const refused: [what: string, args: string[]][] = [
        ['no client certificate', trusting()],
        ['a password instead', [...trusting(), ...LOGIN]],
        ['the server certificate as client', [...trusting(), ...showing('server')]],
        ['a wrong host', [...trusting(FOREIGN_HOST), ...showing('dev01')]],
        ['a wrong CA', [...trusting('localhost', 'other-ca.pem'), ...showing('dev01')]],
      ];
      for (const [what, args] of refused) assert.ok(!publish(args, 'dev01/status', 'x').accepted, what);
      await assert.rejects(mqttJs({}));
    });
  }

  it('mutual: a device that sends its certificate without the intermediate is accepted', async () => {
    await start({ level: 'mutual' });
    const leaf = pem.device.slice(0, pem.device.indexOf('-----END CERTIFICATE-----') + 26);
    assert.ok(leaf.length < pem.device.length);
    await mqttJs({ cert: leaf, key: pem.deviceKey });
  });

  it('mutual: a client of another CA is refused', async () => {
    await start({ level: 'mutual' });
    const foreign = await (await SampleAuthority.create()).issue('device', 'dev01');
    const key = foreign.secretPrivateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    await assert.rejects(mqttJs({ cert: foreign.certificate.pem, key }));
  });

  it('mutual with users: certificate and password are both needed', async () => {
    await start({ level: 'mutual' }, { users: USERS });
    assert.ok(publish([...trusting(), ...showing('dev01'), ...LOGIN], 'dev01/status', 'hello').accepted);
    assert.ok(!publish([...trusting(), ...showing('dev01')], 'dev01/status', 'x').accepted);
    assert.ok(!publish([...trusting(), ...LOGIN], 'dev01/status', 'x').accepted);
  });

  it('mutual: the static list refuses a revoked client and nobody else', async () => {
    const revoke = ({ serialNumber }: IssuedCertificate): void => {
      ours.revoked.push({ serialNumber, revokedAt: new Date(), reason: 'keyCompromise' });
    };
    await start({ level: 'mutual', crl: 'static' }, { beforeExport: revoke });
    assert.ok(!publish([...trusting(), ...showing('dev01')], 'dev01/status', 'x').accepted);
    assert.ok(publish([...trusting(), ...showing('node-red')], 'any', 'x').accepted);
  });

  it('a client certificate as the broker\u2019s is refused by every client', async () => {
    const swap = ({ files }: ExportPlan): void => {
      const content = (name: string): Buffer => files.find((file) => file.name === name)?.content ?? Buffer.alloc(0);
      for (const end of ['crt.pem', 'key.pem']) {
        const server = files.find(({ name }) => name === `server.${end}`);
        if (server) server.content = content(`dev01.${end}`);
      }
    };
    await start({ level: 'server' }, { beforeStart: swap });
    assert.ok(!publish(trusting(), 'any/topic', 'x').accepted);
    await assert.rejects(mqttJs({}), { code: 'INVALID_PURPOSE' });
  });

  const accessRules: [level: SecurityLevel, users: MosquittoUser[], device: () => string[], program: () => string[]][] =
    [
      ['mutual', [], () => showing('dev01'), () => showing('node-red')],
      ['server-password', USERS, () => LOGIN, () => ['-u', 'node-red', '-P', 'another one']],
    ];
  for (const [level, users, device, program] of accessRules) {
    it(`${level}: a device writes its own topics only, a program reads all`, async () => {
      await start({ level }, { users });
      const all = [...trusting(), ...program()];
      assert.ok(subscribe(all, 'reader', '#').accepted);
      const one = [...trusting(), ...device()];
      publish(one, 'dev02/status', 'not mine');
      publish(one, 'any', 'not mine either');
      publish(one, 'dev01/status', 'mine');
      publish(all, 'anything', 'the last one');
      assert.deepEqual(receive(all, 'reader', '#', 2), ['dev01/status mine', 'anything the last one']);
    });
  }

  it('a path with blanks is taken as it is', async () => {
    const parent = folder;
    folder = path.join(parent, 'with two blanks');
    mkdirSync(folder);
    chmodSync(parent, 0o755);
    await start({ level: 'mutual' });
    await mqttJs({ cert: pem.device, key: pem.deviceKey });
    folder = parent;
  });
});
