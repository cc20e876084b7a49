import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, type ExecFileOptions } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { planExport } from '../../src/export/layouts';
import type { TlsExportConfig } from '../../src/model/config/tls-export';
import { compileSketch } from '../support/arduino';
import { cookbookPages, readCompose, snippet, snippetsOf } from '../support/cookbook';
import { startExportedBroker, type ExportedBroker } from '../support/exported-broker';
import { freePort } from '../support/free-port';
import { mosquittoProgram } from '../support/mosquitto';
import { CHECKOUT } from '../support/runtimes';
import { SampleAuthority } from '../support/sample-export';
import { temporaryFolder } from '../support/temporary-folder';

const execute = promisify(execFile);
/** A program that waits for ever fails its test instead. */
const run = (program: string, args: string[], options: ExecFileOptions) =>
  execute(program, args, { timeout: 30_000, ...options, encoding: 'utf8' });
/** User of the Node-RED image, and of Mosquitto in the cookbook. */
const NODE_RED_USER = 1000;
const PASSPHRASE = 'correct4horse';

/** What each language is judged by when nothing runs it. */
const PARSERS: Readonly<Record<string, (text: string) => void>> = {
  sh: (text) => void execFileSync('sh', ['-n'], { input: text }),
  yaml: (text) => assert.ok(readCompose(text).services),
  dockerfile: (text) => {
    for (const line of text.trim().split('\n')) assert.match(line, /^(FROM [\w./-]+:[\w.]+|RUN \S.+)$/);
  },
  // Run or compiled below.
  python: () => undefined,
  java: () => undefined,
  cpp: () => undefined,
  html: () => undefined,
};

/** Snippets that are executed or compiled here, and one in websockets-browser.test.ts. */
const EXECUTED = [
  'mosquitto-on-debian.md install-certificates.sh',
  'mosquitto-on-debian.md try.sh',
  'thin-edge.md by-hand.sh',
  'esp8266.md mqtt_over_tls.ino',
  'esp32.md mqtt_over_tls.ino',
  'python.md broker_tls.py',
  'python.md publish.py',
  'java.md MqttOverTls.java',
  'browsers.md index.html',
];

