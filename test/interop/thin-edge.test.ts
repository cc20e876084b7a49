import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ExportPlan } from '../../src/export/export-plan';
import { planExport } from '../../src/export/layouts';
import type { SecurityLevel } from '../../src/model/config/tls-export';
import { publish } from '../support/exported-broker';
import { freePort } from '../support/free-port';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { SampleAuthority } from '../support/sample-export';
import { temporaryFolder } from '../support/temporary-folder';

const USERS = [{ name: 'child01', secretPassword: 'a pass word', topics: [] }];

/** What `tedge-config.sh` does, with programs in its way that write down what they were told. */
function runScript(folder: string): string[] {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  const record = (name: string, more = ''): void => {
    writeFileSync(path.join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${folder}/commands\n${more}`);
    chmodSync(path.join(bin, name), 0o755);
  };
  record('tedge');
  // As install(1), without the owners, which are no users here.
  record('install', 'shift 6; [ "$1" = -- ] && shift; cp -- "$1" "$2"\n');
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  execFileSync('sh', ['tedge-config.sh'], { cwd: folder, env });
  return readFileSync(path.join(folder, 'commands'), 'utf8').trim().split('\n');
}

describe('thin-edge layout', () => {
  let sample: SampleAuthority;
  let broker: RunningMosquitto | undefined;
  before(async () => (sample = await SampleAuthority.create({ intermediate: true })));
  afterEach(async () => {
    await broker?.stop();
    broker = undefined;
  });

  const plan = async (settings: object, users = USERS) => {
    const certificates = [await sample.server(), await sample.issue('device', 'gateway'), await sample.issue('device', 'child01')]; // prettier-ignore
    return planExport('thin-edge', sample.input(certificates, { brokerHost: 'localhost', ...settings }, { users }));
  };
  const write = ({ files }: ExportPlan): string => {
    const folder = temporaryFolder();
    for (const { name, content } of files) writeFileSync(path.join(folder, name), content);
    return folder;
  };

  /** What each level sets beyond the address. */
  const LEVELS: Record<SecurityLevel, string[]> = {
    plain: [],
    server: ['mqtt.external.cert_file', 'mqtt.external.key_file', 'mqtt.client.auth.ca_file'],
    'server-password': ['mqtt.external.cert_file', 'mqtt.external.key_file', 'mqtt.client.auth.ca_file'],
    mutual: [
      'mqtt.external.cert_file',
      'mqtt.external.key_file',
      'mqtt.external.ca_path',
      'mqtt.client.auth.ca_file',
      'mqtt.client.auth.cert_file',
      'mqtt.client.auth.key_file',
    ],
  };

  for (const [level, settings] of Object.entries(LEVELS) as [SecurityLevel, string[]][]) {
    it(`${level}: the script names files that it has put there, and Mosquitto obeys the listener`, async () => {
      const port = await freePort();
      const target = path.join(temporaryFolder(), "cer't s");
      const users = level === 'server-password' ? USERS : [];
      const made = await plan({ level, targetDir: target, brokerPort: port }, users);
      const folder = write(made);
      const commands = runScript(folder).filter((line) => line.startsWith('tedge '));

      const values = new Map(commands.map((line) => line.replace('tedge config set ', '').split(/ (.*)/s) as [string, string])); // prettier-ignore
      const addresses = ['mqtt.external.bind.port', 'mqtt.client.host', 'mqtt.client.port'];
      assert.deepEqual([...values.keys()].sort(), [...addresses, ...settings].sort());
      for (const name of settings) assert.ok(existsSync(values.get(name) ?? ''), `${name} ${values.get(name)}`);
      assert.ok(!existsSync(path.join(target, 'child01.key.pem')), 'the key of a child stays where it is');

      broker = await startMosquitto({
        port,
        configuration: () => ['per_listener_settings true', ...made.files.filter(({ name }) => name === 'tedge-listener.conf').map(({ content }) => content.toString())], // prettier-ignore
      });
      const at = ['-h', 'localhost', '-p', String(port)];
      const trust = ['--cafile', path.join(target, 'ca.pem')];
      const shown = ['--cert', path.join(target, 'gateway.crt.pem'), '--key', path.join(target, 'gateway.key.pem')];
      const login = ['-u', 'child01', '-P', 'a pass word'];
      const accepted = (...args: string[]) => publish([...at, ...args], 'te/device/main///m/', 'x').accepted;
      const outcomes = {
        plain: accepted(),
        trusting: accepted(...trust),
        'logged in': accepted(...trust, ...login),
        'with a certificate': accepted(...trust, ...shown),
      };
      assert.deepEqual(outcomes, {
        plain: level === 'plain',
        trusting: level === 'server',
        'logged in': level === 'server' || level === 'server-password',
        'with a certificate': level === 'mutual',
      });
    });
  }

  it('without a certificate for the gateway neither of the two settings is made', async () => {
    const { files } = await planExport('thin-edge', sample.input([await sample.server()]));
    const script = files.find(({ name }) => name === 'tedge-config.sh')?.content.toString() ?? '';
    assert.doesNotMatch(script, /mqtt\.client\.auth\.(cert|key)_file/);
    assert.match(script, /mqtt\.external\.ca_path/);
  });

  it('a hostile host or folder stays one word', async () => {
    const target = path.join(temporaryFolder(), '$(touch x); `touch y`');
    const folder = write(await plan({ brokerHost: "a'; touch z; '", targetDir: target }, []));
    const commands = runScript(folder);
    assert.ok(commands.includes("tedge config set mqtt.client.host a'; touch z; '"));
    for (const name of ['x', 'y', 'z']) assert.ok(!existsSync(path.join(folder, name)));
  });
});
