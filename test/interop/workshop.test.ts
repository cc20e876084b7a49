import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectAsync, type IClientOptions } from 'mqtt';
import { acquireAuthority, authoritySettings, type AuthorityLease } from '../../src/ca/authority-registry';
import type { IssuedCertificate } from '../../src/ca/issue-request';
import type { ExportPlan } from '../../src/export/export-plan';
import { writePlan } from '../../src/export/export-result';
import { planExport } from '../../src/export/layouts';
import { systemClock } from '../../src/model/clock';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { parseSubjectAltName } from '../../src/model/subject-alt-name';
import { nodeFileSystem } from '../../src/store/file-system';
import { OutputFolder } from '../../src/store/output-folder';
import { publish, receive, startExportedBroker, subscribe } from '../support/exported-broker';
import { freePort } from '../support/free-port';

const PASSPHRASE = 'a passphrase of one\u2019s own';
const SUBJECT = {
  country: 'GB',
  state: 'DOR',
  locality: 'Bournemouth',
  organization: 'MOSQUITTO',
  organizationalUnit: 'MOSQUITTO Corporate',
};
const NAMES = [
  'dns:localhost',
  'dns:mosquitto',
  'dns:win10.local',
  'ip:192.168.0.147',
  'ip:172.18.0.2',
  'ip:127.0.0.1',
];

/** W1 to W23: the 24 files of makeCertificates.sh. */
const SCRIPT_FILES = [
  ...['key.pem', 'certificate.pem', 'certificate.der', 'certificate.der.h'].map((end) => `rootCA_${end}`),
  ...['key.pem', 'crt.csr', 'crt.pem', 'key_nopass.pem', 'crt.der', 'crt.der.h'].map((end) => `mqttServer_${end}`),
  ...['SecuredDev01', 'SecuredDev02'].flatMap((device) =>
    ['key.pem', 'crt.csr', 'crt.pem', 'key.key', 'key_nopass.pem', 'crt.der', 'crt.der.h'].map(
      (end) => `${device}_${end}`,
    ),
  ),
];
/** W24, W25 and the password file that W24 names. */
const BROKER_FILES = ['acl.cfg', 'mosquitto.conf', 'passwd'];
const DEVICES = ['SecuredDev01', 'SecuredDev02'];

