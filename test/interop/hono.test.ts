import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ExportPlan } from '../../src/export/export-plan';
import { planExport } from '../../src/export/layouts';
import { Certificate } from '../../src/pki/certificate';
import { runStores, serveStores } from '../support/java';
import { judge } from '../support/openssl';
import { SampleAuthority } from '../support/sample-export';
import { temporaryFolder } from '../support/temporary-folder';

const PASSPHRASE = 'honotrust';

function write({ files }: ExportPlan): string {
  const folder = temporaryFolder();
  for (const { name, content } of files) writeFileSync(path.join(folder, name), content);
  return folder;
}

const text = ({ files }: ExportPlan, wanted: string): string =>
  files.find(({ name }) => name === wanted)?.content.toString() ?? assert.fail(`no ${wanted}`);

describe('Hono layout', () => {
  let pki: SampleAuthority;
  let components: Awaited<ReturnType<SampleAuthority['issue']>>[];

  before(async () => {
    pki = await SampleAuthority.create({ intermediate: true, keyType: 'ec-p384' });
    components = [
      await pki.issue('server-client', 'mqtt-adapter', ['dns:hono-adapter-mqtt.hono', 'dns:localhost']),
      await pki.issue('server-client', 'auth-server', ['dns:hono-service-auth.hono', 'dns:localhost']),
    ];
  });

  const plan = (certificates = components, settings = {}) =>
    planExport('hono', pki.input(certificates, settings, { secretPassphrase: PASSPHRASE }));

  it('has the files of the demo certificates, with their names', async () => {
    assert.deepEqual((await plan()).files.map(({ name }) => name).sort(), [
      'auth-server-cert.pem',
      'auth-server-key.pem',
      'authServerKeyStore.p12',
      'mqtt-adapter-cert.pem',
      'mqtt-adapter-key.pem',
      'mqttKeyStore.p12',
      'trustStore.jks',
      'trusted-certs.pem',
    ]);
  });

  it('a certificate is followed by the intermediate, and both are trusted by the common file', async () => {
    const made = await plan();
    const subjects = (name: string) => Certificate.allFromPem(text(made, name)).map(({ subjectText }) => subjectText);
    assert.deepEqual(subjects('auth-server-cert.pem'), ['CN=auth-server', 'CN=Sample CA,O=Sample']);
    assert.deepEqual(subjects('trusted-certs.pem'), ['CN=Sample CA,O=Sample', 'CN=Sample Root,O=Sample']);
    const folder = write(made);
    const args = ['verify', '-x509_strict', '-CAfile', 'trusted-certs.pem', '-purpose', 'sslserver'];
    const said = execFileSync('openssl', [...args, '-verify_hostname', 'localhost', 'auth-server-cert.pem'], { cwd: folder, encoding: 'utf8' }); // prettier-ignore
    assert.match(said, /OK/);
  });

  it('without a passphrase there are no stores', async () => {
    const { files } = await planExport('hono', pki.input(components));
    assert.ok(!files.some(({ name }) => /p12|jks/.test(name)));
  });

  it('Java opens the stores: the aliases are those of Hono, and two components talk', async () => {
    const folder = write(await plan());
    const [adapter, server, trust] = ['mqttKeyStore.p12', 'authServerKeyStore.p12', 'trustStore.jks'].map((name) => path.join(folder, name)) as [string, string, string]; // prettier-ignore
    const listed = await runStores(['list', adapter, trust], PASSPHRASE);
    assert.equal(listed.status, 0, listed.output);
    assert.match(listed.output, /mqtt-adapter/);
    assert.match(listed.output, /sample-ca/i);
    assert.match(listed.output, /sample-root/i);
    const { port, close } = await serveStores(server, trust, PASSPHRASE);
    const met = await runStores(['connect', adapter, trust, 'localhost', String(port)], PASSPHRASE);
    await close();
    assert.equal(met.status, 0, met.output);
  });

  it('a base name puts several host names of one address into one key store', async () => {
    const made = await plan(components, { baseName: 'sni' });
    const stores = made.files.filter(({ name }) => name.endsWith('.p12'));
    assert.deepEqual(stores.map(({ name }) => name), ['sniKeyStore.p12']); // prettier-ignore
    const args = ['pkcs12', '-nokeys', '-clcerts', '-in', 's.p12', '-passin', `pass:${PASSPHRASE}`];
    const { output } = judge('openssl', args, { 's.p12': stores[0]?.content ?? '' });
    assert.match(output, /friendlyName: mqtt-adapter/);
    assert.match(output, /friendlyName: auth-server/);
  });

  it('a tenant gets the facts of its CA, which openssl confirms, and the subjects of its devices', async () => {
    const tenant = await SampleAuthority.create();
    const devices = [await tenant.issue('device', 'device-4711'), await tenant.issue('device', 'Gerät 4712')];
    const made = await planExport('hono', tenant.input(devices));
    const { certificate } = tenant.root;
    const files = { 'ca.pem': certificate.pem };
    const key = judge('openssl', ['x509', '-in', 'ca.pem', '-noout', '-pubkey'], files).output.replace(/---.*|\n/g, '');
    const [subject, start] = [['-subject', '-nameopt', 'RFC2253'], ['-startdate', '-dateopt', 'iso_8601']].map((ask) =>
      judge('openssl', ['x509', '-in', 'ca.pem', '-noout', ...ask], files).output.trim().replace(/^\w+=/, '')) as [string, string]; // prettier-ignore
    const properties = text(made, 'trust-anchor.properties').split('\n');
    assert.equal(properties[0], `trusted-ca.subject-dn=${subject}`);
    assert.equal(properties[1], `trusted-ca.public-key=${key}`);
    assert.equal(properties[2], 'trusted-ca.algorithm=EC');
    assert.equal(properties[3], `trusted-ca.not-before=${start.replace(' ', 'T').replace('Z', '+00:00')}`);
    assert.match(properties[4] ?? '', /^trusted-ca\.not-after=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
    assert.equal(
      text(made, 'device-certs.properties'),
      'cert.device-4711.subject=CN=device-4711\ncert.Gerat-4712.subject=CN=Ger\\u00e4t 4712\n',
    );
  });
});
