import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ExportPlan } from '../../../src/export/export-plan';
import { planExport } from '../../../src/export/layouts';
import { EXPORT_LAYOUTS } from '../../../src/model/config/tls-export';
import { openPkcs12 } from '../../../src/encoding/pkcs12-reader';
import { Certificate } from '../../../src/pki/certificate';
import { readPkcs12 } from '../../../src/pki/pkcs12';
import { Canaries } from '../../support/canary';
import { SampleAuthority } from '../../support/sample-export';

const PASSPHRASE = 'nothing but a test';

function names({ files }: ExportPlan): string[] {
  return files.map(({ name }) => name).sort();
}

function content({ files }: ExportPlan, name: string): string {
  const file = files.find((one) => one.name === name);
  assert.ok(file, `${name} is not among ${files.map((one) => one.name).join(', ')}`);
  return file.content.toString();
}

function codes({ warnings }: ExportPlan): string[] {
  return warnings.map(({ code }) => code);
}

describe('layouts', () => {
  let sample: SampleAuthority;
  let below: SampleAuthority;
  before(async () => {
    sample = await SampleAuthority.create();
    below = await SampleAuthority.create({ intermediate: true });
  });

  it('an unknown one is refused with the list of those there are', async () => {
    for (const layout of ['jks', '', '__proto__', 'constructor']) {
      await assert.rejects(planExport(layout, sample.input([])), { code: 'INPUT_LAYOUT' });
    }
  });

  for (const layout of EXPORT_LAYOUTS) {
    // PKCS#12 is nothing without a passphrase, all others are tested in clear.
    const more = layout === 'pkcs12' ? { secretPassphrase: PASSPHRASE } : {};
    describe(layout, () => {
      it('keys, passwords and rules are readable by the owner only, certificates by all', async () => {
        const users = [{ name: 'dev02', secretPassword: 'a password', topics: [] }];
        const certificates = [await sample.server(), await sample.issue('device', 'dev01')];
        const { files } = await planExport(layout, sample.input(certificates, {}, { users, ...more }));
        for (const { name, mode, content: bytes } of files) {
          const secret = /PRIVATE KEY/.test(bytes.toString()) || /key|passwd|acl|p12/.test(name);
          assert.equal(mode, secret ? 0o600 : 0o644, name);
        }
      });

      it('no text has CR or lacks its last line end', async () => {
        const { files } = await planExport(layout, sample.input([await sample.server()], {}, more));
        for (const { name, content: bytes } of files) {
          if (/\.(der|key|p12)$/.test(name) || bytes.length === 0) continue;
          assert.ok(!bytes.includes('\r'), name);
          assert.equal(bytes.at(-1), 0x0a, name);
        }
      });

      it('a certificate without key gives its public files and a warning', async () => {
        const certificates = [await sample.server(), await sample.issue('device', 'dev01')];
        const keyless = certificates.map((one) => ({ ...one, secretPrivateKey: undefined }));
        const plan = await planExport(layout, sample.input(keyless, {}, more));
        assert.ok(codes(plan).includes('KEY_ABSENT'));
        assert.ok(!plan.files.some(({ kind, name }) => kind === 'private-key' && !name.startsWith('rootCA')));
      });

      it('the key of the CA is in none of the files in clear', async () => {
        const plan = await planExport(layout, sample.input([await sample.server()], {}, more));
        const canaries = new Canaries().addKey('key of the CA', sample.issuer.privateKey);
        assert.deepEqual(plan.files.flatMap(({ name, content: bytes }) => canaries.search(name, bytes)), []); // prettier-ignore
      });
    });
  }

  describe('pem', () => {
    it('a certificate', async () => {
      const plan = await planExport('pem', sample.input([await sample.issue('device', 'dev01')]));
      assert.deepEqual(names(plan), ['ca.pem', 'dev01.chain.pem', 'dev01.combined.pem', 'dev01.crt.pem', 'dev01.fullchain.pem', 'dev01.key.pem']); // prettier-ignore
      assert.deepEqual(plan.warnings, []);
      assert.match(content(plan, 'dev01.chain.pem'), /^No intermediate/);
    });

    it('the CA itself', async () => {
      assert.deepEqual(names(await planExport('pem', sample.input([]))), ['ca.pem']);
      assert.deepEqual(names(await planExport('pem', sample.input([], { baseName: 'home' }))), ['home.pem']);
    });

    it('under an intermediate: the chain has it, the full chain begins with the leaf, the root is in ca.pem only', async () => {
      const device = await below.issue('device', 'dev01');
      const plan = await planExport('pem', below.input([device]));
      const subjects = (name: string) =>
        Certificate.allFromPem(content(plan, name)).map(({ subjectText }) => subjectText);
      const [leaf, intermediate] = ['CN=dev01', 'CN=Sample CA,O=Sample'];
      assert.deepEqual(subjects('dev01.crt.pem'), [leaf]);
      assert.deepEqual(subjects('dev01.chain.pem'), [intermediate]);
      assert.deepEqual(subjects('dev01.fullchain.pem'), [leaf, intermediate]);
      assert.deepEqual(subjects('ca.pem'), ['CN=Sample Root,O=Sample']);
    });

    it('a passphrase encrypts the key alone and in the combined file', async () => {
      const device = await sample.issue('device', 'dev01');
      const plan = await planExport('pem', sample.input([device], {}, { secretPassphrase: PASSPHRASE }));
      for (const name of ['dev01.key.pem', 'dev01.combined.pem']) {
        assert.match(content(plan, name), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
        const key = createPrivateKey({ key: content(plan, name), passphrase: PASSPHRASE });
        assert.ok(key.equals(device.secretPrivateKey));
      }
    });

    it('a configured base name is used for one certificate, and not for several', async () => {
      const [one, two] = [await sample.issue('device', 'dev01'), await sample.issue('device', 'dev02')];
      const single = await planExport('pem', sample.input([one], { baseName: 'gateway' }));
      assert.ok(names(single).includes('gateway.key.pem'));
      const both = await planExport('pem', sample.input([one, two], { baseName: 'gateway' }));
      assert.ok(names(both).includes('dev01.key.pem') && names(both).includes('dev02.key.pem'));
    });

    it('two certificates of one name and one that is called ca get files of their own', async () => {
      const certificates = [
        await sample.issue('device', 'dev01'),
        await sample.issue('device', 'dev01'),
        await sample.issue('device', 'ca'),
      ];
      const plan = await planExport('pem', sample.input(certificates));
      assert.equal(plan.files.length, 3 * 5 + 1);
      assert.equal(content(plan, 'ca.pem'), sample.root.certificate.pem);
    });

    it('a hostile common name stays a plain file name', async () => {
      const plan = await planExport('pem', sample.input([await sample.issue('device', '../../etc/cron.d/x')]));
      for (const name of names(plan)) assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._-]*$/);
    });

    it('a name with a certificate in it, as an imported CA may have certified one, adds none to any file', async () => {
      const foreign = below.root.certificate.pem;
      const device = { ...(await sample.issue('client', 'dev01')), commonName: `dev01\n${foreign}` };
      for (const layout of ['pem', 'mosquitto', 'thin-edge', 'hono', 'node-red', 'esp8266', 'esp32'] as const) {
        const { files } = await planExport(
          layout,
          sample.input([device, await sample.server()], {}, { secretPassphrase: PASSPHRASE }),
        );
        const inner = foreign.split('\n')[1] ?? '';
        for (const file of files) assert.ok(!file.content.includes(`\n${inner}`), `${layout}: ${file.name}`);
      }
    });

    it('a hostile base name is refused', async () => {
      const input = sample.input([await sample.issue('device', 'dev01')], { baseName: '../x' });
      await assert.rejects(planExport('pem', input), { code: 'INPUT_FOLDER' });
    });
  });

  describe('der and c-header', () => {
    it('have the certificate, the PKCS#8 key and the CA, and each its header', async () => {
      const device = await below.issue('device', 'dev01');
      const binary = names(await planExport('der', below.input([device])));
      assert.deepEqual(binary, ['ca.der', 'dev01.chain1.der', 'dev01.crt.der', 'dev01.key.der']);
      const headers = names(await planExport('c-header', below.input([device])));
      const literals = ['ca.pem.h', 'dev01.crt.pem.h', 'dev01.key.pem.h'];
      assert.deepEqual(headers, [...binary, ...binary.map((name) => `${name}.h`), ...literals].sort());
    });

    it('headers are what xxd -i prints, literals are the PEM text', async () => {
      const plan = await planExport('c-header', below.input([await below.issue('device', '1st dev.01')]));
      const folder = mkdtempSync(path.join(os.tmpdir(), 'headers-'));
      for (const { name, content: bytes } of plan.files) writeFileSync(path.join(folder, name), bytes);
      for (const name of names(plan).filter((one) => one.endsWith('.der.h'))) {
        const printed = execFileSync('xxd', ['-i', name.slice(0, -2)], { cwd: folder, encoding: 'utf8' });
        assert.equal(content(plan, name), printed, name);
      }
      rmSync(folder, { recursive: true });
      const [, literal = ''] = content(plan, 'ca.pem.h').split(' =\n');
      const text = literal.replace(/;\s*$/, '').split('\n').map((line) => JSON.parse(line.trim()) as string).join(''); // prettier-ignore
      assert.equal(text, below.root.certificate.pem);
    });

    it('say that a passphrase does not encrypt a DER key', async () => {
      const device = await sample.issue('device', 'dev01');
      const plan = await planExport('der', sample.input([device], {}, { secretPassphrase: PASSPHRASE }));
      assert.deepEqual(codes(plan), ['KEY_NOT_ENCRYPTED']);
    });

    it('in flash memory when asked', async () => {
      const plan = await planExport('c-header', sample.input([], { progmem: true }));
      assert.match(content(plan, 'ca.der.h'), /^const unsigned char ca_der\[\] PROGMEM = \{/);
      assert.match(content(plan, 'ca.pem.h'), /^const char ca_pem\[\] PROGMEM =/);
    });
  });

  describe('pkcs12', () => {
    const plan = (
      certificates: Parameters<SampleAuthority['input']>[0],
      settings = {},
      secretPassphrase = PASSPHRASE,
    ) => planExport('pkcs12', below.input(certificates, settings, { secretPassphrase }));
    const read = ({ files }: ExportPlan, name: string) => {
      const file = files.find((one) => one.name === name);
      assert.ok(file, name);
      return readPkcs12(file.content, PASSPHRASE);
    };

    it('a key store for each certificate, with its chain up to the root, and one trust store', async () => {
      const certificates = [await below.issue('device', 'dev 01'), await below.server()];
      const made = await plan(certificates);
      assert.deepEqual(names(made), ['dev-01.p12', 'mosquitto.p12', 'truststore.p12']);
      const store = await read(made, 'dev-01.p12');
      assert.ok(store.privateKey?.equals(certificates[0]?.secretPrivateKey as never));
      const subjects = [store.certificate, ...store.chain].map((one) => one?.subjectText);
      assert.deepEqual(subjects, ['CN=dev 01', 'CN=Sample CA,O=Sample', 'CN=Sample Root,O=Sample']);
      assert.equal(store.friendlyName, 'dev 01');
      const { trusted, others } = await read(made, 'truststore.p12');
      assert.deepEqual([trusted.map(({ pem }) => pem), others], [[below.root.certificate.pem], []]); // prettier-ignore
      assert.deepEqual(made.warnings, []);
    });

    it('the alias is the configured one for one certificate, else the common name', async () => {
      const [one, two] = [await below.issue('device', 'dev01'), await below.issue('device', 'dev02')];
      const aliased = await plan([one], { alias: ' gateway ', baseName: 'gw' });
      assert.equal((await read(aliased, 'gw.p12')).friendlyName, 'gateway');
      assert.equal((await read(await plan([one, two], { alias: 'gateway' }), 'dev02.p12')).friendlyName, 'dev02');
      for (const alias of [' ', 'x\ny', 'x'.repeat(101)]) {
        await assert.rejects(plan([one], { alias }), { code: 'INPUT_CONFIG', cause: { field: 'alias', value: JSON.stringify(alias) } }); // prettier-ignore
      }
    });

    it('the CA itself is a trust store, called as configured', async () => {
      assert.deepEqual(names(await plan([])), ['truststore.p12']);
      assert.deepEqual(names(await plan([], { baseName: 'home' })), ['home.p12']);
    });

    it('two anchors of one name get two aliases', async () => {
      const input = below.input([], {}, { secretPassphrase: PASSPHRASE });
      const trustAnchors = [below.root.certificate, sample.root.certificate];
      const made = await planExport('pkcs12', { ...input, authority: { ...input.authority, trustAnchors } });
      const { bags } = await openPkcs12(made.files[0]?.content ?? Buffer.alloc(0), PASSPHRASE);
      const serial = sample.root.certificate.serialNumber.slice(0, 8);
      assert.deepEqual(bags.map(({ friendlyName }) => friendlyName), ['Sample-Root', `Sample-Root-${serial}`]); // prettier-ignore
    });

    it('a certificate called truststore does not become the trust store', async () => {
      const made = await plan([await below.issue('device', 'truststore')]);
      assert.equal(made.files.length, 2);
      assert.equal((await read(made, 'truststore.p12')).trusted.length, 1);
    });

    it('needs a passphrase', async () => {
      await assert.rejects(planExport('pkcs12', below.input([])), { code: 'INPUT_PASSPHRASE' });
      await assert.rejects(plan([], {}, ''), { code: 'INPUT_PASSPHRASE' });
    });

    it('warns of a passphrase that Java cannot use, and of the old protection', async () => {
      assert.deepEqual(codes(await plan([], {}, 'Grüße')), ['INPUT_PASSPHRASE']);
      assert.deepEqual(codes(await plan([], {}, ' ~aZ0"\\')), []);
      const old = await plan([await below.server()], { legacy: true });
      assert.deepEqual(codes(old), ['P12_WEAK']);
      assert.match((await read(old, 'mosquitto.p12')).warnings[0]?.message ?? '', /3DES/);
    });
  });

  describe('workshop', () => {
    const ROOT = ['rootCA_certificate.der', 'rootCA_certificate.der.h', 'rootCA_certificate.pem'];

    it('the CA itself, without passphrase: no key and a warning that says how to get it', async () => {
      const plan = await planExport('workshop', sample.input([]));
      assert.deepEqual(names(plan), ROOT);
      assert.deepEqual(codes(plan), ['KEY_ABSENT']);
      assert.match(plan.warnings[0]?.hint ?? '', /Set a passphrase/);
    });

    it('the CA itself with passphrase: its key, encrypted', async () => {
      const plan = await planExport('workshop', sample.input([], {}, { secretPassphrase: PASSPHRASE }));
      assert.deepEqual(names(plan), [...ROOT, 'rootCA_key.pem'].sort());
      const key = createPrivateKey({ key: content(plan, 'rootCA_key.pem'), passphrase: PASSPHRASE });
      assert.ok(key.equals(sample.root.privateKey));
      assert.deepEqual(plan.warnings, []);
    });

    it('in a message: never the key of the CA', async () => {
      const plan = await planExport(
        'workshop',
        sample.input([], { write: 'message' }, { secretPassphrase: PASSPHRASE }),
      );
      assert.deepEqual(names(plan), ROOT);
      assert.deepEqual(codes(plan), ['KEY_ABSENT']);
    });

    it('under an intermediate: the root is the root, its key is elsewhere', async () => {
      const plan = await planExport(
        'workshop',
        below.input([await below.server()], {}, { secretPassphrase: PASSPHRASE }),
      );
      assert.ok(!names(plan).includes('rootCA_key.pem'));
      assert.equal(content(plan, 'rootCA_certificate.pem'), below.root.certificate.pem);
      assert.equal(Certificate.allFromPem(content(plan, 'mqttServer_crt.pem')).length, 2);
    });

    it('without passphrase one warning lists the keys in clear', async () => {
      const certificates = [await sample.server(), await sample.issue('device', 'dev01')];
      const { warnings } = await planExport('workshop', sample.input(certificates));
      const clear = warnings.filter(({ code }) => code === 'KEY_NOT_ENCRYPTED');
      assert.deepEqual(clear.map(({ cause }) => cause.files), [['mqttServer_key.pem', 'SecuredDev01_key.pem']]); // prettier-ignore
    });

    it('devices are counted in the order of the message, wherever the server stands', async () => {
      const certificates = [
        await sample.issue('device', 'first'),
        await sample.server(),
        await sample.issue('client', 'second'),
      ];
      const plan = await planExport('workshop', sample.input(certificates));
      const subject = (name: string) => Certificate.fromPem(content(plan, name)).subject.commonName;
      assert.equal(subject('SecuredDev01_crt.pem'), 'first');
      assert.equal(subject('SecuredDev02_crt.pem'), 'second');
      assert.match(content(plan, 'acl.cfg'), /^user second$/m);
    });

    it('a base name replaces SecuredDev, or names a single certificate', async () => {
      const [server, one, two] = [
        await sample.server(),
        await sample.issue('device', 'a'),
        await sample.issue('device', 'b'),
      ];
      const many = names(await planExport('workshop', sample.input([server, one, two], { baseName: 'Room' })));
      assert.ok(
        many.includes('mqttServer_crt.pem') && many.includes('Room01_crt.pem') && many.includes('Room02_crt.pem'),
      );
      assert.ok(
        names(await planExport('workshop', sample.input([one], { baseName: 'Room' }))).includes('Room_crt.pem'),
      );
    });

    it('devices alone do not replace the configuration of the broker', async () => {
      const plan = await planExport('workshop', sample.input([await sample.issue('device', 'dev01')]));
      assert.ok(!names(plan).some((name) => ['mosquitto.conf', 'acl.cfg', 'passwd'].includes(name)));
    });

    it('a common name that is no line of an ACL does not become one', async () => {
      const certificates = [
        await sample.server(),
        await sample.issue('device', 'dev01'),
        await sample.issue('device', '# x'),
      ];
      const plan = await planExport('workshop', sample.input(certificates));
      assert.match(content(plan, 'acl.cfg'), /^user # x$/m);
    });
  });

  describe('node-red', () => {
    for (const name of ['${SECRET}', '$(SECRET)', '${a b}']) {
      it(`the name ${name} is not taken by Node-RED for an environment variable`, async () => {
        const plan = await planExport('node-red', sample.input([await sample.issue('client', name)]));
        const flow = plan.files.find((file) => file.name.endsWith('.json'));
        const [, broker] = JSON.parse(flow?.content.toString() ?? '[]') as Record<string, unknown>[];
        assert.equal(broker?.type, 'mqtt-broker');
        for (const value of Object.values(broker)) assert.doesNotMatch(String(value), /^\$.*[})]$/);
      });
    }
  });

  describe('mosquitto', () => {
    const option = (plan: ExportPlan, name: string): string | undefined =>
      new RegExp(`^${name} (.*)$`, 'm').exec(content(plan, 'mosquitto.conf'))?.[1];

    it('names every file below the folder of the broker, whatever slashes it ends with', async () => {
      for (const targetDir of ['/etc/mosquitto/certs', '/etc/mosquitto/certs/', ' /etc/mosquitto/certs// ']) {
        const plan = await planExport('mosquitto', sample.input([await sample.server()], { targetDir }));
        assert.equal(option(plan, 'cafile'), '/etc/mosquitto/certs/ca.pem');
        assert.equal(option(plan, 'certfile'), '/etc/mosquitto/certs/server.crt.pem');
        assert.equal(option(plan, 'keyfile'), '/etc/mosquitto/certs/server.key.pem');
        assert.equal(option(plan, 'persistence_location'), '/var/lib/mosquitto/');
      }
    });

    it('every file that the configuration names is in the plan', async () => {
      const users = [{ name: 'dev02', secretPassword: 'a password', topics: [] }];
      for (const level of ['plain', 'server', 'server-password', 'mutual'] as const) {
        for (const dialect of ['2.0', '2.1'] as const) {
          const settings = { level, dialect, crl: 'static', targetDir: '/x' } as const;
          const plan = await planExport('mosquitto', sample.input([await sample.server()], settings, { users }));
          for (const [, file] of content(plan, 'mosquitto.conf').matchAll(/ \/x\/(\S+)$/gm)) {
            assert.ok(names(plan).includes(file ?? ''), `${level} ${dialect}: ${file}`);
          }
        }
      }
    });

    it('a level that encrypts needs a server certificate', async () => {
      for (const level of ['server', 'mutual'] as const) {
        const input = sample.input([await sample.issue('device', 'dev01')], { level });
        await assert.rejects(planExport('mosquitto', input), { code: 'INPUT_LAYOUT' });
      }
    });

    it('server-password needs users', async () => {
      const input = sample.input([await sample.server()], { level: 'server-password' });
      await assert.rejects(planExport('mosquitto', input), { code: 'INPUT_LAYOUT', cause: { field: 'users', level: 'server-password' } }); // prettier-ignore
    });

    const broken: [field: string, settings: object, code: string][] = [
      ['a folder with a line break', { targetDir: '/x\nallow_anonymous true' }, 'INPUT_LAYOUT'],
      ['an empty folder', { targetDir: ' ' }, 'INPUT_LAYOUT'],
      ['port 0', { brokerPort: 0 }, 'INPUT_PORT'],
      ['port 65536', { brokerPort: 65_536 }, 'INPUT_PORT'],
      ['a port with a line break', { brokerPort: '8883\nallow_anonymous true' }, 'INPUT_PORT'],
      ['an unknown level', { level: 'none' }, 'INPUT_LAYOUT'],
    ];
    for (const [what, settings, code] of broken) {
      it(`${what} is refused`, async () => {
        await assert.rejects(planExport('mosquitto', sample.input([await sample.server()], settings)), { code });
      });
    }

    it('2.1 uses the plugins of its manual and says that it was never run', async () => {
      const users = [{ name: 'dev02', secretPassword: 'a password', topics: [] }];
      const settings = { dialect: '2.1', level: 'server-password' } as const;
      const plan = await planExport('mosquitto', sample.input([await sample.server()], settings, { users }));
      const text = content(plan, 'mosquitto.conf');
      assert.match(text, /^global_plugin \S+mosquitto_password_file\.so\nplugin_opt_password_file \S+passwd$/m);
      assert.match(text, /^global_plugin \S+mosquitto_acl_file\.so\nplugin_opt_acl_file \S+acl$/m);
      assert.doesNotMatch(text, /^(password_file|acl_file|per_listener_settings) /m);
      assert.match(text, /Written from the manual/);
      assert.ok(codes(plan).includes('INPUT_LAYOUT'));
    });

    it('the live list warns that nothing rewrites it, the static one does not', async () => {
      const server = await sample.server();
      assert.ok(
        codes(await planExport('mosquitto', sample.input([server], { crl: 'live' }))).includes('CRL_EXPIRES_SOON'),
      );
      const still = await planExport('mosquitto', sample.input([server], { crl: 'static' }));
      assert.ok(!codes(still).includes('CRL_EXPIRES_SOON'));
      assert.equal(option(still, 'crlfile'), '/mosquitto/config/cert/crl.pem');
    });

    it('a broker host that a person set and the certificate lacks is said', async () => {
      const server = await sample.server();
      const wrong = await planExport('mosquitto', sample.input([server], { brokerHost: 'broker.example.org' }));
      assert.ok(codes(wrong).includes('CERT_NAME_MISMATCH'));
      const right = await planExport('mosquitto', sample.input([server], { brokerHost: '127.0.0.1' }));
      assert.ok(!codes(right).includes('CERT_NAME_MISMATCH'));
    });

    it('programs have all topics, devices their own', async () => {
      const certificates = [
        await sample.server(),
        await sample.issue('client', 'node-red'),
        await sample.issue('device', 'dev01'),
      ];
      const acl = content(await planExport('mosquitto', sample.input(certificates)), 'acl');
      assert.match(acl, /^pattern readwrite %u\/#$/m);
      assert.match(acl, /^user node-red\ntopic readwrite #$/m);
      // Mosquitto drops the blank, and dev01 would have all topics.
      const blank = { ...(await sample.issue('client', 'program')), commonName: ' dev01' };
      assert.doesNotMatch(
        content(await planExport('mosquitto', sample.input([await sample.server(), blank])), 'acl'),
        /^user/m,
      );
      assert.doesNotMatch(acl, /dev01$/m);
    });

    it('the hint about the broker\u2019s user is given for files only', async () => {
      const server = await sample.server();
      assert.ok(codes(await planExport('mosquitto', sample.input([server]))).includes('STORE_PERMISSION'));
      const sent = await planExport('mosquitto', sample.input([server], { write: 'message' }));
      assert.ok(!codes(sent).includes('STORE_PERMISSION'));
    });
  });
});
