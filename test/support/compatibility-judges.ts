import { cpSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { DeviceStack } from '../../src/model/device-stacks';
import { startBrowser } from './browser';
import { byLines, byStatus, firstLine, oneByOne, run, type Judgement, type ServedCase } from './judge-program';
import { trustAll } from './nss-database';
import { CHECKOUT, runtimes } from './runtimes';

const FIXTURES = join(CHECKOUT, 'test', 'fixtures', 'judges');

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
  /** What the version must be like; else the stack counts as missing. */
  expects?: RegExp;
  judge(cases: readonly ServedCase[], folder: string): Promise<Judgement[]>;
}

/** Every judge there is; a new one is a new row. */
export const JUDGES: readonly CompatibilityJudge[] = [
  native('bearssl', 'BearSSL', 'libbearssl-dev', { stack: 'esp8266', libraries: ['-lbearssl'] }),
  native('mbedtls', 'mbedTLS', 'libmbedtls-dev', {
    stack: 'esp32',
    libraries: ['-lmbedx509', '-lmbedcrypto'],
    ask: true,
  }),
  {
    // Beside the one above, where that is older: JUDGE_MBEDTLS_3_FLAGS="-I… -L… -Wl,-rpath,…".
    ...native('mbedtls-3', 'mbedTLS 3', 'libmbedtls-dev (of Debian 13 or later)', {
      stack: 'esp32',
      source: 'mbedtls.c',
      libraries: ['-lmbedx509', '-lmbedcrypto'],
      ask: true,
      measured: true,
    }),
    expects: / [34]\./,
  },
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
    judge: (cases) => byLines(process.execPath, [join(FIXTURES, 'judge.mjs')], cases),
  },
  {
    id: 'node-24',
    name: 'Node.js 24',
    stack: 'node',
    packages: '(node scripts/runtimes.mjs)',
    version: () =>
      firstLine(runtimes().node[24], ['-p', 'process.version + " (OpenSSL " + process.versions.openssl + ")"']),
    judge: (cases) => byLines(runtimes().node[24], [join(FIXTURES, 'judge.mjs')], cases),
  },
  {
    id: 'nss',
    name: 'NSS (tstclnt)',
    stack: 'nss',
    packages: 'libnss3-tools',
    permanent: true,
    version: async () => (await firstLine('dpkg-query', ['-W', '-f', '${Version}', 'libnss3'])) || 'unknown',
    judge: (cases, folder) => judgeByNss(cases, join(folder, 'nss')),
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
    stack: 'browser',
    packages: 'chromium libnss3-tools',
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
  /** Only when it is measured: CI need not have it. */
  measured?: true;
  /** It tells its own version. */
  ask?: true;
}

/** A judge in C or C++, compiled against the library of the system. */
function native(id: string, name: string, packages: string, options: NativeOptions): CompatibilityJudge {
  const { measured, stack, libraries, source = `${id}.c`, ask } = options;
  const compiler = source.endsWith('.c') ? ['gcc'] : ['g++', '-std=c++17'];
  const build = async (folder: string) => {
    const program = join(folder, `judge-${id}`);
    const [tool = '', ...flags] = compiler;
    // A variable of the environment points the compiler to a library beside that of the system.
    const extra = (process.env[`JUDGE_${id.toUpperCase().replace('-', '_')}_FLAGS`] ?? '').split(' ').filter(Boolean);
    await run(tool, [...flags, '-O1', '-w', ...extra, join(FIXTURES, source), '-o', program, ...extra, ...libraries]);
    return program;
  };
  return {
    id,
    name,
    ...(stack && { stack }),
    ...(stack && !measured && { permanent: true as const }),
    packages,
    version: async (folder) =>
      ask
        ? firstLine(await build(folder), ['--version'])
        : firstLine('dpkg-query', ['-W', '-f', '${Version}', packages]),
    judge: async (cases, folder) => byLines(await build(folder), [], cases),
  };
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

async function judgeByNss(cases: readonly ServedCase[], database: string): Promise<Judgement[]> {
  await trustAll(cases, database);
  return oneByOne(cases, ({ port, peer }) => {
    // -h is also what the certificate must be for, unless -a names a host; -Q: done after the handshake.
    const name = isIP(peer) ? [] : ['-a', peer];
    const args = ['-d', `sql:${database}`, '-h', '127.0.0.1', '-p', String(port), ...name, '-Q'];
    return byStatus('tstclnt', args, /(SEC|SSL|MOZILLA)_\w+|tstclnt: .*/);
  });
}

/** All anchors in the database that Chromium reads on Linux; a browser for each case would take a second each. */
async function judgeByChromium(cases: readonly ServedCase[], folder: string): Promise<Judgement[]> {
  const home = join(folder, 'home');
  await trustAll(cases, join(home, '.pki', 'nssdb'));
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
