/**
 * The programs of other people that judge our output in the tests. `npm test` asks here first: a missing judge is
 * named together with the command that installs it, and is a failure: no test passes because its judge is absent.
 */
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * PATH of the tests: first a Python environment of this checkout, if there is one; last the folders where Debian puts
 * daemons, which a normal user does not have in his PATH (mosquitto is one), and where it puts easy-rsa.
 */
export const TOOL_PATH = [
  join(checkout, '.cache/python/bin'),
  process.env.PATH,
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/share/easy-rsa',
].join(delimiter);

/**
 * One row per program: how to ask it (`ask`), what the answer must contain (`says`), what the tests use it for, the
 * Debian or Ubuntu package, and what to do `then`. `anyOf` lists other names of the same program; `name` says what a
 * compiler is asked for.
 */
const REQUIREMENTS = [
  {
    tool: 'openssl',
    ask: ['version'],
    says: /^OpenSSL 3\./,
    package: 'openssl',
    judges: 'certificates, CSRs, CRLs, keys',
  },
  { tool: 'certtool', ask: ['--version'], says: /certtool/, package: 'gnutls-bin', judges: 'chains, by GnuTLS' },
  { tool: 'xxd', ask: ['-v'], says: /xxd/, package: 'xxd', judges: 'the C header export, byte by byte' },
  {
    tool: 'keytool',
    ask: ['-help'],
    says: /keytool/i,
    package: 'default-jre-headless',
    judges: 'certificates, by Java',
  },
  {
    tool: 'python3',
    ask: ['-c', 'import cryptography; print("cryptography", cryptography.__version__)'],
    // 42 is the first that verifies chains; Debian 12 has 38.
    says: /^cryptography (4[2-9]|[5-9]\d|\d{3,})\./,
    package: 'python3-venv',
    then: "python3 -m venv .cache/python && .cache/python/bin/pip install 'cryptography>=42'",
    judges: 'certificates and key stores, by pyca cryptography',
  },
  // mosquitto_passwd, which judges the password files, comes in the same package.
  {
    tool: 'mosquitto',
    ask: ['-h'],
    says: /mosquitto version 2\./,
    package: 'mosquitto',
    judges: 'the generated broker configurations',
  },
  {
    tool: 'mosquitto_pub',
    ask: ['--help'],
    says: /mosquitto_pub version 2\./,
    package: 'mosquitto-clients',
    judges: 'the client files',
  },
  { tool: 'g++', ask: ['--version'], says: /g\+\+/, package: 'g++', judges: 'the sketches and headers for devices' },
  { tool: 'easyrsa', ask: ['--version'], says: /Version: +3\./, package: 'easy-rsa', judges: 'the import of its CAs' },
  {
    name: 'the header of BearSSL',
    tool: 'gcc',
    ask: ['-fsyntax-only', '-x', 'c', '-include', 'bearssl.h', '/dev/null'],
    says: /^$/,
    package: 'libbearssl-dev',
    judges: 'what an ESP8266 accepts',
  },
  {
    name: 'the headers of mbedTLS',
    tool: 'gcc',
    ask: ['-fsyntax-only', '-x', 'c', '-include', 'mbedtls/x509_crt.h', '/dev/null'],
    says: /^$/,
    package: 'libmbedtls-dev',
    judges: 'what an ESP32 accepts',
  },
  {
    tool: 'tstclnt',
    ask: ['-H'],
    says: /tstclnt/,
    package: 'libnss3-tools',
    judges: 'certificates, by NSS',
  },
  { tool: 'unzip', ask: ['-v'], says: /^UnZip 6/, package: 'unzip', judges: 'the .zip of an export' },
  {
    tool: 'chromium',
    anyOf: ['chromium-browser', 'google-chrome'],
    ask: ['--version'],
    says: /^(Chromium|Google Chrome) \d/,
    package: 'chromium',
    judges: 'the editor dialogs',
  },
];

/** What a program answers, on whichever of the two streams; undefined when it is not there. */
function answerOf(tool, ask) {
  const { error, stdout, stderr } = spawnSync(tool, ask, {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, PATH: TOOL_PATH },
  });
  return error ? undefined : `${stdout}${stderr}`.trim();
}

/**
 * Ask every program for its version.
 *
 * @returns the rows of the missing or too old programs, each with what it answered
 */
export function missingRequirements() {
  return REQUIREMENTS.flatMap((row) => {
    const answers = [row.tool, ...(row.anyOf ?? [])].map((tool) => answerOf(tool, row.ask));
    if (answers.some((answer) => answer !== undefined && row.says.test(answer))) return [];
    const [answer] = answers.filter((one) => one !== undefined);
    return [{ ...row, answer }];
  });
}

/** Print what is missing and how to install it. @returns true when nothing is missing */
export function checkRequirements() {
  const missing = missingRequirements();
  for (const { tool, name = tool, answer, judges } of missing) {
    const found = answer === undefined ? 'not found' : `found, but it says: ${answer.split('\n')[0]}`;
    console.error(`${name}: ${found} (judges ${judges})`);
  }
  if (missing.length > 0) {
    const packages = missing.map((row) => row.package).join(' ');
    console.error(`\nThe tests need them. On Debian or Ubuntu:\n  sudo apt-get install ${packages}`);
    for (const { then } of missing) if (then) console.error(`  ${then}`);
  }
  return missing.length === 0;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  // `--packages` prints the Debian packages that are missing, for .ci/run.
  if (process.argv.includes('--packages')) {
    const packages = missingRequirements().map((row) => row.package);
    if (packages.length > 0) console.log(packages.join(' '));
  } else if (!checkRequirements()) process.exitCode = 1;
}
