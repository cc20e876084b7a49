/** Programs that make a key and a certificate, called one after the other as a script does. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContestKey, Peer } from './issue-contest';

const run = promisify(execFile);
const aptInstall = (name: string): string => `sudo apt-get install ${name}`;

const OPENSSL_KEY: Record<ContestKey, string[]> = {
  'ec-p256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'rsa-2048': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
};
const EXTENSIONS = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=clientAuth',
  'authorityKeyIdentifier=keyid:always',
];

/** `ca.pem` and `ca.key` in the folder. */
async function opensslRoot(keyType: ContestKey, folder: string): Promise<void> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
  await openssl('genpkey', ...OPENSSL_KEY[keyType], '-out', 'ca.key');
  await openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=Bench', '-days', '3650', '-out', 'ca.pem');
}

/** The workshop's makeCertificates.sh without its copies in other formats: three calls for each device. */
const workshop: Peer = {
  name: 'openssl, three calls (workshop)',
  install: aptInstall('openssl'),
  leavesFiles: true,
  async enter(keyType, folder) {
    await opensslRoot(keyType, folder);
    writeFileSync(join(folder, 'ext.cnf'), EXTENSIONS.join('\n'));
    const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
    return {
      issue: async (index) => {
        const name = `dev${index}`;
        await openssl('genpkey', ...OPENSSL_KEY[keyType], '-out', `${name}.key`);
        await openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
        const ca = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '365', '-extfile', 'ext.cnf'];
        await openssl('x509', '-req', '-in', `${name}.csr`, ...ca, '-out', `${name}.pem`);
        return join(folder, `${name}.pem`);
      },
    };
  },
};

const certtool: Peer = {
  name: 'certtool',
  install: aptInstall('gnutls-bin'),
  leavesFiles: true,
  async enter(keyType, folder) {
    const tool = (...args: string[]) => run('certtool', args, { cwd: folder });
    const key = keyType === 'ec-p256' ? ['--key-type=ecdsa', '--curve=secp256r1'] : ['--key-type=rsa', '--bits=2048'];
    await tool('--generate-privkey', ...key, '--outfile', 'ca.key');
    writeFileSync(join(folder, 'ca.cfg'), 'cn = Bench\nca\ncert_signing_key\nexpiration_days = 3650\n');
    await tool('--generate-self-signed', '--load-privkey', 'ca.key', '--template', 'ca.cfg', '--outfile', 'ca.pem');
    return {
      issue: async (index) => {
        const name = `dev${index}`;
        const template = `cn = ${name}\nsigning_key\ntls_www_client\nexpiration_days = 365\n`;
        writeFileSync(join(folder, `${name}.cfg`), template);
        await tool('--generate-privkey', ...key, '--outfile', `${name}.key`);
        const ca = ['--load-ca-certificate', 'ca.pem', '--load-ca-privkey', 'ca.key', '--template', `${name}.cfg`];
        await tool('--generate-certificate', '--load-privkey', `${name}.key`, ...ca, '--outfile', `${name}.pem`);
        return join(folder, `${name}.pem`);
      },
    };
  },
};

const cfssl: Peer = {
  name: 'cfssl',
  install: aptInstall('golang-cfssl'),
  leavesFiles: true,
  async enter(keyType, folder) {
    const key = keyType === 'ec-p256' ? { algo: 'ecdsa', size: 256 } : { algo: 'rsa', size: 2048 };
    const request = (name: string): string => {
      writeFileSync(join(folder, `${name}.json`), JSON.stringify({ CN: name, key }));
      return `${name}.json`;
    };
    const gencert = async (name: string, ...args: string[]) => {
      const { stdout } = await run('cfssl', ['gencert', '-loglevel=4', ...args, request(name)], { cwd: folder });
      const { cert, key: keyPem } = JSON.parse(stdout) as { cert: string; key: string };
      writeFileSync(join(folder, `${name}.pem`), cert);
      writeFileSync(join(folder, `${name}.key`), keyPem, { mode: 0o600 });
      return join(folder, `${name}.pem`);
    };
    const usages = ['digital signature', 'client auth'];
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ signing: { default: { expiry: '8760h', usages } } }));
    await gencert('ca', '-initca');
    return { issue: (index) => gencert(`dev${index}`, '-ca=ca.pem', '-ca-key=ca.key', '-config=config.json') };
  },
};

const mkcert: Peer = {
  name: 'mkcert',
  install: aptInstall('mkcert'),
  leavesFiles: true,
  async enter(keyType, folder) {
    // Never -install: that would make the whole machine trust this root. The root itself is RSA-3072 always.
    const options = { cwd: folder, env: { ...process.env, CAROOT: folder, TRUST_STORES: 'none' } };
    const kind = keyType === 'ec-p256' ? ['-ecdsa'] : [];
    const issue = async (name: string) => {
      await run('mkcert', [...kind, '-client', '-cert-file', `${name}.pem`, '-key-file', `${name}.key`, name], options);
      return join(folder, `${name}.pem`);
    };
    await issue('first');
    return { issue: (index) => issue(`dev${index}`) };
  },
};

const EASYRSA = '/usr/share/easy-rsa/easyrsa';

const easyRsa: Peer = {
  name: 'easy-rsa',
  install: aptInstall('easy-rsa'),
  leavesFiles: true,
  async enter(keyType, folder) {
    const program = existsSync(EASYRSA) ? EASYRSA : 'easyrsa';
    const kind = keyType === 'ec-p256' ? ['--use-algo=ec', '--curve=prime256v1'] : ['--use-algo=rsa', '--keysize=2048'];
    const env = { ...process.env, EASYRSA_PKI: join(folder, 'pki') };
    const call = (...args: string[]) => run(program, ['--batch', ...kind, ...args], { cwd: folder, env });
    await call('init-pki');
    // Its default name, "Easy-RSA CA".
    await call('build-ca', 'nopass');
    return {
      issue: async (index) => {
        await call('build-client-full', `dev${index}`, 'nopass');
        return join(folder, 'pki', 'issued', `dev${index}.crt`);
      },
    };
  },
};

export const PROGRAMS: readonly Peer[] = [workshop, certtool, cfssl, mkcert, easyRsa];

const CA_CONFIGURATION = `[ca]
default_ca = bench
[bench]
new_certs_dir = new
database = index.txt
serial = serial
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 365
unique_subject = no
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
${EXTENSIONS.join('\n')}
`;

/**
 * `openssl ca` with all requests in one process, the fastest way OpenSSL has. Keys and requests are made before and are not
 * counted.
 *
 * @returns sign all requests once more
 */
export async function opensslBatch(keyType: ContestKey, folder: string, count: number): Promise<() => Promise<void>> {
  await opensslRoot(keyType, folder);
  mkdirSync(join(folder, 'new'));
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(join(folder, 'serial'), '1000\n');
  writeFileSync(join(folder, 'ca.cnf'), CA_CONFIGURATION);
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder, maxBuffer: 1e9 });
  await openssl('genpkey', ...OPENSSL_KEY[keyType], '-out', 'leaf.key');
  const requests = Array.from({ length: count }, (_, index) => `dev${index}.csr`);
  for (const [index, request] of requests.entries()) {
    await openssl('req', '-new', '-key', 'leaf.key', '-subj', `/CN=dev${index}`, '-out', request);
  }
  return async () => void (await openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', '-infiles', ...requests));
}
