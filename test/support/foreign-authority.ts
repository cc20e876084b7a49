import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** CAs as other programs leave them, made by the openssl command line; nothing here is ours. */
export class ForeignAuthority {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  openssl(...args: string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
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

/** What `makeCertificates.sh` of the workshop does (SEEDS.md W1-W23), with its faults. */
export function workshopFolder(folder: string, passphrase: string): ForeignAuthority {
  const made = new ForeignAuthority(folder);
  const plain = '[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=CA:TRUE\nsubjectKeyIdentifier=hash\n';
  made.write('plain.cnf', plain);
  made.openssl(
    ...['req', '-newkey', 'rsa:2048', '-x509', '-passout', `pass:${passphrase}`, '-keyout', 'rootCA_key.pem'],
    ...['-set_serial', '1', '-days', '3560', '-out', 'rootCA_certificate.pem', '-config', 'plain.cnf'],
    ...['-extensions', 'ca', '-subj', `${SUBJECT}/CN=Mosquitto Root CA`],
  );
  made.openssl('x509', '-in', 'rootCA_certificate.pem', '-outform', 'DER', '-out', 'rootCA_certificate.der');
  for (const name of ['01', '02']) {
    const base = `SecuredDev${name}`;
    made.openssl('genrsa', '-out', `${base}_key_nopass.pem`, '2048');
    made.openssl(
      'req',
      '-new',
      '-key',
      `${base}_key_nopass.pem`,
      '-subj',
      `${SUBJECT}/CN=dev${name}`,
      '-out',
      `${base}_crt.csr`,
    );
    made.openssl(
      ...['x509', '-req', '-in', `${base}_crt.csr`, '-CA', 'rootCA_certificate.pem', '-CAkey', 'rootCA_key.pem'],
      ...['-passin', `pass:${passphrase}`, '-set_serial', '131', '-days', '3650', '-out', `${base}_crt.pem`],
    );
    made.openssl('x509', '-in', `${base}_crt.pem`, '-outform', 'DER', '-out', `${base}_crt.der`);
    made.openssl(
      'pkcs8',
      '-topk8',
      '-nocrypt',
      '-in',
      `${base}_key_nopass.pem`,
      '-outform',
      'DER',
      '-out',
      `${base}_key.key`,
    );
  }
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
