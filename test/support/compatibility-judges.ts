import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { DeviceStack } from '../../src/model/device-stacks';
import { startBrowser } from './browser';
import { CHECKOUT } from './runtimes';

const run = promisify(execFile);
const FIXTURES = join(CHECKOUT, 'test', 'fixtures', 'judges');

/** A case as it lies on the disk and is served. */
export interface ServedCase {
  name: string;
  /** On 127.0.0.1, with TLS. */
  port: number;
  /** PEM files. */
  chain: string;
  anchors: string;
  /** Host name or address. */
  peer: string;
}

/** Undefined when the stack accepts, else its reason. */
export type Judgement = string | undefined;

/** A TLS stack of other people that judges server certificates. */
export interface CompatibilityJudge {
  id: string;
  /** For people. */
  name: string;
  /** The column whose verdicts it confirms; undefined: it is measured, but has no column. */
  stack?: DeviceStack;
  /** Debian packages. */
  packages: string;
  /** What it needs is in every Debian and Ubuntu that CI uses, and small. */
  permanent?: true;
  version(folder: string): Promise<string>;
  judge(cases: readonly ServedCase[], folder: string): Promise<Judgement[]>;
}

/** Every judge there is; a new one is a new row. */
export const JUDGES: readonly CompatibilityJudge[] = [
  native('bearssl', 'BearSSL', 'libbearssl-dev', { stack: 'esp8266', libraries: ['-lbearssl'], debian: true }),
  native('mbedtls', 'mbedTLS', 'libmbedtls-dev', {
    stack: 'esp32',
    libraries: ['-lmbedx509', '-lmbedcrypto'],
    ask: true,
  }),
  {
    id: 'java',
    name: 'Java (SSLSocket)',
    stack: 'java',
    packages: 'default-jre-headless',
    permanent: true,
    version: () => firstLine('java', ['--version']),
    judge: (cases) => byLines('java', ['-XX:TieredStopAtLevel=1', join(FIXTURES, 'Judge.java')], cases),
  },
  {
    id: 'strict',
    name: 'Python ssl, strict',
    stack: 'strict',
    packages: 'python3',
    permanent: true,
    version: () => firstLine('python3', ['-c', 'import ssl,sys; print(sys.version.split()[0], ssl.OPENSSL_VERSION)']),
    judge: (cases) => byLines('python3', [join(FIXTURES, 'strict.py')], cases),
  },
  {
    id: 'node',
    name: 'Node.js',
    stack: 'node',
    packages: 'nodejs',
    permanent: true,
    version: async () => `${process.version} (OpenSSL ${process.versions.openssl})`,
    judge: (cases) => byLines(process.execPath, [join(FIXTURES, 'judge.cjs')], cases),
  },
  {
    id: 'nss',
    name: 'NSS (tstclnt)',
    stack: 'nss',
    packages: 'libnss3-tools',
    permanent: true,
    version: async () => (await firstLine('dpkg-query', ['-W', '-f', '${Version}', 'libnss3'])) || 'unknown',
    judge: (cases, folder) => oneByOne(cases, (item, index) => judgeByNss(item, join(folder, `nss-${index}`))),
  },
  {
    id: 'gnutls',
    name: 'GnuTLS (certtool)',
    stack: 'gnutls',
    packages: 'gnutls-bin',
    permanent: true,
    version: () => firstLine('certtool', ['--version']),
    judge: (cases) => oneByOne(cases, judgeByGnutls),
  },
  {
    id: 'chromium',
    name: 'Chromium',
    packages: 'chromium libnss3-tools',
    permanent: true,
    version: async () => {
      const browser = await startBrowser();
      const version = browser.version();
      await browser.close();
      return version;
    },
    judge: judgeByChromium,
  },
  {
    id: 'curl',
    name: 'curl',
    packages: 'curl',
    version: () => firstLine('curl', ['--version']),
    judge: (cases) => oneByOne(cases, judgeByCurl),
  },
  {
    id: 'pyca',
    name: 'Python cryptography',
    packages: 'python3-cryptography',
    version: () => firstLine('python3', ['-c', 'import cryptography; print(cryptography.__version__)']),
    judge: (cases) => byLines('python3', [join(FIXTURES, 'pyca.py')], cases),
  },
  native('wolfssl', 'wolfSSL', 'libwolfssl-dev', { libraries: ['-lwolfssl'], ask: true }),
  native('botan', 'Botan', 'libbotan-2-dev', {
    libraries: ['-I/usr/include/botan-2', '-lbotan-2'],
    ask: true,
    source: 'botan.cpp',
  }),
  {
    id: 'go',
    name: 'Go (crypto/tls)',
    packages: 'golang-go',
    version: () => firstLine('go', ['version']),
    judge: async (cases, folder) => {
      const program = join(folder, 'judge-go');
      await run('go', ['build', '-o', program, join(FIXTURES, 'judge.go')], {
        env: { ...process.env, GOCACHE: join(folder, 'go-cache'), GO111MODULE: 'off' },
      });
      return byLines(program, [], cases);
    },
  },
  {
    id: 'rustls',
    name: 'rustls',
    packages: 'cargo librust-rustls-dev librust-rustls-pemfile-dev',
    version: async () => (await firstLine('dpkg-query', ['-W', '-f', '${Version}', 'librust-rustls-dev'])) || 'unknown',
    judge: async (cases, folder) => {
      const configuration = [
        '--config',
        'source.crates-io.replace-with="debian"',
        '--config',
        'source.debian.directory="/usr/share/cargo/registry"',
      ];
      // Cargo writes its lock file beside the manifest.
      const source = join(folder, 'rustls');
      cpSync(join(FIXTURES, 'rustls'), source, { recursive: true });
      const manifest = join(source, 'Cargo.toml');
      const target = join(folder, 'rust');
      await run('cargo', ['build', '--offline', '--manifest-path', manifest, '--target-dir', target, ...configuration]);
      return byLines(join(target, 'debug', 'judge'), [], cases);
    },
  },
  {
    id: 'erlang',
    name: 'Erlang (ssl)',
    packages: 'erlang-base erlang-ssl',
    version: () =>
      firstLine('erl', ['-noshell', '-eval', 'io:format("OTP ~s~n", [erlang:system_info(otp_release)]), halt().']),
    judge: (cases) => byLines('escript', [join(FIXTURES, 'judge.escript')], cases),
  },
];

