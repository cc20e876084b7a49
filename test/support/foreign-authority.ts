import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** CAs as other programs leave them, made by the openssl command line; nothing here is ours. */
export class ForeignAuthority {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  openssl(...args: string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The tool of easy-rsa 3, in `pki` below the folder, where Debian puts it. */
  easyRsa(passphrase: string, ...args: string[]): void {
    const env = {
      ...process.env,
      PATH: `${process.env.PATH}:/usr/share/easy-rsa`,
      // RSA as in its default would take seconds.
      ...{ EASYRSA_ALGO: 'ec', EASYRSA_CURVE: 'prime256v1' },
      ...{ EASYRSA_BATCH: '1', EASYRSA_PKI: this.path('pki') },
      ...{ EASYRSA_PASSIN: `pass:${passphrase}`, EASYRSA_PASSOUT: `pass:${passphrase}` },
      ...(args[0] === 'build-ca' && { EASYRSA_REQ_CN: 'Plant CA' }),
    };
    execFileSync('easyrsa', args, { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(join(this.folder, name, '..'), { recursive: true });
    writeFileSync(join(this.folder, name), content);
  }

  path(name: string): string {
    return join(this.folder, name);
  }
}

const SUBJECT = '/C=GB/ST=DOR/L=Bournemouth/O=MOSQUITTO/OU=MOSQUITTO Corporate';

/** What `makeCertificates.sh` of the workshop does, with its 24 files (SEEDS.md W1-W25) and its faults. */
export function workshopFolder(folder: string, passphrase: string): ForeignAuthority {
  const made = new ForeignAuthority(folder);
  const pass = ['-passin', `pass:${passphrase}`];
  const key = (base: string) =>
    made.openssl('genrsa', '-aes256', '-passout', `pass:${passphrase}`, '-out', `${base}_key.pem`, '2048');
  const asDer = (base: string) => {
    made.openssl('x509', '-outform', 'der', '-in', `${base}.pem`, '-out', `${base}.der`);
    made.write(`${base}.der.h`, execFileSync('xxd', ['-i', `${base}.der`], { cwd: folder }));
  };
  /** @param issuing the options of `x509 -req` that differ */
  const leaf = (base: string, commonName: string, ...issuing: string[]) => {
    key(base);
    const request = ['-subj', `${SUBJECT}/CN=${commonName}`, ...pass, '-key', `${base}_key.pem`];
    made.openssl('req', '-new', '-sha256', ...request, '-out', `${base}_crt.csr`);
    const signed = ['-in', `${base}_crt.csr`, '-out', `${base}_crt.pem`, '-req', '-sha256', ...issuing];
    made.openssl('x509', ...signed, '-CA', 'rootCA_certificate.pem', '-CAkey', 'rootCA_key.pem', ...pass);
    made.openssl('rsa', '-in', `${base}_key.pem`, ...pass, '-out', `${base}_key_nopass.pem`);
    asDer(`${base}_crt`);
  };
  made.write('ext.cfg', '[req]\ndistinguished_name=dn\n[dn]\n[v3_ca]\nbasicConstraints=CA:TRUE\nsubjectKeyIdentifier=hash\n'); // prettier-ignore
  made.write('srvext.cfg', '[v3_req]\nsubjectAltName=@alt_names\n[alt_names]\nDNS.1=localhost\nDNS.2=mosquitto\nIP.1=192.168.0.147\n'); // prettier-ignore
  key('rootCA');
  made.openssl(
    ...['req', '-new', '-sha256', '-x509', '-days', '3560', '-subj', `${SUBJECT}/CN=Mosquitto Root CA`],
    ...['-extensions', 'v3_ca', '-set_serial', '1', ...pass, '-key', 'rootCA_key.pem'],
    ...['-out', 'rootCA_certificate.pem', '-config', 'ext.cfg'],
  );
  asDer('rootCA_certificate');
  leaf('mqttServer', 'mosquitto', '-days', '3560', '-extensions', 'v3_req', '-extfile', 'srvext.cfg', '-set_serial', '11'); // prettier-ignore
  for (const name of ['01', '02']) {
    const base = `SecuredDev${name}`;
    leaf(base, `dev${name}`, '-days', '3650', '-set_serial', '131');
    made.openssl('rsa', '-outform', 'der', '-in', `${base}_key.pem`, ...pass, '-out', `${base}_key.key`);
  }
  made.write('mosquitto.conf', 'port 8883\nrequire_certificate true\n');
  made.write('acl.cfg', 'pattern readwrite %c/status\n');
  return made;
}

/** What the script of thin-edge.io's page "MQTT TLS configuration" does (SEEDS.md T8), with its faults. */
export function thinEdgeFolder(folder: string): ForeignAuthority {
  const made = new ForeignAuthority(folder);
  const subject = (name: string) => ['-subj', `/C=US/ST=Denial/L=Springfield/O=Dis/CN=${name}`];
  const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '365'];
  made.openssl(
    ...['req', '-new', '-x509', '-days', '365', '-extensions', 'v3_ca', '-nodes', ...subject('ca')],
    ...['-keyout', 'ca.key', '-out', 'ca.crt'],
  );
  made.openssl('genrsa', '-out', 'server.key', '2048');
  made.openssl('req', '-out', 'server.csr', '-key', 'server.key', '-new', ...subject('gateway'));
  made.write(
    'v3.ext',
    'authorityKeyIdentifier=keyid\nbasicConstraints=CA:FALSE\nkeyUsage = digitalSignature, keyAgreement\nsubjectAltName=DNS:gateway, DNS:localhost\n',
  );
  made.openssl('x509', '-req', '-in', 'server.csr', '-extfile', 'v3.ext', ...signed, '-out', 'server.crt');
  made.openssl('genrsa', '-out', 'client.key', '2048');
  made.openssl('req', '-out', 'client.csr', '-key', 'client.key', ...subject('client1'), '-new');
  made.openssl('x509', '-req', '-in', 'client.csr', ...signed, '-out', 'client.crt');
  return made;
}

/** `~/.step` of step-ca: a root, an intermediate below it, keys without an ending in the old encrypted form, and more. */
export function stepFolder(folder: string, passphrase: string): ForeignAuthority {
  const made = new ForeignAuthority(folder);
  const encrypted = (name: string) => {
    made.write(`secrets/${name}_key`, '');
    made.openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.plain`);
    made.openssl('ec', '-in', `${name}.plain`, '-aes256', '-passout', `pass:${passphrase}`, '-out', `secrets/${name}_key`); // prettier-ignore
    rmSync(made.path(`${name}.plain`));
    return ['-key', `secrets/${name}_key`, '-passin', `pass:${passphrase}`];
  };
  const authority = (pathLength: number) =>
    `basicConstraints=critical,CA:TRUE,pathlen:${pathLength}\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n`;
  made.write('certs/x', '');
  made.write('ca.cnf', `[req]\ndistinguished_name=dn\n[dn]\n[root]\n${authority(1)}`);
  made.write('below.cnf', `${authority(0)}authorityKeyIdentifier=keyid\n`);
  const names = { root: '/O=Smallstep/CN=Smallstep Root CA', below: '/O=Smallstep/CN=Smallstep Intermediate CA' };
  made.openssl('req', '-new', '-x509', '-days', '3650', ...encrypted('root_ca'), '-config', 'ca.cnf', '-extensions', 'root', '-subj', names.root, '-out', 'certs/root_ca.crt'); // prettier-ignore
  made.openssl('req', '-new', ...encrypted('intermediate_ca'), '-config', 'ca.cnf', '-subj', names.below, '-out', 'below.csr'); // prettier-ignore
  made.openssl('x509', '-req', '-in', 'below.csr', '-CA', 'certs/root_ca.crt', '-CAkey', 'secrets/root_ca_key', '-passin', `pass:${passphrase}`, '-extfile', 'below.cnf', '-days', '3650', '-out', 'certs/intermediate_ca.crt'); // prettier-ignore
  for (const name of ['ca.cnf', 'below.cnf', 'below.csr', 'certs/x']) rmSync(made.path(name));
  made.write('config/ca.json', '{"root":"certs/root_ca.crt","crt":"certs/intermediate_ca.crt"}');
  made.write('config/defaults.json', '{"ca-url":"https://ca.local"}');
  made.write('db/000001.vlog', Buffer.alloc(4096, 7));
  return made;
}

interface DatabaseLayout {
  certificate: string;
  key: string;
  newCertificates: string;
  /** Options of `openssl ca` that the tool of this layout sets. */
  extensions: string;
}

/** `openssl ca` as CA.pl and the manuals set it up. */
export const OPENSSL_LAYOUT: DatabaseLayout = {
  certificate: 'cacert.pem',
  key: 'private/cakey.pem',
  newCertificates: 'newcerts',
  extensions: 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always',
};

/** easy-rsa 3, by its documented layout and its x509-types. */
export const EASY_RSA_LAYOUT: DatabaseLayout = {
  certificate: 'pki/ca.crt',
  key: 'pki/private/ca.key',
  newCertificates: 'pki/certs_by_serial',
  extensions: 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid,issuer:always',
};

/** A CA with an index: three devices, the third of them revoked, and a revocation list. */
export function databaseFolder(
  folder: string,
  layout: DatabaseLayout,
  subject = '/O=Plant/CN=Plant CA',
): ForeignAuthority {
  const made = new ForeignAuthority(folder);
  const base = layout.certificate.includes('/') ? 'pki/' : '';
  for (const name of [layout.certificate, layout.key, `${layout.newCertificates}/x`, `${base}issued/x`]) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
  }
  made.write(`${base}index.txt`, '');
  made.write(`${base}serial`, '1000\n');
  made.write(`${base}crlnumber`, '2A\n');
  made.write('ca.cnf', configuration(base, layout));
  made.openssl(
    ...[
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-x509',
      '-keyout',
      layout.key,
      '-days',
      '900',
    ],
    ...['-out', layout.certificate, '-config', 'ca.cnf', '-extensions', 'root', '-subj', subject],
  );
  for (const name of ['pump', 'valve', 'stolen']) {
    const issued = `${base}issued/${name}.crt`;
    made.openssl(
      ...[
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        `${base}private/${name}.key`,
      ],
      ...['-out', 'request.csr', '-config', 'ca.cnf', '-subj', `/O=Plant/CN=${name}`],
    );
    made.openssl('ca', '-batch', '-config', 'ca.cnf', '-in', 'request.csr', '-out', issued, '-days', '300');
  }
  made.openssl('ca', '-config', 'ca.cnf', '-revoke', `${base}issued/stolen.crt`, '-crl_reason', 'keyCompromise');
  made.openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', `${base}crl.pem`);
  return made;
}

function configuration(base: string, layout: DatabaseLayout): string {
  return `[ca]
default_ca=here
[here]
database=${base}index.txt
serial=${base}serial
crlnumber=${base}crlnumber
new_certs_dir=${layout.newCertificates}
certificate=${layout.certificate}
private_key=${layout.key}
default_md=sha256
default_crl_days=30
policy=any
x509_extensions=device
[any]
organizationName=optional
commonName=supplied
[device]
basicConstraints=CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=clientAuth
${layout.extensions}
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[req]
distinguished_name=dn
[dn]
`;
}

/** What easy-rsa itself makes: an encrypted CA key, a client without and a server with a passphrase, and a revoked client. */
export function easyRsaFolder(folder: string, passphrase: string): ForeignAuthority {
  const made = new ForeignAuthority(folder);
  made.easyRsa(passphrase, 'init-pki');
  made.easyRsa(passphrase, 'build-ca');
  for (const name of ['pump', 'stolen']) made.easyRsa(passphrase, 'build-client-full', name, 'nopass');
  made.easyRsa(passphrase, 'build-server-full', 'broker.local');
  made.easyRsa(passphrase, 'revoke', 'stolen', 'keyCompromise');
  made.easyRsa(passphrase, 'gen-crl');
  return made;
}