describe('the cookbook', () => {
  let ours: SampleAuthority;
  const brokers: ExportedBroker[] = [];
  before(async () => (ours = await SampleAuthority.create()));
  after(async () => {
    for (const broker of brokers) await broker.stop();
  });

  /** Certificates of a broker and of dev01, in a folder, as an export node writes them. */
  async function exported(layout: TlsExportConfig['layout'], settings: Partial<TlsExportConfig> = {}): Promise<string> {
    const folder = temporaryFolder();
    const certificates = [await ours.server(), await ours.issue('device', 'dev01')];
    // Without one the keys of the other layouts are as a program wants them that nobody sits before.
    const secrets = layout === 'pkcs12' ? { secretPassphrase: PASSPHRASE } : {};
    const { files } = await planExport(layout, ours.input(certificates, settings, secrets));
    for (const { name, content, mode } of files) writeFileSync(path.join(folder, name), content, { mode });
    return folder;
  }

  /** A Mosquitto that asks for certificates, and the files of dev01 in other forms. */
  let port: number;
  let devices: string;
  before(async () => {
    port = await freePort();
    const folder = temporaryFolder();
    const plan = await planExport(
      'mosquitto',
      ours.input([await ours.server()], { targetDir: folder, brokerPort: port, level: 'mutual' }),
    );
    for (const { name, content, mode } of plan.files) writeFileSync(path.join(folder, name), content, { mode });
    chmodSync(folder, 0o755);
    brokers.push(await startExportedBroker(folder));
    devices = await exported('pem');
  });

  it('has every snippet in a language that is judged, named, and linked from its list', () => {
    const contents = readFileSync(path.join(CHECKOUT, 'docs/cookbook/README.md'), 'utf8');
    const executed: string[] = [];
    for (const page of cookbookPages().filter((name) => name !== 'README.md')) {
      assert.ok(contents.includes(`](${page})`), page);
      const snippets = snippetsOf(page);
      const fences = readFileSync(path.join(CHECKOUT, 'docs/cookbook', page), 'utf8').match(/^ *```/gm) ?? [];
      assert.equal(fences.length, 2 * snippets.length, `a block of ${page} is not closed`);
      for (const { language, name, text } of snippets) {
        assert.ok(name, `a snippet of ${page} has no file name`);
        const parse = PARSERS[language];
        assert.ok(parse, `${page} ${name}: ${language}`);
        parse(text);
        if (EXECUTED.includes(`${page} ${name}`)) executed.push(`${page} ${name}`);
        else assert.ok(['sh', 'yaml', 'dockerfile'].includes(language), `${page} ${name} is not run`);
      }
    }
    assert.deepEqual(executed.sort(), [...EXECUTED].sort());
  });

  it('Mosquitto in Docker: the containers see the same files, and its user can read them', async () => {
    const { services } = readCompose(snippet('mosquitto-in-docker.md', 'compose.yaml'));
    const broker = services.mosquitto;
    const mounts = (name: string) => (services[name]?.volumes ?? []).map((volume) => volume.split(':'));
    const [userDir] = mounts('node-red').find(([, inside]) => inside === '/data') ?? [];
    const [outside, inside = ''] = mounts('mosquitto').find(([from]) => from?.startsWith(`${userDir}/`)) ?? [];
    assert.equal(outside, './node-red/mosquitto', 'what the page writes into Folder');
    assert.equal(broker?.user, `${NODE_RED_USER}:${NODE_RED_USER}`);
    assert.ok(broker?.command?.endsWith(` -c ${inside}/mosquitto.conf`));
    const written = path.join(await exported('mosquitto', { targetDir: inside }), 'mosquitto.conf');
    for (const [named] of readFileSync(written, 'utf8').matchAll(/\/mosquitto\/\S*/g)) {
      const mounted = mounts('mosquitto').some(([, place = '?']) => named.startsWith(place));
      assert.ok(mounted, `${named} is in no volume`);
    }
    const prepare = snippet('mosquitto-in-docker.md', 'prepare.sh');
    for (const [from = ''] of mounts('mosquitto')) assert.ok(prepare.includes(from.replace('./', '')), from);

    // What the container does, without the container: another user than root, and keys of mode 0600 that are his.
    const owner = process.getuid?.() === 0 ? { uid: NODE_RED_USER, gid: NODE_RED_USER } : undefined;
    const folder = await exported('mosquitto', { brokerPort: await freePort() });
    const conf = path.join(folder, 'mosquitto.conf');
    const text = readFileSync(conf, 'utf8');
    writeFileSync(conf, text.replaceAll(/\/mosquitto\/(?:config\/cert|data)/g, folder));
    for (const name of owner ? ['.', ...readdirSync(folder)] : []) {
      chownSync(path.join(folder, name), NODE_RED_USER, NODE_RED_USER);
    }
    const broker1000 = spawn(mosquittoProgram(), ['-c', conf], { ...owner, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    for await (const chunk of broker1000.stderr) {
      said += String(chunk);
      // Not SIGTERM: Mosquitto says that it runs a moment before it heeds that.
      if (/ running\n/.test(said)) broker1000.kill('SIGKILL');
    }
    assert.match(said, / running\n/);
    assert.doesNotMatch(said, /Error|Unable/);
  });

  it('Mosquitto on Debian: the script puts everything where the configuration looks for it', async () => {
    const own = temporaryFolder();
    const folder = await exported('mosquitto', { targetDir: '/etc/mosquitto/cert' });
    // In place of /etc, sudo, systemctl and the owners, which no test may touch.
    const bin = path.join(own, 'bin');
    mkdirSync(bin);
    mkdirSync(path.join(own, 'etc'));
    writeFileSync(path.join(own, 'etc', 'mosquitto.conf'), '# of Debian\n');
    const fake = (name: string, script: string) => {
      writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    };
    fake('sudo', 'exec "$@"');
    fake('systemctl', `echo "$*" >> ${own}/systemctl`);
    fake(
      'install',
      'a=""; while [ $# -gt 0 ]; do case "$1" in -o|-g) shift 2;; *) a="$a $1"; shift;; esac; done; exec /usr/bin/install $a',
    );
    const script = snippet('mosquitto-on-debian.md', 'install-certificates.sh').replaceAll(
      '/etc/mosquitto',
      `${own}/etc`,
    );
    await run('sh', ['-c', script], { cwd: folder, env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } });

    assert.equal(readFileSync(path.join(own, 'systemctl'), 'utf8'), 'restart mosquitto\n');
    assert.equal(readFileSync(path.join(own, 'etc/mosquitto.conf.before-tls'), 'utf8'), '# of Debian\n');
    const configuration = readFileSync(path.join(own, 'etc/mosquitto.conf'), 'utf8');
    const named = [...configuration.matchAll(/\/etc\/mosquitto\/cert\/(\S+)/g)].map(([, name = '']) => name);
    assert.ok(named.length >= 4);
    for (const name of named) assert.ok(readFileSync(path.join(own, 'etc/cert', name)).length > 0, name);
  });

  it('Mosquitto on Debian: the command publishes', async () => {
    const folder = temporaryFolder();
    cpSync(devices, folder, { recursive: true });
    const command = snippet('mosquitto-on-debian.md', 'try.sh').replace('-p 8883', `-p ${port}`);
    await run('sh', ['-ec', command], { cwd: folder, env: { ...process.env, HOST: 'localhost' } });
    await assert.rejects(
      run('sh', ['-ec', command], { cwd: folder, env: { ...process.env, HOST: '127.0.0.2' } }),
      /./,
      'a name that is not in the certificate',
    );
  });

  it('thin-edge.io: by hand is what the script does', async () => {
    const certificates = [await ours.server(), await ours.issue('device', 'gateway')];
    const { files } = await planExport('thin-edge', ours.input(certificates, { brokerHost: 'gateway.local' }));
    const script = files.find(({ name }) => name === 'tedge-config.sh')?.content.toString() ?? '';
    const commands = script.split('\n').filter((line) => line.startsWith('tedge config set'));
    assert.deepEqual(snippet('thin-edge.md', 'by-hand.sh').trim().split('\n'), commands);
  });

  for (const core of ['esp8266', 'esp32'] as const) {
    it(`${core.toUpperCase()}: the sketch compiles with the exported header`, async () => {
      const folder = await exported(core, { brokerHost: 'broker.local' });
      writeFileSync(path.join(folder, 'mqtt_over_tls.ino'), snippet(`${core}.md`, 'mqtt_over_tls.ino'));
      assert.equal(compileSketch(core, folder), '');
    });
  }

  it('Python: publishes to a real Mosquitto, and refuses it under another name', async () => {
    const folder = temporaryFolder();
    for (const name of ['broker_tls.py', 'publish.py']) {
      writeFileSync(path.join(folder, name), snippet('python.md', name));
    }
    const env = {
      ...process.env,
      PYTHONPATH: path.join(CHECKOUT, 'test/fixtures/python'),
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const publish = (host: string) =>
      run('python3', ['publish.py', devices, 'dev01', host, String(port)], { cwd: folder, env });
    await publish('localhost');
    await assert.rejects(publish('127.0.0.2'), /IP address mismatch|Hostname mismatch/);
  });

  it('Java: is let in by a real Mosquitto, and refuses it under another name', async () => {
    const folder = await exported('pkcs12');
    writeFileSync(path.join(folder, 'MqttOverTls.java'), snippet('java.md', 'MqttOverTls.java'));
    const connect = (host: string) =>
      run(
        'java',
        ['-XX:TieredStopAtLevel=1', 'MqttOverTls.java', 'dev01.p12', 'truststore.p12', host, String(port), 'dev01'],
        {
          cwd: folder,
          env: { ...process.env, PASSPHRASE },
        },
      );
    const [{ stdout }, refused] = await Promise.all([
      connect('localhost'),
      connect('127.0.0.2').catch((error: Error & { stderr: string }) => error.stderr),
    ]);
    assert.equal(stdout, 'connected\n');
    assert.match(String(refused), /No subject alternative names matching IP address/);
  });

  it('Node-RED in Docker: the CA lives in a volume, and the package is the one of this checkout', () => {
    const { services, volumes = {} } = readCompose(snippet('node-red-in-docker.md', 'compose.yaml'));
    const [volume = ''] = (services['node-red']?.volumes ?? []).filter((one) => one.endsWith(':/data'));
    assert.ok((volume.split(':')[0] ?? '') in volumes);
    const { name } = JSON.parse(readFileSync(path.join(CHECKOUT, 'package.json'), 'utf8')) as { name: string };
    assert.ok(snippet('node-red-in-docker.md', 'Dockerfile').includes(`RUN npm install ${name}\n`));
  });
});