interface NativeOptions {
  stack?: DeviceStack;
  libraries: readonly string[];
  source?: string;
  /** It tells its own version. */
  ask?: true;
  debian?: true;
}

/** A judge in C or C++, compiled against the library of the system. */
function native(id: string, name: string, packages: string, options: NativeOptions): CompatibilityJudge {
  const { stack, libraries, source = `${id}.c`, ask } = options;
  const compiler = source.endsWith('.c') ? ['gcc'] : ['g++', '-std=c++17'];
  const build = async (folder: string) => {
    const program = join(folder, `judge-${id}`);
    const [tool = '', ...flags] = compiler;
    // A variable of the environment points the compiler to a library beside that of the system.
    const extra = (process.env[`JUDGE_${id.toUpperCase()}_FLAGS`] ?? '').split(' ').filter(Boolean);
    await run(tool, [...flags, '-O1', '-w', ...extra, join(FIXTURES, source), '-o', program, ...extra, ...libraries]);
    return program;
  };
  return {
    id,
    name,
    ...(stack && { stack, permanent: true as const }),
    packages,
    version: async (folder) =>
      ask
        ? firstLine(await build(folder), ['--version'])
        : firstLine('dpkg-query', ['-W', '-f', '${Version}', packages]),
    judge: async (cases, folder) => byLines(await build(folder), [], cases),
  };
}

async function firstLine(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [...args]);
  return stdout.trim().split('\n')[0] ?? '';
}

