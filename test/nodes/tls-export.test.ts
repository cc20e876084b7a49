import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Node } from 'node-red';
import { unzipSync } from 'fflate';
import tlsCa = require('../../nodes/tls-ca');
import tlsExport = require('../../nodes/tls-export');
import tlsIssue = require('../../nodes/tls-issue');
import type { ExportResult } from '../../src/export/export-result';
import type { ZipSource } from '../../src/export/zip';
import type { CertificateResult } from '../../src/model/certificate-result';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS, type TlsExportConfig } from '../../src/model/config/tls-export';
import { TLS_ISSUE_DEFAULTS, type TlsIssueConfig } from '../../src/model/config/tls-issue';
import { Flows } from '../support/flows';

const PASSPHRASE = 'passphrase of the export';
const BROKER = { commonName: 'mosquitto', subjectAltNames: '["dns:localhost"]' };

function flow(config: Partial<TlsExportConfig>, issue: Partial<TlsIssueConfig>) {
  return [
    { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA', folder: 'pki/test' },
    { id: 'other', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Other CA', folder: 'pki/other' },
    { id: 'issuing', type: 'tls-issue', ...TLS_ISSUE_DEFAULTS, ca: 'ca', ...issue, z: 'tab', wires: [['issued']] },
    { id: 'issued', type: 'helper', z: 'tab' },
    { id: 'export', type: 'tls-export', ...TLS_EXPORT_DEFAULTS, ca: 'ca', folder: 'out', ...config, z: 'tab', wires: [['out']] }, // prettier-ignore
    { id: 'out', type: 'helper', z: 'tab' },
    { id: 'tab', type: 'tab' },
  ];
}

describe('tls-export', () => {
  let flows: Flows;
  let statuses: { fill?: string; text?: string }[];
  const start = async (
    config: Partial<TlsExportConfig> = {},
    credentials: { passphrase?: string; users?: string } = {},
    issue: Partial<TlsIssueConfig> = { profile: 'device' },
  ): Promise<void> => {
    flows = await Flows.start([tlsCa, tlsIssue, tlsExport], flow(config, issue), { export: credentials });
    statuses = [];
    flows
      .node('export')
      .on('call:status' as never, ((call: { args: [object] }) => statuses.push(call.args[0])) as never);
  };
  afterEach(() => flows.stop());

  const issue = async <T = CertificateResult>(payload: unknown): Promise<T> => {
    const outcome = await flows.send('issuing', { payload }, 'issued');
    assert.equal(outcome.error, undefined, outcome.error?.message);
    return outcome.payload as T;
  };
  const send = (payload: unknown, more: object = {}) => flows.send('export', { payload, ...more } as never, 'out');
  const exported = async (payload: unknown, more: object = {}): Promise<ExportResult> => {
    const outcome = await send(payload, more);
    assert.equal(outcome.error, undefined, outcome.error?.message);
    return outcome.payload as ExportResult;
  };
  const names = ({ files }: ExportResult): string[] => files.map(({ name }) => name).sort();
  const out = (...parts: string[]): string => path.join(flows.userDir, 'out', ...parts);
  const zip = () => (flows.node('export') as unknown as ZipSource).zip();

  it('writes the files of what tls-issue sends, below the user directory', async () => {
    await start();
    const result = await exported(await issue('dev01'));
    assert.deepEqual(Object.keys(result).sort(), ['files', 'folder', 'warnings']);
    assert.equal(result.folder, out());
    for (const { name, path: file, mode, ...rest } of result.files) {
      assert.deepEqual(Object.keys(rest), ['kind']);
      assert.equal(file, out(name));
      assert.equal(statSync(out(name)).mode & 0o777, mode);
    }
    const certificate = new X509Certificate(readFileSync(out('dev01.crt.pem')));
    assert.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(out('dev01.key.pem')))));
    assert.deepEqual(statuses.at(-1), { fill: 'green', shape: 'dot', text: `${result.files.length} files` });
  });

  const nothing: unknown[] = [undefined, null, '', true, Date.now(), []];
  it('exports the CA itself when the message asks for nothing', async () => {
    await start();
    for (const payload of nothing) assert.deepEqual(names(await exported(payload)), ['ca.pem']);
  });

  it('takes selectors and lists, newest first by name', async () => {
    await start();
    await issue('dev01');
    const newer = await issue('dev01');
    const other = await issue('dev02');
    await exported('dev01');
    assert.equal(new X509Certificate(readFileSync(out('dev01.crt.pem'))).serialNumber, newer.serialNumber);
    const result = await exported(['name:dev01', `serial:${other.serialNumber}`, other]);
    assert.equal(result.files.filter(({ kind }) => kind === 'private-key').length, 4);
  });

  it('sends the files when it is told to, and writes none', async () => {
    await start({ write: 'message' });
    const { folder, files } = await exported(await issue('dev01'));
    assert.equal(folder, '');
    for (const file of files) {
      assert.equal(file.path, undefined);
      assert.ok(Buffer.isBuffer(file.bytes));
    }
    assert.ok(!existsSync(out()));
  });

  it('the folder is the node\u2019s, whatever the message says', async () => {
    await start();
    const issued = await issue('dev01');
    const elsewhere = path.join(flows.userDir, 'elsewhere');
    const more = {
      folder: elsewhere,
      filename: '../x',
      layout: 'der',
      targetDir: '/x',
      passphrase: 'x',
      write: 'message',
    };
    const result = await exported({ ...issued, ...more, baseName: '../../x' }, more);
    assert.equal(result.folder, out());
    assert.ok(names(result).includes('dev01.key.pem'));
    assert.ok(!existsSync(elsewhere));
  });

  it('an empty folder is export/<layout>', async () => {
    await start({ folder: '', layout: 'der' });
    assert.equal((await exported(undefined)).folder, path.join(flows.userDir, 'export', 'der'));
  });

  it('hostile common names stay below the folder', async () => {
    await start();
    await exported(await issue('../../../etc/x'));
    assert.deepEqual(readdirSync(flows.userDir).filter((name) => !name.startsWith('.')).sort(), ['out', 'pki']); // prettier-ignore
    for (const name of readdirSync(out())) assert.match(name, /^(ca|etc-x)\./);
  });

  it('a file of the target that is a link is not followed', async () => {
    await start();
    const victim = path.join(flows.userDir, 'victim');
    writeFileSync(victim, 'untouched');
    mkdirSync(out());
    symlinkSync(victim, out('dev01.key.pem'));
    const { error } = await send(await issue('dev01'));
    assert.equal(error?.code, 'STORE_LINK');
    assert.equal(readFileSync(victim, 'utf8'), 'untouched');
  });

  const refused: [what: string, config: Partial<TlsExportConfig>, payload: unknown, code: string][] = [
    ['a buffer', {}, Buffer.from('dev01'), 'INPUT_PAYLOAD'],
    ['a number in a list', {}, ['dev01', 1], 'INPUT_PAYLOAD'],
    ['10,001 items', {}, Array.from({ length: 10_001 }, () => 'dev01'), 'INPUT_TOO_MANY'],
    ['an object that names nothing', {}, { certificate: 'x' }, 'INPUT_SELECTOR'],
    ['a name that was never issued', {}, 'dev99', 'CERT_NOT_FOUND'],
    ['the folder of the CA', { folder: 'pki/test' }, undefined, 'INPUT_FOLDER'],
    ['a folder in that of the CA', { folder: 'pki/test/private' }, undefined, 'INPUT_FOLDER'],
    ['the folder of another CA', { folder: 'pki/other/certs' }, undefined, 'INPUT_FOLDER'],
    ['the folder of the package\u2019s state', { folder: '.secure-mqtt/x' }, undefined, 'INPUT_FOLDER'],
    ['a hostile base name', { baseName: '../x' }, undefined, 'INPUT_FOLDER'],
    ['an unknown layout', { layout: 'jks' as never }, undefined, 'INPUT_LAYOUT'],
    ['a configuration without server certificate', { layout: 'mosquitto' }, undefined, 'INPUT_LAYOUT'],
    ['no CA', { ca: '' }, undefined, 'INPUT_CONFIG'],
    ['settings of a newer version', { version: 99 }, undefined, 'INPUT_CONFIG_VERSION'],
  ];
  for (const [what, config, payload, code] of refused) {
    it(`refuses ${what} before anything is written`, async () => {
      await start(config);
      const { error } = await send(payload);
      assert.equal(error?.code, code);
      assert.ok(error?.cause.hint, 'no hint');
      assert.equal(statuses.at(-1)?.fill, 'red');
      assert.ok(!existsSync(out()));
    });
  }

  it('a failure leaves the files of the last export as they are', async () => {
    await start();
    await exported(await issue('dev01'));
    const before = readFileSync(out('dev01.crt.pem'));
    await issue('dev01');
    assert.equal((await send(['dev01', 'dev99'])).error?.code, 'CERT_NOT_FOUND');
    assert.deepEqual(readFileSync(out('dev01.crt.pem')), before);
  });

  it('a key that is only in the message is written; a foreign one is refused', async () => {
    await start({}, {}, { profile: 'device', privateKeyTo: 'message' });
    const [one, two] = await issue<CertificateResult[]>(['dev01', 'dev02']);
    const { warnings } = await exported(one);
    assert.deepEqual(warnings, []);
    assert.ok(new X509Certificate(one?.certificate ?? '').checkPrivateKey(createPrivateKey(readFileSync(out('dev01.key.pem'))))); // prettier-ignore
    const { error } = await send({ ...one, privateKeyPem: two?.privateKeyPem });
    assert.equal(error?.code, 'KEY_MISMATCH');
    assert.deepEqual((await exported('dev01')).warnings.map(({ code }) => code), ['KEY_ABSENT']); // prettier-ignore
  });

  it('the passphrase of the node encrypts keys', async () => {
    await start({}, { passphrase: PASSPHRASE });
    await exported(await issue('dev01'));
    const pem = readFileSync(out('dev01.key.pem'), 'utf8');
    assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    createPrivateKey({ key: pem, passphrase: PASSPHRASE });
  });

  it('a remark makes the status yellow and says what', async () => {
    await start({ layout: 'workshop' });
    const { warnings } = await exported(await issue('dev01'));
    assert.ok(warnings.length > 0);
    assert.equal(statuses.at(-1)?.fill, 'yellow');
    assert.match(statuses.at(-1)?.text ?? '', /^\d+ files: /);
  });

  it('users come from the credential; a bad one is refused without its password', async () => {
    await start({ layout: 'mosquitto', level: 'server-password' }, { users: 'dev02:a secret word' }, BROKER);
    const result = await exported(await issue(Date.now()));
    assert.ok(names(result).includes('passwd'));
    assert.match(readFileSync(out('passwd'), 'utf8'), /^dev02:\$7\$/);
    await flows.stop();
    await start({ layout: 'mosquitto' }, { users: '[{"name":"x","password":"a secret word"' });
    const { error } = await send(undefined);
    assert.equal(error?.code, 'INPUT_CONFIG');
    assert.ok(!JSON.stringify(error).includes('secret word'));
  });

  describe('zip', () => {
    it('holds the files of the last message', async () => {
      await start({ name: 'My devices' });
      await exported(await issue('dev01'));
      const { name, bytes } = await zip();
      assert.equal(name, 'My-devices.zip');
      const entries = unzipSync(bytes);
      assert.deepEqual(Object.keys(entries).sort(), readdirSync(out()).sort());
      for (const [entry, content] of Object.entries(entries))
        assert.deepEqual(Buffer.from(content), readFileSync(out(entry)));
    });

    it('holds the CA itself before there was one, and what must be said', async () => {
      await start({ layout: 'workshop' });
      const entries = unzipSync((await zip()).bytes);
      assert.ok(entries['rootCA_certificate.pem'] && !entries['rootCA_key.pem']);
      assert.match(Buffer.from(entries['warnings.txt'] ?? []).toString(), /Set a passphrase/);
    });

    it('writes nothing and keeps no key of a message', async () => {
      await start({ write: 'message' }, {}, { profile: 'device', privateKeyTo: 'message' });
      await exported(await issue('dev01'));
      const entries = unzipSync((await zip()).bytes);
      assert.ok(!Object.keys(entries).some((name) => name.includes('key')));
      assert.ok(!existsSync(out()));
    });
  });

  it('two messages at once leave a key that belongs to its certificate', async () => {
    await start();
    const issued = [await issue('dev01'), await issue('dev01')];
    const node = flows.node<Node>('export');
    const both = new Promise<void>((resolve) => {
      let count = 0;
      flows.node('out').on('input', () => (count += 1) === 2 && resolve());
    });
    for (const payload of issued) node.receive({ payload } as never);
    await both;
    const certificate = new X509Certificate(readFileSync(out('dev01.crt.pem')));
    assert.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(out('dev01.key.pem')))));
  });
});
