import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileSketch, headerTexts } from '../support/arduino';
import { onFreePorts, type FlowNode } from '../support/example-flow';
import { ExampleSession, type ExampleTab } from '../support/example-session';
import { publish } from '../support/exported-broker';
import { runStores } from '../support/java';
import { mosquittoProgram } from '../support/mosquitto';
import type { NodeRedVersion } from '../support/node-red-process';

/** As root Mosquitto would change to its own user, which may not read keys of root: the example says so. */
function readableByMosquitto(flow: FlowNode[]): FlowNode[] {
  if (process.getuid?.() !== 0) return flow;
  const text = JSON.stringify(flow).replaceAll('(echo per_listener', '(echo user root; echo per_listener');
  return JSON.parse(text) as FlowNode[];
}

const CHANNELS = [
  'consumer → router',
  'device registry → auth server',
  'mqtt adapter → device registry',
  'mqtt adapter → command router',
  'device-4711 → mqtt adapter',
  'health check → http adapter',
];

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`examples 08, 10 and 11 in Node-RED ${version}, imported together`, function () {
    this.timeout(180_000);
    // What other programs say of the files does not depend on the version of Node-RED.
    const once = (title: string, test: () => void | Promise<void>) => {
      if (version === '5') it(title, test);
    };
    let session: ExampleSession;
    let esp: FlowNode[];
    let gateway: FlowNode[];

    before(async () => {
      mosquittoProgram();
      esp = await onFreePorts('08', [8886]);
      gateway = readableByMosquitto(await onFreePorts('10', [8887, 8888]));
      session = await ExampleSession.start(version, esp, gateway, await onFreePorts('11', [8889, 8890]));
    });
    after(() => session.stop());

    const inUserDir = (path: string) => join(session.nodeRed.userDir, path);
    const portOf = (flow: FlowNode[], name: string) => String(flow.find((node) => node.name === name)?.port);
    const openssl = (...args: string[]) => {
      const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8', input: '' });
      return stdout + stderr;
    };
    const judged = (folder: string, trust: string, certificate: string, ...more: string[]) =>
      openssl('verify', '-x509_strict', '-CAfile', join(folder, trust), ...more, join(folder, certificate));
    /** Only what was there before its files were made may have failed. */
    const onlyWaited = (tab: ExampleTab) =>
      assert.deepEqual(
        tab.said('error').map((text) => (JSON.parse(text) as { code: string }).code).filter((code) => !/^(STORE_NOT_FOUND|NET_REFUSED)$/.test(code)),
        [],
      ); // prettier-ignore

    describe('08', () => {
      const tab = () => session.tab('08 ESP8266');
      const files = () => inUserDir('example-08/mqtt_over_tls');

      it('gives the device its files, and the device talks with exactly these', async () => {
        await tab().shows('dev01 publishes its status', /^red ring file not found$/);
        await tab().press('make the files of dev01');
        await tab().lines('where they are', 2);
        await tab().says('can it use it?', /^dev01, rsa-2048: an ESP8266 can use it$/);
        await tab().shows('dev01 publishes its status', /^green dot connected$/);
        await tab().shows('to the device', /^green dot connected$/);
        await tab().press('the sensor measures');
        const measured = await tab().says('temperature', /^dev01: [\d.]+ °C, 48 %$/);
        const degrees = Number(/: ([\d.]+)/.exec(measured)?.[1]);
        const colour = degrees > 25 ? 'red 255, green 0, blue 0' : degrees < 20 ? 'red 0, green 0, blue 255' : 'red 0, green 255, blue 0'; // prettier-ignore
        assert.equal(await tab().says('its LED', /./), colour);
        await tab().press('a reading every 30 seconds');
        await tab().says('its interval', /^a reading every 30 seconds$/);
        onlyWaited(tab());
      });

      once('compiles the sketch that it has written, for this host and port, with the files that lie beside it', () => {
        assert.equal(compileSketch('esp8266', files()), '');
        assert.equal(compileSketch('esp8266', files(), '-DFROM_LITTLEFS=1'), '');
        const beside = (name: string) => readFileSync(join(files(), name), 'utf8');
        assert.deepEqual(headerTexts(files(), 'dev01.h'), {
          ca_certificate: beside('ca.pem'),
          device_certificate: beside('dev01.crt.pem'),
          device_private_key: beside('dev01.key.pem'),
          DEVICE_NAME: 'dev01',
        });
        assert.match(beside('mqtt_over_tls.ino'), new RegExp(`MQTT_HOST "mybroker\\.local"\n#define MQTT_PORT ${portOf(esp, 'broker')}\n`)); // prettier-ignore
      });

      once('has what the sketch of the workshop opens, by these names', () => {
        const folder = inUserDir('example-08/workshop');
        const key = openssl('rsa', '-in', join(folder, 'SecuredDev01_key_nopass.pem'), '-noout', '-modulus');
        assert.match(key, /^Modulus=[0-9A-F]{512}\n/);
        const certificate = openssl('x509', '-in', join(folder, 'SecuredDev01_crt.pem'), '-noout', '-modulus');
        assert.equal(certificate, key);
        assert.match(judged(folder, 'rootCA_certificate.pem', 'SecuredDev01_crt.pem', '-purpose', 'sslclient'), /OK/);
      });

      once('has a broker that speaks as an ESP8266 does: TLS 1.2, short records, the name of the broker', () => {
        const [cert, key, ca] = ['dev01.crt.pem', 'dev01.key.pem', 'ca.pem'].map((name) => join(files(), name)) as [string, string, string]; // prettier-ignore
        const at = ['-connect', `127.0.0.1:${portOf(esp, 'broker')}`, '-servername', 'mybroker.local'];
        const device = ['-cert', cert, '-key', key, '-CAfile', ca, '-verify_hostname', 'mybroker.local'];
        const said = openssl('s_client', '-tls1_2', '-maxfraglen', '1024', '-tlsextdebug', ...at, ...device);
        assert.match(said, /Verify return code: 0 \(ok\)/);
        assert.match(said, /TLS server extension "max fragment length" \(id=1\)/);
      });

      it('reads the verdict on certificates of a broker aloud', async () => {
        await tab().press('four broker certificates');
        const four = (await tab().lines('the verdicts', 1))[0]?.split('\n') ?? [];
        assert.match(four.slice(0, 3).join('\n'), /^mybroker\.local, rsa-2048, \d+ bytes: ok\n.* ec-p256, .* ok\n.* ec-p384, .* ok$/); // prettier-ignore
        assert.match(four[3] ?? '', /^192\.168\.0\.147, ec-p256, \d+ bytes: refused, an ESP8266 cannot verify an IP/);
        await tab().press('an address, written as a name');
        assert.match((await tab().lines('the verdicts', 2))[1] ?? '', /^192\.168\.0\.147, ec-p256, \d+ bytes: ok$/);
      });
    });

    describe('10', () => {
      const tab = () => session.tab('10 thin-edge.io gateway');
      const files = () => inUserDir('example-10/gateway');

      it('carries readings through a real Mosquitto up, and commands down', async () => {
        await tab().press('make the files');
        assert.equal((await tab().says('what it sets', /./)).split('\n').length, 9);
        await tab().press('start the gateway');
        await tab().says('who connects', /^connected: gateway$/);
        for (const name of tab().named(/^secure-mqtt-(in|out)$/)) await tab().shows(name, /^green dot connected$/);
        await tab().press('child01 measures');
        await tab().says('measured', /^gateway, child01: [\d.]+ °C$/);
        await tab().press('restart child01');
        await tab().says('child01 is told', /^restart: init$/);
        await tab().press('look at the gateway');
        await tab().says('it presents', /^CN=gateway\.local, good for 396 days; it asks for a certificate$/);
        onlyWaited(tab());
      });

      once('has certificates that openssl accepts, each for its purpose', () => {
        const role = (name: string, purpose: string) => /: OK/.test(judged(files(), 'ca.pem', `${name}.crt.pem`, '-purpose', purpose)); // prettier-ignore
        const roles = ['server', 'tedge', 'gateway', 'child01'].map((name) => [name, role(name, 'sslserver'), role(name, 'sslclient')]); // prettier-ignore
        assert.deepEqual(roles, [
          ['server', true, false],
          ['tedge', false, true],
          ['gateway', false, true],
          ['child01', false, true],
        ]);
      });

      once('lets the gateway write below its own name only, and nobody in without a certificate', async () => {
        const at = (name: string) => ['-h', 'localhost', '-p', portOf(gateway, name), '--cafile', join(files(), 'ca.pem')]; // prettier-ignore
        const shown = ['--cert', join(files(), 'gateway.crt.pem'), '--key', join(files(), 'gateway.key.pem')];
        const cloud = at('broker of the cloud');
        const before = tab().said('measured').length;
        assert.ok(
          publish([...cloud, ...shown], 'other/te/device/x///m/y', '{"temperature":1}').accepted,
          'and dropped',
        );
        assert.ok(publish([...cloud, ...shown], 'gateway/te/device/x///m/y', '{"temperature":2}').accepted);
        assert.deepEqual((await tab().lines('measured', before + 1)).slice(before), ['gateway, x: 2 °C']);
        assert.ok(!publish(cloud, 'gateway/te/device/x///m/y', '{}').accepted);
        assert.ok(!publish(at('10 gateway as child01'), 'te/device/child01///m/y', '{}').accepted);
      });
    });

    describe('11', () => {
      const tab = () => session.tab('11 Hono components');
      const files = () => inUserDir('example-11/hono');
      const judgedChannels = async (rounds: number) => {
        const lines = (await tab().lines('the channels', rounds * CHANNELS.length)).slice(-CHANNELS.length);
        const ok = lines.map((line) => /^(.*): ok, CN=.*, 364 days left$/.exec(line)?.[1] ?? line);
        assert.deepEqual(ok.sort(), [...CHANNELS].sort());
      };

      it('issues for thirteen components from one table, and every channel is well', async () => {
        await tab().press('make all certificates');
        await tab().says('files written', / 27 files: /);
        await tab().says('tenant written', /trust-anchor\.properties, device-certs\.properties$/);
        await judgedChannels(1);
        const host = ['-verify_hostname', 'hono-adapter-mqtt.hono', '-purpose', 'sslserver'];
        assert.match(judged(files(), 'trusted-certs.pem', 'mqtt-adapter-cert.pem', ...host), /OK/);
        const { subject, issuer } = new X509Certificate(readFileSync(join(files(), 'mqtt-adapter-cert.pem')));
        assert.equal(subject.split('\n').at(-1), 'CN=mqtt-adapter');
        assert.equal(issuer.split('\n').at(-1), 'CN=ca');
      });

      it('says what is wrong with a channel', async () => {
        const WRONG: [button: string, verdict: RegExp][] = [
          ['a name that nobody has', /^CERT_NAME_MISMATCH: .*hono-adapter-unknown\.hono.*hono-dispatch-router\.hono/],
          ['without a certificate', /^TLS_CLIENT_CERT_REQUIRED: /],
          ['a device as a component', /^hono-service-auth\.hono: ok$/],
        ];
        for (const [index, [button, verdict]] of WRONG.entries()) {
          await tab().press(button);
          assert.match((await tab().lines('so it looks', index + 1))[index] ?? '', verdict);
        }
      });

      it('serves again what lies in the folders', async () => {
        await tab().press('start it again');
        await judgedChannels(2);
        assert.deepEqual(tab().said('error'), []);
      });

      once('writes the key stores once a passphrase is entered, and Java opens them', async () => {
        await tab().says('all in one', /^no key store: no passphrase was entered$/);
        const passphrase = 'entered for the key stores';
        rmSync(inUserDir('example-11/hono'), { recursive: true });
        await session.deploy({ enter: { 'files of the components': { passphrase }, 'one store for all': { passphrase } } }); // prettier-ignore
        await tab().press('make all certificates');
        await tab().says('all in one', /^allKeyStore\.p12, trustStore\.jks$/);
        await tab().says('files written', /qdrouterKeyStore\.p12.*authServerKeyStore\.p12.*trustStore\.jks/);
        await judgedChannels(3);
        const trust = join(files(), 'trustStore.jks');
        const all = inUserDir('example-11/all-in-one/allKeyStore.p12');
        const { status, output } = await runStores(['list', all, trust], passphrase);
        assert.equal(status, 0, output);
        for (const alias of ['qdrouter', 'mqtt-adapter', 'example-gateway', 'root', 'ca']) assert.match(output, new RegExp(`\\b${alias}\\b`)); // prettier-ignore
      });
    });
  });
}