/** A program that answers each line with one. */
async function byLines(program: string, args: readonly string[], cases: readonly ServedCase[]): Promise<Judgement[]> {
  const child = spawn(program, [...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const closed = once(child, 'close');
  child.stdin.end(cases.map(({ port, chain, anchors, peer }) => `${port} ${chain} ${anchors} ${peer}\n`).join(''));
  const answers: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) answers.push(line);
  await closed;
  if (answers.length !== cases.length) {
    throw new Error(
      `${program} answered ${answers.length} of ${cases.length} cases: ${complaints.join('').slice(0, 800)}`,
    );
  }
  return answers.map((line) => (line === 'ok' ? undefined : line));
}

const AT_ONCE = 3;

async function oneByOne(
  cases: readonly ServedCase[],
  judge: (item: ServedCase, index: number) => Promise<Judgement>,
): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < cases.length; index = next++) {
      judgements[index] = await judge(cases[index] as ServedCase, index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return judgements;
}

/** Exit status 0 means accepted; the last words of the program are the reason. */
async function byStatus(program: string, args: readonly string[], reason: RegExp): Promise<Judgement> {
  try {
    await run(program, [...args], { env: { ...process.env, LC_ALL: 'C' }, timeout: 20_000 });
    return undefined;
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw error;
    const said = `${stdout}\n${stderr}`;
    return (reason.exec(said)?.[0] ?? said.trim().split('\n').at(-1))?.slice(0, 200) || `status ${String(code)}`;
  }
}

function judgeByGnutls({ chain, anchors, peer }: ServedCase): Promise<Judgement> {
  const purpose = ['--verify-purpose', '1.3.6.1.5.5.7.3.1'];
  const args = ['--verify', '--load-ca-certificate', anchors, '--infile', chain, '--verify-hostname', peer, ...purpose];
  return byStatus('certtool', args, /Not verified.*|Chain verification.*/);
}

function judgeByCurl({ port, anchors, peer }: ServedCase): Promise<Judgement> {
  const to = ['--connect-to', `::127.0.0.1:${port}`];
  return byStatus(
    'curl',
    ['-sS', '--max-time', '10', '--cacert', anchors, ...to, `https://${peer}:${port}/`],
    /curl: .*/,
  );
}

/** A database with nothing but the anchors of the case. */
async function judgeByNss({ port, anchors, peer }: ServedCase, folder: string): Promise<Judgement> {
  mkdirSync(folder);
  await run('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password']);
  const anchored = await byStatus('certutil', trusting(folder, 'root', anchors), /SEC_ERROR_\w+/);
  if (anchored !== undefined) return anchored;
  // -h is also what the certificate must be for, unless -a names a host; -Q: done after the handshake.
  const name = isIP(peer) ? [] : ['-a', peer];
  return byStatus(
    'tstclnt',
    ['-d', `sql:${folder}`, '-h', '127.0.0.1', '-p', String(port), ...name, '-Q'],
    /(SEC|SSL|MOZILLA)_\w+|tstclnt: .*/,
  );
}

/** The arguments of certutil that make a certificate a trusted CA. */
function trusting(database: string, nickname: string, file: string): string[] {
  return ['-A', '-d', `sql:${database}`, '-n', nickname, '-t', 'CT,,', '-a', '-i', file];
}

/** All anchors in the database that Chromium reads on Linux; a browser for each case would take a second each. */
async function judgeByChromium(cases: readonly ServedCase[], folder: string): Promise<Judgement[]> {
  const home = join(folder, 'home');
  const database = join(home, '.pki', 'nssdb');
  mkdirSync(database, { recursive: true });
  await run('certutil', ['-N', '-d', `sql:${database}`, '--empty-password']);
  for (const [index, { anchors }] of cases.entries()) {
    await byStatus('certutil', trusting(database, `root-${index}`, anchors), /SEC_ERROR_\w+/);
  }
  const browser = await startBrowser(['--host-resolver-rules=MAP * 127.0.0.1'], { ...process.env, HOME: home });
  try {
    // A page that shows an error goes there on its own, in the midst of the next case: a page for each.
    return await oneByOne(cases, async ({ port, peer }) => {
      const page = await browser.newPage();
      const opened = page.goto(`https://${peer}:${port}/`, { waitUntil: 'commit' });
      const refused = (error: Error) => /net::\w+/.exec(error.message)?.[0] ?? error.message;
      const judgement = await opened.then(() => undefined, refused);
      await page.close();
      return judgement;
    });
  } finally {
    await browser.close();
  }
}

/** Write what programs read. */
export function writeCase(folder: string, name: string, pem: string): string {
  const path = join(folder, name);
  writeFileSync(path, pem);
  return path;
}