describe('workshop layout, judged by the tools of the workshop', () => {
  let lease: AuthorityLease;
  let home: string;
  let folder: string;
  let port: number;
  let plan: ExportPlan;

  async function exportTo(name: string, secretPassphrase?: string): Promise<[folder: string, plan: ExportPlan]> {
    const target = path.join(home, name);
    const { authority } = lease;
    const planned = await planExport('workshop', {
      authority,
      certificates,
      settings: { ...TLS_EXPORT_DEFAULTS, targetDir: target, brokerPort: port },
      secretPassphrase,
      users: [],
      clock: systemClock,
      random: randomBytes,
    });
    await writePlan(planned, new OutputFolder(nodeFileSystem, target, home));
    return [target, planned];
  }

  let certificates: IssuedCertificate[];
  before(async () => {
    home = mkdtempSync(path.join(os.tmpdir(), 'workshop-'));
    chmodSync(home, 0o755);
    port = await freePort();
    const config = { ...TLS_CA_DEFAULTS, ...SUBJECT, commonName: 'Mosquitto Root CA', keyType: 'rsa-2048' as const, validityDays: 3560 }; // prettier-ignore
    lease = await acquireAuthority({
      folder: path.join(home, 'ca'),
      userDir: home,
      nodeId: 'workshop',
      settings: authoritySettings(config),
    });
    certificates = await lease.authority.issue([
      {
        profile: 'server',
        subject: { ...SUBJECT, commonName: 'mosquitto' },
        subjectAltNames: NAMES.map((name) => parseSubjectAltName(name)),
      },
      { profile: 'device', subject: { ...SUBJECT, commonName: 'dev01' } },
      { profile: 'device', subject: { ...SUBJECT, commonName: 'dev02' }, validityDays: 3650 },
    ]);
    [folder, plan] = await exportTo('with-passphrase', PASSPHRASE);
  });

  after(async () => {
    await lease.release();
    rmSync(home, { recursive: true });
  });

  const file = (name: string): Buffer => readFileSync(path.join(folder, name));
  /** Run a program in the exported folder, as a person would. */
  const run = (program: string, args: string[]): { status: number | null; out: string } => {
    const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
    if (error) throw error;
    return { status, out: stdout + stderr };
  };
  const openssl = (...args: string[]): string => {
    const { status, out } = run('openssl', args);
    assert.equal(status, 0, `openssl ${args.join(' ')}:\n${out}`);
    return out;
  };
  const strict = ['verify', '-x509_strict', '-CAfile', 'rootCA_certificate.pem'];

  it('makes the 24 files of the script and the files of the broker, and nothing else', () => {
    assert.deepEqual(readdirSync(folder).sort(), [...SCRIPT_FILES, ...BROKER_FILES].sort());
    assert.equal(SCRIPT_FILES.length, 24);
  });

  it('has names that LittleFS can hold (31 characters with the slash)', () => {
    for (const name of SCRIPT_FILES) assert.ok(`/${name}`.length <= 31, name);
  });

  it('keys, passwords and rules are readable by the owner only', () => {
    for (const name of readdirSync(folder)) {
      const secret = /_key|passwd|acl/.test(name);
      assert.equal(statSync(path.join(folder, name)).mode & 0o777, secret ? 0o600 : 0o644, name);
    }
  });

  it('headers are byte for byte what xxd -i prints in that folder', () => {
    const headers = SCRIPT_FILES.filter((name) => name.endsWith('.h'));
    assert.equal(headers.length, 4);
    for (const header of headers) {
      const printed = spawnSync('xxd', ['-i', header.slice(0, -2)], { cwd: folder });
      assert.deepEqual(file(header), printed.stdout, header);
    }
  });

  it('DER files are the PEM files', () => {
    for (const name of ['rootCA_certificate', 'mqttServer_crt', ...DEVICES.map((device) => `${device}_crt`)]) {
      const converted = spawnSync('openssl', ['x509', '-in', `${name}.pem`, '-outform', 'der'], { cwd: folder });
      assert.deepEqual(file(`${name}.der`), converted.stdout, name);
    }
  });

  it('the root passes strict verification (the original fails with errors 89 and 92)', () => {
    openssl(...strict, 'rootCA_certificate.pem');
    const text = openssl('x509', '-in', 'rootCA_certificate.pem', '-noout', '-text');
    assert.match(text, /Basic Constraints: critical\s+CA:TRUE/);
    assert.match(text, /Key Usage: critical\s+Certificate Sign, CRL Sign/);
  });

  it('the server passes strict verification under each of its names and no other', () => {
    for (const name of NAMES) {
      const [kind, value] = name.split(/:(.*)/s);
      const check = kind === 'dns' ? '-verify_hostname' : '-verify_ip';
      openssl(...strict, '-purpose', 'sslserver', check, value ?? '', 'mqttServer_crt.pem');
    }
    const wrong = run('openssl', [...strict, '-verify_hostname', 'win11.local', 'mqttServer_crt.pem']);
    assert.notEqual(wrong.status, 0);
  });

  it('devices are clients and never servers (the original passes them as servers)', () => {
    for (const device of DEVICES) {
      openssl(...strict, '-purpose', 'sslclient', `${device}_crt.pem`);
      assert.notEqual(run('openssl', [...strict, '-purpose', 'sslserver', `${device}_crt.pem`]).status, 0);
    }
    assert.notEqual(run('openssl', [...strict, '-purpose', 'sslclient', 'mqttServer_crt.pem']).status, 0);
  });

  it('GnuTLS verifies all of them', () => {
    for (const name of ['mqttServer', ...DEVICES]) {
      const args = ['--verify', '--load-ca-certificate', 'rootCA_certificate.pem', '--infile', `${name}_crt.pem`];
      assert.match(run('certtool', args).out, /Verified\. The certificate is trusted/);
    }
  });

  it('subjects are those of the page, versions are 3, serial numbers differ and are no small ones', () => {
    const serials = new Set<string>();
    for (const [name, commonName] of [
      ['rootCA_certificate', 'Mosquitto Root CA'],
      ['mqttServer_crt', 'mosquitto'],
      ['SecuredDev01_crt', 'dev01'],
      ['SecuredDev02_crt', 'dev02'],
    ] as const) {
      const text = openssl(
        'x509',
        '-in',
        `${name}.pem`,
        '-noout',
        '-subject',
        '-serial',
        '-nameopt',
        'compat',
        '-text',
      );
      const subject = `/C=GB/ST=DOR/L=Bournemouth/O=MOSQUITTO/OU=MOSQUITTO Corporate/CN=${commonName}`;
      assert.ok(text.includes(`subject=${subject}`), text);
      assert.match(text, /Version: 3 \(0x2\)/);
      serials.add(/^serial=(.*)$/m.exec(text)?.[1] ?? '');
    }
    assert.equal(serials.size, 4);
    for (const serial of serials) assert.equal(serial.length, 40);
  });

  it('no certificate outlives the root (the devices of the original do, by 90 days)', () => {
    const end = (name: string): number =>
      Date.parse(openssl('x509', '-in', name, '-noout', '-enddate').replace('notAfter=', ''));
    for (const name of ['mqttServer', ...DEVICES])
      assert.ok(end(`${name}_crt.pem`) <= end('rootCA_certificate.pem'), name);
  });

  it('requests are signed by the key, with the subject and names of the certificate', () => {
    for (const name of ['mqttServer', ...DEVICES]) {
      const text = openssl('req', '-in', `${name}_crt.csr`, '-noout', '-verify', '-text');
      assert.match(text, /verify OK/);
      assert.equal(
        openssl('req', '-in', `${name}_crt.csr`, '-noout', '-pubkey'),
        openssl('x509', '-in', `${name}_crt.pem`, '-noout', '-pubkey'),
      );
      assert.equal(text.includes('DNS:win10.local'), name === 'mqttServer');
    }
  });

  it('the four forms of a key are the same key, and that of the certificate', () => {
    for (const name of ['mqttServer', ...DEVICES]) {
      const expected = openssl('x509', '-in', `${name}_crt.pem`, '-noout', '-pubkey');
      const forms = [
        ['-in', `${name}_key.pem`, '-passin', `pass:${PASSPHRASE}`],
        ['-in', `${name}_key_nopass.pem`],
      ];
      if (name !== 'mqttServer') forms.push(['-in', `${name}_key.key`, '-inform', 'der']);
      for (const form of forms) assert.equal(openssl('pkey', ...form, '-pubout'), expected, form[1]);
    }
    assert.equal(
      openssl('pkey', '-in', 'rootCA_key.pem', '-passin', `pass:${PASSPHRASE}`, '-pubout'),
      openssl('x509', '-in', 'rootCA_certificate.pem', '-noout', '-pubkey'),
    );
  });

  it('encrypted keys are PKCS#8 with PBES2 and AES-256-CBC, and open with the passphrase only', () => {
    for (const name of ['rootCA', 'mqttServer', ...DEVICES]) {
      const key = `${name}_key.pem`;
      assert.match(file(key).toString(), /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
      const structure = openssl('asn1parse', '-in', key);
      for (const part of ['PBES2', 'PBKDF2', 'aes-256-cbc']) assert.ok(structure.includes(part), `${key}: ${part}`);
      assert.notEqual(run('openssl', ['pkey', '-in', key, '-passin', 'pass:password123', '-noout']).status, 0);
    }
  });

  /** A client that knows the files of a folder. */
  const clientArgs = (device?: string, host = 'localhost'): string[] => [
    ...['-h', host, '-p', String(port), '--cafile', path.join(folder, 'rootCA_certificate.pem')],
    ...(device ? ['--cert', path.join(folder, `${device}_crt.pem`), '--key', path.join(folder, `${device}_key_nopass.pem`)] : []), // prettier-ignore
  ];
  const mqttJs = async (options: IClientOptions & { passphrase?: string }): Promise<void> => {
    const ca = file('rootCA_certificate.pem');
    const client = await connectAsync({
      protocol: 'mqtts',
      host: 'localhost',
      port,
      ca,
      reconnectPeriod: 0,
      ...options,
    });
    await client.endAsync();
  };

  it('Mosquitto starts with W24 unedited and obeys W25', async () => {
    const broker = await startExportedBroker(folder);
    try {
      const [dev01, nodeRed] = [clientArgs('SecuredDev01'), clientArgs('SecuredDev02')];
      assert.ok(subscribe(nodeRed, 'dev02', '+/status').accepted);
      publish(dev01, 'dev02/status', 'as if from dev02');
      publish(dev01, 'dev03/status', 'as if from dev03');
      publish(clientArgs('SecuredDev01', '127.0.0.1'), 'dev01/status', 'by address');
      assert.deepEqual(receive(nodeRed, 'dev02', '+/status', 1), ['dev01/status by address']);
      // Retained, so that it would come first if the broker had taken it.
      publish([...dev01, '-r'], 'dev01/display', 'a device does not write this');
      assert.ok(subscribe(dev01, 'dev01', 'dev01/display').accepted);
      publish(nodeRed, 'dev01/display', 'hello');
      assert.deepEqual(receive(dev01, 'dev01', 'dev01/display', 1), ['dev01/display hello']);
    } finally {
      await broker.stop();
    }
  });

  it('clients connect as W26 says; refused are the others', async () => {
    const broker = await startExportedBroker(folder);
    try {
      const [cert, key] = [file('SecuredDev02_crt.pem'), file('SecuredDev02_key.pem')];
      await mqttJs({ cert, key, passphrase: PASSPHRASE });
      await mqttJs({ cert, key, passphrase: PASSPHRASE, host: '127.0.0.1' });
      await assert.rejects(mqttJs({ cert, key, passphrase: PASSPHRASE, host: '127.0.0.2' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }); // prettier-ignore
      await assert.rejects(mqttJs({ cert, key, passphrase: PASSPHRASE, ca: cert }));
      await assert.rejects(mqttJs({}));
      assert.ok(!publish(clientArgs(), 'dev01/status', 'x').accepted, 'no client certificate');
      assert.ok(
        !publish([...clientArgs(), '-u', 'dev01', '-P', 'x'], 'dev01/status', 'x').accepted,
        'a password instead',
      );
      const asClient = ['--cert', path.join(folder, 'mqttServer_crt.pem'), '--key', path.join(folder, 'mqttServer_key_nopass.pem')]; // prettier-ignore
      assert.ok(!publish([...clientArgs(), ...asClient], 'dev01/status', 'x').accepted, 'the server as client');
      assert.ok(!publish(clientArgs('SecuredDev01', '127.0.0.2'), 'dev01/status', 'x').accepted, 'a wrong host');
    } finally {
      await broker.stop();
    }
  });

  it('a client id is bound to the certificate: dev01 cannot take the place of dev02', async () => {
    const broker = await startExportedBroker(folder);
    try {
      assert.ok(subscribe(clientArgs('SecuredDev02'), 'dev02', 'dev02/display').accepted);
      publish(clientArgs('SecuredDev02'), 'dev02/display', 'for dev02 only');
      // With the client id of dev02 it still is dev01 and gets what dev01 may read: nothing.
      assert.ok(subscribe(clientArgs('SecuredDev01'), 'dev02', 'dev01/interval').accepted);
      publish(clientArgs('SecuredDev02'), 'dev01/interval', 'for dev01');
      assert.deepEqual(receive(clientArgs('SecuredDev01'), 'dev02', 'dev01/interval', 1), ['dev01/interval for dev01']);
    } finally {
      await broker.stop();
    }
  });

  it('with a passphrase there is one remark: the broker\u2019s user must be able to read the files', () => {
    assert.deepEqual(plan.warnings.map(({ code }) => code), ['STORE_PERMISSION']); // prettier-ignore
  });

  describe('without passphrase', () => {
    before(async () => {
      [folder, plan] = await exportTo('without-passphrase');
    });

    it('everything is there but the key of the CA', () => {
      const expected = [...SCRIPT_FILES, ...BROKER_FILES].filter((name) => name !== 'rootCA_key.pem').sort();
      assert.deepEqual(readdirSync(folder).sort(), expected);
    });

    it('leaf keys are in clear, readable by the owner only, and that is said once', () => {
      for (const name of ['mqttServer', ...DEVICES]) {
        assert.match(file(`${name}_key.pem`).toString(), /^-----BEGIN PRIVATE KEY-----\n/);
        assert.equal(statSync(path.join(folder, `${name}_key.pem`)).mode & 0o777, 0o600);
      }
      assert.deepEqual(plan.warnings.map(({ code }) => code), ['KEY_NOT_ENCRYPTED', 'KEY_ABSENT', 'STORE_PERMISSION']); // prettier-ignore
    });

    it('Mosquitto starts with it too', async () => {
      const broker = await startExportedBroker(folder);
      try {
        assert.ok(publish(clientArgs('SecuredDev01'), 'dev01/status', 'hello').accepted);
      } finally {
        await broker.stop();
      }
    });
  });
});
